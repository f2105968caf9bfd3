import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { notebooks } from '../../shared/steps/notebooks.ts';
import type { StepKind } from '../../shared/steps/step.ts';
import { unityCatalog } from '../../shared/steps/unity-catalog.ts';
import { wheel } from '../../shared/steps/wheel.ts';
import { readExampleArtifacts } from '../../tools/example/build-artifacts.ts';
import { generateProject } from '../../tools/example/generate-project.ts';
import type { DatabricksWorld } from './databricks-world.ts';
import { databricksWorld, objectsOf, writesOf } from './databricks-world.ts';
import { plan, runToEnd } from './step-runner.ts';

const CONNECTOR = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Databricks/accessConnectors/a';
const ROOT = '/Shared/parking-sensors';

/** Deploys with each kind in turn; the inventory of each is its own. */
function deployer({ world }: DatabricksWorld) {
  const inventories = new Map<string, typeof world.inventory>();
  world.outputs = { 'dev/infrastructure': { outputs: { accessConnectorId: CONNECTOR } } };
  return async (...kinds: readonly StepKind[]) => {
    for (const kind of kinds) {
      world.inventory = inventories.get(kind.name) ?? { digest: null, uncertain: [] };
      expect((await runToEnd(kind, world)).refused).toBeNull();
      inventories.set(kind.name, world.inventory);
    }
  };
}

test('the example project goes to an empty workspace, and a second release of it writes nothing', async () => {
  const site = databricksWorld();
  const { world, twin } = site;
  const artifacts = Object.entries(await readExampleArtifacts());
  world.artifacts = Object.fromEntries(artifacts.map(([name, files]) => [name, Object.fromEntries(files)]));
  const deploy = deployer(site);
  await deploy(unityCatalog, wheel, notebooks);
  expect(objectsOf(twin)).toEqual([
    `file ${ROOT}-tests/integrationtests/conftest.py`,
    `file ${ROOT}-tests/integrationtests/test_bronze_to_silver.py`,
    `file ${ROOT}-tests/run_suite.py`,
    `file ${ROOT}-tests/smoketests/test_environment.py`,
    `file ${ROOT}/reference/zones/parse_zone.py`,
    `file ${ROOT}/reference/zones/zones.csv`,
    `PYTHON ${ROOT}/bronze/01_ingest`,
    `SCALA ${ROOT}/exploration/ReadingsPerHour`,
    `PYTHON ${ROOT}/exploration/Zone forecast`,
    `R ${ROOT}/exploration/occupancy`,
    `PYTHON ${ROOT}/gold/03_transform`,
    `SQL ${ROOT}/gold/busiest_segments`,
    `SQL ${ROOT}/silver/malformed_records`,
  ]);
  expect(twin.inventory().filter(({ kind }) => kind === 'volume-file')).toHaveLength(1);
  twin.log.clear();
  world.run = 'release-2';
  await deploy(unityCatalog, wheel, notebooks);
  expect(writesOf(twin)).toBe(0);
  expect(twin.violations()).toEqual([]);
});

const generated = async (more: Omit<Parameters<typeof generateProject>[0], 'outputFolder' | 'seed'>) => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-'));
  try {
    await generateProject({ outputFolder: folder, seed: 5, ...more });
    const root = join(folder, 'databricks-notebooks');
    const paths = readdirSync(root, { recursive: true, encoding: 'utf8' });
    const files = paths.filter((path) => statSync(join(root, path)).isFile());
    return Object.fromEntries(
      files.map((path) => [path.replaceAll('\\', '/'), readFileSync(join(root, path))]),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
};

test('a big odd project arrives whole, with a notebook of 9 MB', async () => {
  const { world, twin } = databricksWorld();
  const files = await generated({ notebooks: 150, large: true });
  world.artifacts = { 'databricks-notebooks': files };
  expect((await runToEnd(notebooks, world)).refused).toBeNull();
  expect(objectsOf(twin)).toHaveLength(Object.keys(files).length);
  expect((await plan(notebooks, world)).length).toBe(0);
  expect(twin.violations()).toEqual([]);
});

test('an odd project that cannot work is refused as a whole', async () => {
  const { world, twin } = databricksWorld();
  world.artifacts = { 'databricks-notebooks': await generated({ notebooks: 20, oversized: true }) };
  await expect(plan(notebooks, world)).rejects.toThrow(/eleven mebibytes\.py has 11\.0 MB/);
  world.artifacts = { 'databricks-notebooks': await generated({ notebooks: 20, colliding: true }) };
  await expect(plan(notebooks, world)).rejects.toThrow(/report\.py and .*report\.sql would both become/);
  expect(twin.log.count()).toBe(0);
});
