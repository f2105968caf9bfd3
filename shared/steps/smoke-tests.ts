import { testSuite } from './test-suite.ts';

/** Runs the suite `smoke_tests` of tests.json after a deployment, usually in production, as an identity that reads only. */
export const smokeTests = testSuite(
  { name: 'smoke-tests', key: 'smoke_tests', title: 'smoke tests' },
  'the smoke tests of tests.json, run in the workspace after the deployment',
);
