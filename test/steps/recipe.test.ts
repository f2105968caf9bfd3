import { describe, expect, test } from '@jest/globals';
import { cleanUp } from '../../shared/steps/clean-up.ts';
import { notebooks } from '../../shared/steps/notebooks.ts';
import { unityCatalog } from '../../shared/steps/unity-catalog.ts';
import { wheel } from '../../shared/steps/wheel.ts';
import { buildWheel } from '../../tools/example/wheel.ts';
import { callTwin, databricksWorld, makeVolume, objectsOf, writesOf } from './databricks-world.ts';
import { environmentOf } from './environment.ts';
import { plan, runToEnd } from './step-runner.ts';

const STORAGE = { metastoreStorageRoot: 'abfss://meta@stmeta001.dfs.core.windows.net/' };
const PY = '# Databricks notebook source\n';

async function wheelOf(version: string, source: string) {
  const project = { name: 'parking-sensors', description: '', requiresPython: '>=3.10', scripts: new Map() };
  const modules = new Map([['parking_sensors/__init__.py', Buffer.from(source)]]);
  const { fileName, content } = await buildWheel({ project, version, modules });
  return { 'python-wheel': { [fileName]: content } };
}

/** The usual release script uploads with tools whose exit codes nobody looks at, and creates what may exist. */
describe('what the usual release script gets wrong does not happen here', () => {
  test('a failed upload of a notebook is a failure, and the retry completes it', async () => {
    const { world, twin } = databricksWorld();
    const files = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`n${index}.py`, PY]));
    world.artifacts = { 'databricks-notebooks': files };
    twin.faults.add({ kind: 'status', match: 'Workspace.import', skip: 19, status: 500 });
    await expect(runToEnd(notebooks, world)).rejects.toMatchObject({ name: 'TransientFailure' });
    twin.faults.clear();
    await runToEnd(notebooks, world);
    expect(objectsOf(twin)).toHaveLength(50);
  });

  test('a failed upload of a wheel is a failure, and the retry completes it', async () => {
    const { world, twin } = databricksWorld(STORAGE);
    await makeVolume(twin);
    world.artifacts = await wheelOf('1.0', '');
    twin.faults.add({ kind: 'status', match: 'Files.upload', status: 500 });
    await expect(runToEnd(wheel, world)).rejects.toMatchObject({ name: 'TransientFailure' });
    twin.faults.clear();
    expect((await runToEnd(wheel, world)).refused).toBeNull();
  });

  test('DBFS may be gone: the same release goes to a volume by one variable', async () => {
    const { world, twin } = databricksWorld({ ...STORAGE, dbfsRoot: 'disabled' });
    await makeVolume(twin);
    world.artifacts = await wheelOf('1.0', '');
    world.values.variables.databricksDbfsLibPath = 'dbfs:/mnt/libs';
    await expect(runToEnd(wheel, world)).rejects.toMatchObject({ name: 'Refusal' });
    world.values.variables.databricksDbfsLibPath = '/Volumes/parking_sensors_catalog_dev/utilities/libraries';
    expect((await runToEnd(wheel, world)).refused).toBeNull();
  });

  test('new code under an old wheel name is refused instead of being ignored by running clusters', async () => {
    const { world, twin } = databricksWorld(STORAGE);
    await makeVolume(twin);
    world.artifacts = await wheelOf('1.0', 'x = 1');
    await runToEnd(wheel, world);
    world.artifacts = await wheelOf('1.0', 'x = 2');
    await expect(plan(wheel, world)).rejects.toMatchObject({ name: 'Refusal' });
    world.artifacts = await wheelOf('1.1', 'x = 2');
    expect((await runToEnd(wheel, world)).refused).toBeNull();
  });

  test('creating a catalog succeeds with the status that Databricks sends, and errors are errors', async () => {
    const { world, twin } = databricksWorld(STORAGE);
    twin.faults.add({
      kind: 'status',
      match: 'Schemas.create',
      skip: 2,
      times: 1,
      status: 400,
      message: 'no',
    });
    await expect(runToEnd(unityCatalog, world)).rejects.toMatchObject({ name: 'Refusal', message: /no/ });
    expect((await runToEnd(unityCatalog, world)).refused).toBeNull();
    expect(twin.inventory().filter(({ kind }) => kind === 'schema')).toHaveLength(6);
  });

  test('a second run is no failure, and changes nothing', async () => {
    const { world, twin } = databricksWorld(STORAGE);
    await runToEnd(unityCatalog, world);
    const writes = writesOf(twin);
    expect(await runToEnd(unityCatalog, world)).toMatchObject({ changes: [], refused: null });
    expect(writesOf(twin)).toBe(writes);
  });

  test('a catalog that exists is fine in a metastore without storage, where creating it is refused first', async () => {
    const storage = 'abfss://datalake@stparkingsensorsdev001.dfs.core.windows.net/';
    const { world, twin } = databricksWorld();
    const identity = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Databricks/accessConnectors/a';
    const credential = { name: 'c', azure_managed_identity: { access_connector_id: identity } };
    await callTwin(twin, '/api/2.1/unity-catalog/storage-credentials', credential);
    await callTwin(twin, '/api/2.1/unity-catalog/external-locations', {
      name: 'l',
      url: storage,
      credential_name: 'c',
    });
    const catalog = { name: 'parking_sensors_catalog_dev', storage_root: `${storage}catalog` };
    await callTwin(twin, '/api/2.1/unity-catalog/catalogs', catalog);
    const { changes, refused } = await runToEnd(unityCatalog, world);
    expect(refused).toBeNull();
    expect(changes.filter(({ action }) => action === 'create')).toHaveLength(4);
  });

  test('notebooks removed from the project do not stay behind, and a rollback puts the old ones back', async () => {
    const site = databricksWorld();
    const environment = environmentOf(site);
    const deploy = async (files: Readonly<Record<string, string>>) => {
      site.world.artifacts = { 'databricks-notebooks': files };
      for (const kind of [notebooks, cleanUp]) expect((await environment.run(kind)).refused).toBeNull();
    };
    await deploy({ 'a.py': `${PY}1`, 'old.py': PY });
    const first = site.twin.inventory();
    await deploy({ 'a.py': `${PY}2`, 'new.py': PY });
    expect(objectsOf(site.twin).map((line) => line.split('/').pop())).toEqual(['a', 'new']);
    site.world.kind = 'rollback';
    await deploy({ 'a.py': `${PY}1`, 'old.py': PY });
    expect(site.twin.inventory()).toEqual(first);
  });
});
