import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { wheelsOf } from '../../shared/steps/release-layout.ts';
import { wheel } from '../../shared/steps/wheel.ts';
import { buildWheel } from '../../tools/example/wheel.ts';
import type { DatabricksWorld } from './databricks-world.ts';
import { databricksWorld, makeVolume, WORKSPACE, writesOf } from './databricks-world.ts';
import { plan, runToEnd } from './step-runner.ts';

const STORAGE = { metastoreStorageRoot: 'abfss://meta@stmeta001.dfs.core.windows.net/' };
const VOLUME = '/Volumes/parking_sensors_catalog_dev/utilities/libraries';
const MEBIBYTE = 1024 * 1024;

let { world, twin }: DatabricksWorld = databricksWorld(STORAGE);

beforeEach(async () => {
  ({ world, twin } = databricksWorld(STORAGE));
  await makeVolume(twin);
});
afterEach(() => {
  expect(twin.violations()).toEqual([]);
});

/** A wheel of the project; `filler` makes it as large as wanted. */
async function built(version: string, filler: string | Buffer = 'x = 1\n') {
  const project = { name: 'parking-sensors', description: '', requiresPython: '>=3.10', scripts: new Map() };
  const modules = new Map([['parking_sensors/__init__.py', Buffer.from(filler)]]);
  return buildWheel({ project, version, modules });
}
async function release(version: string, filler?: string | Buffer) {
  const { fileName, content } = await built(version, filler);
  world.artifacts = { 'python-wheel': { [fileName]: content } };
  return fileName;
}
const into = (folder: string) => {
  world.values.variables.databricksDbfsLibPath = folder;
};
const deploy = () => runToEnd(wheel, world);
const redeploy = () => {
  twin.log.clear();
  return deploy();
};
const filesOf = (kind: string) =>
  twin
    .inventory()
    .filter((item) => item.kind === kind)
    .map(({ name }) => name);
const refusalOf = async () => {
  const before = twin.log.count();
  const error: unknown = await plan(wheel, world).catch((thrown: unknown) => thrown);
  expect(twin.log.count()).toBe(before);
  return error instanceof Error ? `${error.name}: ${error.message}` : 'planned';
};

describe('into a volume', () => {
  test('a wheel is one request, under the name that the build gave it', async () => {
    const name = await release('1.2.0.post57');
    const { output } = await deploy();
    expect(filesOf('volume-file')).toEqual([`${VOLUME}/${name}`]);
    expect(twin.log.counts()).toEqual({ 'Files.upload': 1 });
    expect(output).toMatchObject({ path: `${VOLUME}/${name}`, version: '1.2.0.post57' });
  });

  test('an unchanged wheel makes no request', async () => {
    await release('1.2.0');
    await deploy();
    expect((await redeploy()).changes).toEqual([]);
    expect(twin.log.count()).toBe(0);
  });

  test('a new version does not remove the old one, so a rollback sends nothing', async () => {
    const first = await release('1.2.0');
    await deploy();
    const second = await release('1.3.0');
    await deploy();
    expect(filesOf('volume-file')).toEqual([`${VOLUME}/${first}`, `${VOLUME}/${second}`]);
    await release('1.2.0');
    expect((await redeploy()).changes).toEqual([]);
  });

  test('a folder in the volume is made', async () => {
    into(`${VOLUME}/a/b/`);
    const name = await release('1.2.0');
    await deploy();
    expect(filesOf('volume-file')).toEqual([`${VOLUME}/a/b/${name}`]);
    expect(twin.log.counts()).toEqual({ 'Files.create_directory': 1, 'Files.upload': 1 });
  });

  test('dbfs:/Volumes means the volume', async () => {
    into(`dbfs:${VOLUME}`);
    const name = await release('1.2.0');
    await deploy();
    expect(filesOf('volume-file')).toEqual([`${VOLUME}/${name}`]);
  });

  test('a volume that does not exist refuses the step and says where to add it', async () => {
    into('/Volumes/parking_sensors_catalog_dev/utilities/other');
    await release('1.2.0');
    expect((await deploy()).refused).toMatch(/its volume does not exist\. Add it to unity-catalog\.json/);
  });

  test('a volume that appears a moment later is waited for', async () => {
    twin.faults.add({ kind: 'status', match: 'Files.upload', times: 2, status: 404 });
    await release('1.2.0');
    expect((await deploy()).refused).toBeNull();
    expect(twin.log.count('Files.upload')).toBe(3);
  });

  test('a lost answer of the upload leaves one whole file', async () => {
    twin.faults.add({ kind: 'drop', match: 'Files.upload', times: 1, when: 'after' });
    await release('1.2.0');
    await deploy();
    expect(filesOf('volume-file')).toHaveLength(1);
  });
});

