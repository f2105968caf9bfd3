import { afterEach, describe, expect, test } from '@jest/globals';
import type { DatabricksOptions } from '../../sandbox/databricks/context.ts';
import { notebooks } from '../../shared/steps/notebooks.ts';
import type { StepKind } from '../../shared/steps/step.ts';
import { wheel } from '../../shared/steps/wheel.ts';
import type { DatabricksWorld } from './databricks-world.ts';
import { callTwin, databricksWorld, makeVolume } from './databricks-world.ts';
import { releaseOf } from './environment.ts';
import { contextOf, plan } from './step-runner.ts';
import { underVirtualTime } from './virtual-time.ts';

const STORAGE = { metastoreStorageRoot: 'abfss://meta@stmeta001.dfs.core.windows.net/' };
const ROOT = '/Shared/parking-sensors';

let { world, twin }: DatabricksWorld = databricksWorld();

async function open(options: DatabricksOptions = STORAGE): Promise<void> {
  ({ world, twin } = databricksWorld(options));
  world.artifacts = await releaseOf('release 1', '1.1.0');
}
/** What a look ahead at the step finds; it must not change anything. */
async function check(kind: StepKind): Promise<readonly string[]> {
  const before = twin.inventory();
  const changes = await plan(kind, world);
  const context = await contextOf(kind, world, null);
  const problems = await underVirtualTime(world.clock, kind.check?.(context, changes) ?? Promise.resolve([]));
  expect(twin.inventory()).toEqual(before);
  return problems;
}
const into = (folder: string) => {
  world.values.variables.databricksDbfsLibPath = folder;
};
const putFile = (path: string) =>
  callTwin(twin, '/api/2.0/workspace/import', { path, content: '', format: 'RAW' });

afterEach(() => {
  expect(twin.violations()).toEqual([]);
});

describe('before notebooks are sent', () => {
  test('folders that are missing or there are fine', async () => {
    await open();
    expect(await check(notebooks)).toEqual([]);
    await callTwin(twin, '/api/2.0/workspace/mkdirs', { path: ROOT });
    expect(await check(notebooks)).toEqual([]);
  });

  test('a file where a folder must be is a problem, for the tests too', async () => {
    await open();
    await putFile(ROOT);
    await putFile(`${ROOT}-tests`);
    expect(await check(notebooks)).toEqual([
      `${ROOT} is a file, and ${ROOT} must be a folder: move it away, or correct the variable databricksNotebookPath.`,
      `${ROOT}-tests is a file, and ${ROOT}-tests must be a folder: move it away, or correct the variable databricksNotebookPath.`,
    ]);
  });

  test('a release without a change is not looked at', async () => {
    await open();
    world.artifacts = {};
    await putFile(ROOT);
    twin.log.clear();
    expect(await check(notebooks)).toEqual([]);
    expect(twin.log.count()).toBe(0);
  });
});

describe('before wheels are sent', () => {
  test('a volume that is there, or that the release makes, is fine', async () => {
    await open();
    await makeVolume(twin);
    expect(await check(wheel)).toEqual([]);
    await open();
    const volumes = [{ name: 'libraries', volume_type: 'MANAGED' }];
    const schemas = [{ name: 'utilities', volumes }];
    const file = { catalogs: [{ name: 'parking_sensors_catalog_dev', schemas }] };
    world.artifacts = {
      ...world.artifacts,
      'databricks-config': { 'unity-catalog.json': JSON.stringify(file) },
    };
    expect(await check(wheel)).toEqual([]);
  });

  test('a volume that nobody makes is a problem', async () => {
    await open();
    expect(await check(wheel)).toEqual([
      'The volume parking_sensors_catalog_dev.utilities.libraries does not exist, and no step will make it: add it ' +
        'to unity-catalog.json, or correct the variable databricksDbfsLibPath.',
    ]);
  });

  test('DBFS that is switched off is a problem, in the words of Databricks', async () => {
    await open({ dbfsRoot: 'disabled' });
    into('dbfs:/libraries');
    const [problem] = await check(wheel);
    expect(problem).toMatch(/^Databricks (refuses|does not allow)/);
    await open();
    into('dbfs:/libraries');
    expect(await check(wheel)).toEqual([]);
  });

  test('a file on the way to a folder of the workspace is a problem', async () => {
    await open();
    await callTwin(twin, '/api/2.0/workspace/mkdirs', { path: '/Shared/a' });
    await putFile('/Shared/a/b');
    into('/Workspace/Shared/a/b/libraries');
    expect(await check(wheel)).toEqual([
      '/Shared/a/b is a file, and /Workspace/Shared/a/b/libraries must be a folder: move it away, or correct the ' +
        'variable databricksDbfsLibPath.',
    ]);
  });
});
