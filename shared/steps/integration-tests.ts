import { testSuite } from './test-suite.ts';

/** Runs the suite `integration_tests` of tests.json, usually in staging. */
export const integrationTests = testSuite(
  { name: 'integration-tests', key: 'integration_tests', title: 'integration tests' },
  'the integration tests of tests.json, run in the workspace',
);