describe('into the workspace', () => {
  test('the wheel is a file there, and its folder is made only when it is missing', async () => {
    into('/Workspace/Shared/parking-sensors/libraries');
    const name = await release('1.2.0');
    const { output } = await deploy();
    expect(filesOf('file')).toEqual([`/Shared/parking-sensors/libraries/${name}`]);
    expect(output).toMatchObject({ path: `/Workspace/Shared/parking-sensors/libraries/${name}` });
    expect(twin.log.counts()).toEqual({ 'Workspace.import': 2, 'Workspace.mkdirs': 1 });
    await release('1.3.0');
    await redeploy();
    expect(twin.log.counts()).toEqual({ 'Workspace.import': 1 });
  });

  test('a folder that cannot be seen right after it was made is no refusal: a retry completes it', async () => {
    into('/Workspace/Shared/libraries');
    const name = await release('1.2.0');
    twin.faults.add({ kind: 'status', match: 'Workspace.import', times: 2, status: 404 });
    await expect(deploy()).rejects.toMatchObject({
      name: 'TransientFailure',
      message: `/Workspace/Shared/libraries/${name} cannot be written yet: its folder was made, and Databricks does not see it`,
    });
    expect((await deploy()).refused).toBeNull();
    expect(filesOf('file')).toEqual([`/Shared/libraries/${name}`]);
  });

  test('a wheel over 10 MB is refused before anything is written', async () => {
    into('/Workspace/Shared/libraries');
    await release('1.2.0', Buffer.alloc(10 * MEBIBYTE));
    expect(await refusalOf()).toMatch(/larger than what a workspace folder takes: use a volume/);
  });
});

describe('into DBFS', () => {
  beforeEach(() => into('dbfs:/mnt/datalake/sys/databricks/libs'));

  test('a small wheel goes in one piece, and its size is looked at', async () => {
    const name = await release('1.2.0');
    const { output } = await deploy();
    expect(filesOf('dbfs-file')).toEqual([`/mnt/datalake/sys/databricks/libs/${name}`]);
    expect(output).toMatchObject({ path: `dbfs:/mnt/datalake/sys/databricks/libs/${name}` });
    expect(twin.log.counts()).toEqual({ 'Dbfs.put': 1, 'Dbfs.get_status': 1 });
  });

  test('a large wheel goes in blocks of 1 MB and arrives as it is', async () => {
    const { fileName, content } = await built('1.2.0', Buffer.alloc(2.5 * MEBIBYTE, 'abc'));
    world.artifacts = { 'python-wheel': { [fileName]: content } };
    const { changes } = await deploy();
    expect(twin.log.count('Dbfs.add_block')).toBe(3);
    expect(twin.inventory().find(({ kind }) => kind === 'dbfs-file')?.digest).toBe(changes[0]?.after);
  });

  test('a block whose answer is lost starts the upload again and never doubles a block', async () => {
    await release('1.2.0', Buffer.alloc(2.5 * MEBIBYTE));
    twin.faults.add({ kind: 'drop', match: 'Dbfs.add_block', skip: 1, times: 1, when: 'after' });
    const { changes } = await deploy();
    expect(twin.log.count('Dbfs.create')).toBe(2);
    expect(twin.inventory().find(({ kind }) => kind === 'dbfs-file')?.digest).toBe(changes[0]?.after);
  });

  test('a workspace without DBFS refuses the step', async () => {
    const modern = databricksWorld({ dbfsRoot: 'disabled' });
    modern.world.values.variables.databricksDbfsLibPath = 'dbfs:/libs';
    await release('1.2.0');
    modern.world.artifacts = world.artifacts;
    await expect(runToEnd(wheel, modern.world)).rejects.toMatchObject({
      name: 'Refusal',
      message: /Public DBFS root is disabled/,
    });
  });
});

