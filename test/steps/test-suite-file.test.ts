import { beforeEach, describe, expect, test } from '@jest/globals';
import { integrationTests } from '../../shared/steps/integration-tests.ts';
import { contentOf, contextOf } from './step-runner.ts';
import type { Calls, TestsWorld } from './tests-world.ts';
import { applyWithRetries, holdContracts, resultsPath, suiteFile, testsWorld } from './tests-world.ts';

let site: TestsWorld;

beforeEach(async () => {
  site = await testsWorld();
});
holdContracts(() => site);

const run = (calls: Calls = {}) => applyWithRetries(integrationTests, site.world, calls);

describe('a file that cannot be used refuses the stage before anything is started', () => {
  const refusalOf = async (file: unknown) => {
    site.world.artifacts = {
      ...site.world.artifacts,
      'databricks-config': { 'tests.json': typeof file === 'string' ? file : JSON.stringify(file) },
    };
    const { refused } = await run();
    expect(site.twin.log.count()).toBe(0);
    return refused ?? '';
  };
  const suite = { results: '/Volumes/a/b/c/d.xml', submit: { tasks: [{ task_key: 'a' }] } };

  test('no JSON', async () => {
    expect(await refusalOf('{')).toMatch(/^tests\.json is not JSON: /);
  });

  test('unknown and missing keys, all in one message', async () => {
    expect(await refusalOf({ integration_tests: { submit: { tasks: [] }, result: 'x' } })).toMatch(
      /^tests\.json cannot be used\. integration_tests\.results: .* integration_tests\.submit\.tasks: needs a task\. integration_tests: .*"result"/,
    );
    expect(await refusalOf({ unit_tests: {} })).toMatch(/cannot be used\. the file: .*"unit_tests"/);
  });

  test.each(['/Workspace/Shared/x.xml', '/Volumes/a/b/c', '/Volumes/a/b/c/../../x/y.xml', 'dbfs:/x.xml'])(
    'results at %s',
    async (results) => {
      expect(await refusalOf({ integration_tests: { ...suite, results } })).toBe(
        `tests.json cannot be used. integration_tests.results is "${results}": it must be a file in a volume, /Volumes/catalog/schema/volume/….`,
      );
    },
  );

  test('a name without a value', async () => {
    expect(await refusalOf({ integration_tests: { ...suite, results: `/Volumes/a/b/c/\${nobody}` } })).toBe(
      `tests.json uses \${nobody}, which has no value in environment staging.`,
    );
  });
});

describe('names that the deployment gave a value', () => {
  const used = suiteFile({
    tasks: [
      {
        task_key: 'tests',
        existing_cluster_id: `\${clusters.shared}`,
        notebook_task: { notebook_path: `\${outputs.folder}` },
      },
    ],
  });
  const tasksOf = async () => {
    // The twin has no such cluster: the run ends at once, and says what it was asked for.
    const { refused } = await run();
    return refused ?? '';
  };

  test('are those of the stage that deployed the environment', async () => {
    site = await testsWorld(used);
    site.world.outputs = {
      'staging/infrastructure': { outputs: { folder: '/Shared/x' } },
      'staging/databricks-config': { clusters: { shared: '0101-120000-abc' } },
    };
    expect(await tasksOf()).toContain('Cluster 0101-120000-abc does not exist');
  });

  test('come from the inventory where this run had nothing to change', async () => {
    site = await testsWorld(used);
    const digest = await contentOf(site.world).put(
      '{"schema":1,"clusters":{"shared":{"id":"0101-120000-old"}}}',
    );
    site.world.inventories = { 'databricks-config': { digest, uncertain: [] } };
    site.world.outputs = { 'staging/infrastructure': { outputs: { folder: '/Shared/x' } } };
    expect(await tasksOf()).toContain('Cluster 0101-120000-old does not exist');
  });
});

describe('looking ahead', () => {
  const check = async () => integrationTests.check?.(await contextOf(integrationTests, site.world, null), []);

  test('finds nothing to say about a file that can be used, whatever its values will be', async () => {
    expect(await check()).toEqual([]);
    site.world.artifacts = {};
    expect(await check()).toEqual([]);
    expect(site.twin.log.count()).toBe(0);
  });

  test('finds a file that cannot be used', async () => {
    site.world.artifacts = { 'databricks-config': { 'tests.json': '{"integration_tests":{"submit":{}}}' } };
    expect(await check()).toEqual([expect.stringMatching(/^tests\.json cannot be used\. /)]);
  });

  const checkResults = (results: string) => {
    const file = { integration_tests: { results, submit: { tasks: [{ task_key: 'a' }] } } };
    site.world.artifacts = {
      ...site.world.artifacts,
      'databricks-config': { 'tests.json': JSON.stringify(file) },
    };
    return check();
  };

  test.each([
    ['dbfs:/results.xml', 'dbfs:/results.xml'],
    [`\${unityCatalogName}/results.xml`, 'parking_sensors_catalog_dev/results.xml'],
    [`dbfs:/\${outputs.folder}/results.xml`, `dbfs:/\${outputs.folder}/results.xml`],
    ['/Volumes/a/b/c', '/Volumes/a/b/c'],
  ])('finds results that are in no volume: %s', async (results, shown) => {
    expect(await checkResults(results)).toEqual([
      `tests.json cannot be used. integration_tests.results is "${shown}": it must be a file in a volume, /Volumes/catalog/schema/volume/….`,
    ]);
  });

  test.each([
    resultsPath(`\${slipway.run}`),
    `\${outputs.volume}/results.xml`,
    `/Volumes/\${outputs.catalog}/results.xml`,
  ])('lets pass what may be in one: %s', async (results) => {
    expect(await checkResults(results)).toEqual([]);
  });
});
