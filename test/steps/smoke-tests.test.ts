import { beforeEach, expect, test } from '@jest/globals';
import { smokeTests } from '../../shared/steps/smoke-tests.ts';
import type { TestsWorld } from './tests-world.ts';
import {
  applyWithRetries,
  holdContracts,
  junit,
  leaves,
  publishedRuns,
  resultsPath,
  suiteFile,
  testCase,
  testsWorld,
} from './tests-world.ts';

const READER = { service_principal_name: '30000000-0000-4000-8000-000000000003' };

let site: TestsWorld;

beforeEach(async () => {
  site = await testsWorld(suiteFile({ run_name: 'parking-sensors smoke tests', run_as: READER }));
  Object.assign(site.world, { environment: 'production', stage: 'smoke-tests' });
});
holdContracts(() => site);

const run = () => applyWithRetries(smokeTests, site.world);

test('smoke tests are the other suite of the file, published under their own name', async () => {
  leaves(site, junit(testCase('test_schemas', '', 'smoketests.test_environment')));
  expect((await run()).done).toMatchObject({ tests: 1, passed: 1 });
  const [published] = await publishedRuns(site);
  expect(published?.name).toMatch(
    /^parking-sensors: smoke-tests of release-1 in production \(Databricks run \d+\)$/,
  );
  expect(published?.attachments).toEqual(['smoke-tests.xml']);
});

test('they run as the identity that the file names', async () => {
  const bodies: string[] = [];
  const { handle } = site.twin;
  site.twin.handle = (request) => {
    if (request.url.includes('/runs/submit')) bodies.push(Buffer.from(request.body).toString());
    return handle(request);
  };
  leaves(site, junit(testCase('test_a')));
  await run();
  expect(bodies.map((body) => JSON.parse(body))).toEqual([
    expect.objectContaining({ run_as: READER, idempotency_token: expect.stringMatching(/^[0-9a-f]{64}$/) }),
  ]);
});

test('a failing smoke test refuses the stage by its name', async () => {
  leaves(site, junit(testCase('test_a', '<failure message="no table">x</failure>', 'smoketests')));
  expect((await run()).refused).toMatch(
    /^1 of 1 smoke tests failed: smoketests\.test_a \(no table\)\. The JUnit file is kept/,
  );
});

test('a release without smoke tests passes', async () => {
  const { integration_tests } = suiteFile() as { integration_tests: object };
  site.world.artifacts = { 'databricks-config': { 'tests.json': JSON.stringify({ integration_tests }) } };
  expect((await run()).done?.note).toBe('The release has no smoke_tests in tests.json.');
});

test('the environment of the step gives the names their values', async () => {
  const file = suiteFile({}, resultsPath(`\${slipway.run}`));
  site.world.artifacts = {
    ...site.world.artifacts,
    'databricks-config': { 'tests.json': JSON.stringify(file) },
  };
  site.world.values.variables.unityCatalogName = 'no_such_catalog';
  leaves(site, junit(testCase('test_a')));
  expect((await run()).refused).toContain('smoke_tests.results is "/Volumes/no_such_catalog/');
});