describe('what is refused before anything is written', () => {
  test('other content under a name that was deployed, because a running cluster would not notice', async () => {
    await release('1.2.0', 'x = 1');
    await deploy();
    await release('1.2.0', 'x = 2');
    expect(await refusalOf()).toMatch(
      /^Refusal: .*parking_sensors-1\.2\.0-py3-none-any\.whl was deployed to dev with other content\. A running cluster/,
    );
  });

  test('other content is fine where the name was never deployed for sure', async () => {
    await release('1.2.0', 'x = 1');
    twin.faults.add({ kind: 'status', match: 'Files.upload', status: 500, when: 'after' });
    await expect(deploy()).rejects.toMatchObject({ name: 'TransientFailure' });
    twin.faults.clear();
    await release('1.2.0', 'x = 2');
    const { changes } = await redeploy();
    expect(twin.inventory().find(({ kind }) => kind === 'volume-file')?.digest).toBe(changes[0]?.after);
    expect((await redeploy()).changes).toEqual([]);
  });

  test('a file name that pip would not take', async () => {
    const { content } = await built('1.2.0');
    world.artifacts = { 'python-wheel': { 'parking_sensors.whl': content } };
    expect(await refusalOf()).toContain('parking_sensors.whl has no name of a wheel');
  });

  test('an archive without METADATA, and one that is none', async () => {
    world.artifacts = {
      'python-wheel': {
        'a-1.0-py3-none-any.whl': Buffer.from('PK\u0005\u0006'.padEnd(22, '\u0000'), 'latin1'),
        'b-1.0-py3-none-any.whl': 'no archive',
      },
    };
    const refusal = await refusalOf();
    expect(refusal).toContain('a-1.0-py3-none-any.whl has no METADATA in its .dist-info folder');
    expect(refusal).toContain('Build it with python -m build --wheel');
    expect(refusal).toContain('b-1.0-py3-none-any.whl is no zip archive');
  });

  test('METADATA that disagrees with the file name', async () => {
    const { content } = await built('1.2.0');
    world.artifacts = { 'python-wheel': { 'parking_sensors-1.3.0-py3-none-any.whl': content } };
    expect(await refusalOf()).toContain('says in its METADATA that it is parking-sensors 1.2.0');
  });

  test('two wheels of one name, and an artifact without any', async () => {
    const { fileName, content } = await built('1.2.0');
    world.artifacts = { 'python-wheel': { [`a/${fileName}`]: content, [`b/${fileName}`]: content } };
    expect(await refusalOf()).toContain(`two files named ${fileName}`);
    world.artifacts = { 'python-wheel': { 'dist.tar.gz': 'x' } };
    expect(await refusalOf()).toContain('has no .whl file');
  });

  test.each([
    ['/Volumes/catalog/schema', 'a volume has the form /Volumes/catalog/schema/volume'],
    ['/Volumes/a/b/c/../d', 'leads out of its folder'],
    ['dbfs:mnt/x', 'does not begin with dbfs:/'],
    ['/Users/me/libs', 'or allow it with allowPersonalFolders: true of the environment in slipway.yaml.'],
    ['', 'has no value'],
  ])('the folder %j', async (folder, why) => {
    into(folder);
    await release('1.2.0');
    expect(await refusalOf()).toContain(why);
  });

  test("but not a person's folder where the environment allows it", async () => {
    into('/Users/me/libs');
    world.input = { allowPersonalFolders: true };
    const name = await release('1.2.0');
    await deploy();
    expect(filesOf('file')).toEqual([`/Users/me/libs/${name}`]);
  });
});

test('a release without wheels changes nothing', async () => {
  world.artifacts = {};
  expect((await deploy()).changes).toEqual([]);
});

test('several wheels of a release are all deployed, and configuration can ask where', async () => {
  const [one, two] = [await built('1.2.0'), await built('1.3.0')];
  world.artifacts = { 'python-wheel': { [one.fileName]: one.content, [two.fileName]: two.content } };
  await deploy();
  expect(writesOf(twin)).toBe(2);
  const files = [one, two].map(({ fileName }) => ({ path: fileName, size: 1, sha256: '' }));
  const placed = wheelsOf({ schema: 1, artifacts: { 'python-wheel': files } }, VOLUME, 'in-place');
  expect(placed.map(({ path }) => path)).toEqual(filesOf('volume-file'));
});

describe('versioned', () => {
  beforeEach(() => {
    world.input = { strategy: 'versioned', keep: 3 };
  });
  const wheelFolder = /\/releases\/[0-9a-f]{16}\/parking_sensors-[\d.]+-py3-none-any\.whl$/;

  test('a wheel has a folder of its own, under the name that the build gave it, and is measured there', async () => {
    const name = await release('1.2.0');
    const { output } = await deploy();
    expect(filesOf('volume-file')).toEqual([output?.path]);
    expect(String(output?.path)).toMatch(wheelFolder);
    expect(String(output?.path).endsWith(name)).toBe(true);
    expect(twin.log.counts()).toEqual({
      'Files.create_directory': 1,
      'Files.upload': 1,
      'Files.get_metadata': 1,
    });
  });

  test.each(['/Workspace/Shared/parking-sensors/libraries', 'dbfs:/parking-sensors/libraries'])(
    'in %s too',
    async (folder) => {
      into(folder);
      await release('1.2.0');
      const { output } = await deploy();
      expect(String(output?.path).startsWith(`${folder}/releases/`)).toBe(true);
      expect([...filesOf('file'), ...filesOf('dbfs-file')]).toHaveLength(1);
    },
  );

  test('an unchanged wheel and one of an earlier release make no request', async () => {
    await release('1.2.0');
    await deploy();
    await release('1.3.0');
    await deploy();
    await release('1.2.0');
    expect((await redeploy()).changes).toEqual([]);
    expect(twin.log.count()).toBe(0);
  });

  test('the same name with other content is refused, since pip would take it as installed', async () => {
    await release('1.2.0');
    await deploy();
    await release('1.2.0', 'x = 2\n');
    expect(await refusalOf()).toContain('was deployed to dev with other content');
  });

  test('the name stays taken after a change of strategy, in both directions', async () => {
    world.input = {};
    await release('1.2.0');
    await deploy();
    world.input = { strategy: 'versioned' };
    await release('1.2.0', 'x = 2\n');
    expect(await refusalOf()).toContain('was deployed to dev with other content');
    await release('1.3.0');
    await deploy();
    world.input = {};
    await release('1.3.0', 'x = 2\n');
    expect(await refusalOf()).toContain('was deployed to dev with other content');
  });

  test('a wheel that arrived although its upload failed is not written again', async () => {
    twin.faults.add({ kind: 'drop', match: 'Files.upload', times: 4, when: 'after' });
    await release('1.2.0');
    await expect(deploy()).rejects.toThrow(/no answer/);
    expect((await redeploy()).refused).toBeNull();
    expect(twin.log.counts()).toEqual({ 'Files.get_metadata': 1 });
  });

  test('a wheel whose upload never arrived is sent, and its name is taken from the first try on', async () => {
    twin.faults.add({ kind: 'drop', match: 'Files.upload', times: 4, when: 'before' });
    await release('1.2.0');
    await expect(deploy()).rejects.toThrow(/no answer/);
    await release('1.2.0', 'x = 2\n');
    expect(await refusalOf()).toContain('was deployed to dev with other content');
    await release('1.2.0');
    await deploy();
    expect(filesOf('volume-file')).toHaveLength(1);
  });

  test('a wheel that arrived short is a failure, which another attempt may mend', async () => {
    const { databricks } = world.clients;
    const shortened = (url: string) => {
      const client = databricks(url);
      const put = (path: string, content: Uint8Array) => client.volumes.put(path, content.subarray(1));
      return { ...client, volumes: { ...client.volumes, put } };
    };
    world.clients = { ...world.clients, databricks: shortened };
    await release('1.2.0');
    await expect(deploy()).rejects.toThrow(/has \d+ bytes after its upload, not \d+/);
    world.clients = { ...world.clients, databricks };
    expect((await redeploy()).refused).toBeNull();
  });

  test('an inventory from before there were versions is read', async () => {
    const name = await release('1.2.0');
    const wheels = { [`${VOLUME}/${name}`]: 'of another content' };
    const inventory = { schema: 1, workspace: WORKSPACE, wheels };
    world.contents.set('1', new TextEncoder().encode(JSON.stringify(inventory)));
    world.inventory = { digest: '1', uncertain: [] };
    expect(await refusalOf()).toContain('was deployed to dev with other content');
  });
});
