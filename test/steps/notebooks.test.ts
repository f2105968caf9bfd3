import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { cleanUp } from '../../shared/steps/clean-up.ts';
import { notebooks } from '../../shared/steps/notebooks.ts';
import { oddNotebooks } from '../../tools/example/odd-notebooks.ts';
import { seededRandom } from '../../tools/example/random.ts';
import type { DatabricksWorld } from './databricks-world.ts';
import { callTwin, databricksWorld, objectsOf, WORKSPACE, writesOf } from './databricks-world.ts';
import { environmentOf } from './environment.ts';
import { contentOf, plan, runToEnd } from './step-runner.ts';
import { underVirtualTime } from './virtual-time.ts';

const ROOT = '/Shared/parking-sensors';
const PY = '# Databricks notebook source\n';

let { world, twin }: DatabricksWorld = databricksWorld();

beforeEach(() => {
  ({ world, twin } = databricksWorld());
});
afterEach(() => {
  expect(twin.violations()).toEqual([]);
});

const release = (files: Record<string, string | Uint8Array>) => {
  world.artifacts = { 'databricks-notebooks': files };
};
const deploy = () => runToEnd(notebooks, world);
const redeploy = () => {
  twin.log.clear();
  return deploy();
};
/** Deployments whose old files are cleaned up, one after the other. */
const deployer = () => {
  const environment = environmentOf({ world, twin });
  return async () => {
    await environment.run(notebooks);
    return environment.run(cleanUp);
  };
};
const digestOf = (path: string) => twin.inventory().find(({ name }) => name === path)?.digest;
const call = (verb: string, body: object) => callTwin(twin, `/api/2.0/workspace/${verb}`, body);
const many = (count: number, folders: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `folder ${index % folders}/notebook ${index}.py`,
      `${PY}print(${index})`,
    ]),
  );

describe('what becomes of a file', () => {
  test('a source file with the header and a Jupyter notebook become notebooks without extension', async () => {
    release({
      'bronze/a.py': `${PY}x`,
      'b.SQL': '-- Databricks notebook source\nselect 1',
      'c.scala': '// Databricks notebook source\n',
      'd.r': '# Databricks notebook source\n',
      'e.ipynb': JSON.stringify({ cells: [], nbformat: 4 }),
    });
    await deploy();
    expect(objectsOf(twin)).toEqual([
      `SQL ${ROOT}/b`,
      `PYTHON ${ROOT}/bronze/a`,
      `SCALA ${ROOT}/c`,
      `R ${ROOT}/d`,
      `PYTHON ${ROOT}/e`,
    ]);
  });

  test('every other file stays a file with its name and bytes, a zip archive too', async () => {
    const archive = Buffer.from('PK\u0003\u0004 not really');
    release({ 'module.py': 'x = 1\n', 'empty.txt': '', 'data/zones.csv': 'a,b', 'data/some.zip': archive });
    await deploy();
    expect(objectsOf(twin)).toEqual([
      `file ${ROOT}/data/some.zip`,
      `file ${ROOT}/data/zones.csv`,
      `file ${ROOT}/empty.txt`,
      `file ${ROOT}/module.py`,
    ]);
  });

  test('Windows line ends and a byte order mark before the header change nothing', async () => {
    release({
      'crlf.py': '# Databricks notebook source\r\nx',
      'mark.py': `\uFEFF${PY}x`,
      'plain.py': `${PY}x`,
    });
    await deploy();
    expect(objectsOf(twin)).toEqual(['crlf', 'mark', 'plain'].map((name) => `PYTHON ${ROOT}/${name}`));
    expect(digestOf(`${ROOT}/mark`)).toBe(digestOf(`${ROOT}/plain`));
  });

  test('a byte order mark before Jupyter JSON does not break the notebook', async () => {
    release({ 'n.ipynb': `\uFEFF${JSON.stringify({ cells: [], nbformat: 4 })}` });
    expect((await deploy()).refused).toBeNull();
    expect(objectsOf(twin)).toEqual([`PYTHON ${ROOT}/n`]);
  });

  test('odd names of many scripts and deep folders arrive as they are', async () => {
    const files = oddNotebooks(120, seededRandom(3));
    release(Object.fromEntries(files.map(({ path, content }) => [path, content])));
    await deploy();
    expect(objectsOf(twin)).toHaveLength(120);
    expect((await redeploy()).changes).toEqual([]);
  });
});

describe('the tests of a release', () => {
  test('go to a folder beside the notebooks, under the same rules', async () => {
    world.artifacts = {
      'databricks-notebooks': { 'a.py': PY },
      'databricks-tests': { 'run_suite.py': 'import pytest', 'smoketests/test_it.py': 'def test_it(): ...' },
    };
    const { output } = await deploy();
    expect(objectsOf(twin)).toEqual([
      `file ${ROOT}-tests/run_suite.py`,
      `file ${ROOT}-tests/smoketests/test_it.py`,
      `PYTHON ${ROOT}/a`,
    ]);
    expect(output).toMatchObject({ testFolder: `/Workspace${ROOT}-tests`, files: 3 });
    expect((await redeploy()).changes).toEqual([]);
  });

  test('leave with their folders when the release has none any more', async () => {
    const deployAndClean = deployer();
    world.artifacts = { 'databricks-tests': { 'smoketests/test_it.py': 'def test_it(): ...' } };
    await deployAndClean();
    world.artifacts = {};
    await deployAndClean();
    expect(twin.inventory().map(({ name }) => name)).toEqual([`${ROOT}-tests`]);
  });
});

describe('what is sent', () => {
  test('a first deployment sends every file once and makes each innermost folder once', async () => {
    release(many(60, 6));
    await deploy();
    expect(twin.log.counts()).toEqual({ 'Workspace.mkdirs': 6, 'Workspace.import': 60 });
  });

  test('an unchanged release makes no request at all', async () => {
    release(many(30, 3));
    await deploy();
    world.run = 'release-2';
    expect((await redeploy()).changes).toEqual([]);
    expect(twin.log.count()).toBe(0);
  });

  test('one changed notebook of 500 is one write', async () => {
    release(many(500, 20));
    await deploy();
    const path = 'folder 0/notebook 0.py';
    release({ ...many(500, 20), [path]: `${PY}changed` });
    const { changes } = await redeploy();
    expect(changes.map(({ target, action }) => ({ target, action }))).toEqual([
      { target: `${ROOT}/folder 0/notebook 0`, action: 'update' },
    ]);
    expect(writesOf(twin)).toBe(1);
  });

  test('a new file in a folder that is there makes no folder', async () => {
    release({ 'bronze/a.py': PY });
    await deploy();
    release({ 'bronze/a.py': PY, 'bronze/b.py': PY });
    await redeploy();
    expect(twin.log.counts()).toEqual({ 'Workspace.import': 1 });
  });

  test('a project without notebooks changes nothing', async () => {
    world.artifacts = {};
    expect((await deploy()).changes).toEqual([]);
    expect(twin.log.count()).toBe(0);
  });

  test('the same folder under its other name is no move', async () => {
    release({ 'a.py': PY });
    await deploy();
    world.values = {
      ...world.values,
      variables: { ...world.values.variables, databricksNotebookPath: `${ROOT}/` },
    };
    expect((await redeploy()).changes).toEqual([]);
  });

  test('200 notebooks in 30 folders arrive within 9 seconds of a throttled workspace without a 429', async () => {
    twin.limits.replace([{ match: '*', requestsPerSecond: 30 }]);
    twin.faults.add({ kind: 'latency', latencyInMs: 100 });
    release(many(200, 30));
    const before = world.clock.now();
    await deploy();
    expect(world.clock.now() - before).toBeLessThanOrEqual(9_000);
    expect(twin.log.requests().filter(({ status }) => status === 429)).toEqual([]);
    expect(twin.log.count()).toBe(230);
    expect(twin.log.peakInFlight()).toBeLessThanOrEqual(10);
  });

  test('a release of more files than one function can send is sent by several', async () => {
    twin.faults.add({ kind: 'latency', latencyInMs: 1_000 });
    release(many(700, 1));
    const { calls } = await deploy();
    expect(calls).toBe(2);
    expect(twin.log.counts()).toEqual({ 'Workspace.mkdirs': 1, 'Workspace.import': 700 });
  });
});

describe('what left the project', () => {
  test('stays for jobs that name it: it is for the clean-up to remove', async () => {
    release({ 'old/a.py': PY, 'b.py': PY });
    await deploy();
    release({ 'b.py': PY });
    expect((await redeploy()).changes).toEqual([]);
    expect(objectsOf(twin)).toHaveLength(2);
  });

  test('what was put into another workspace is not looked for in this one', async () => {
    release({ 'a.py': PY, 'b.py': PY });
    await deploy();
    const stored = Buffer.from(world.contents.get(world.inventory.digest ?? '') ?? '').toString();
    const digest = await contentOf(world).put(
      stored.replace(WORKSPACE, 'https://adb-2.2.azuredatabricks.net'),
    );
    world.inventory = { digest, uncertain: [] };
    release({ 'a.py': PY });
    const { changes } = await redeploy();
    expect(changes.map(({ action, target }) => `${action} ${target}`)).toEqual([`create ${ROOT}/a`]);
  });
});

describe('one path, another kind of thing', () => {
  test('a notebook that becomes a plain file, and back, leaves nothing behind', async () => {
    const deployAndClean = deployer();
    release({ 'a.py': `${PY}x` });
    await deployAndClean();
    release({ 'a.py': 'x = 1' });
    await deployAndClean();
    expect(objectsOf(twin)).toEqual([`file ${ROOT}/a.py`]);
    release({ 'a.py': `${PY}x` });
    await deployAndClean();
    expect(objectsOf(twin)).toEqual([`PYTHON ${ROOT}/a`]);
  });

  test('a file takes the path of a notebook after that was removed', async () => {
    release({ 'a.py': `${PY}x` });
    await deploy();
    release({ a: 'plain' });
    const { refused } = await redeploy();
    expect(refused).toBeNull();
    expect(objectsOf(twin)).toEqual([`file ${ROOT}/a`]);
    expect(twin.log.counts()).toEqual({ 'Workspace.delete': 1, 'Workspace.import': 1 });
  });

  test('the same content in another language is sent again', async () => {
    release({ 'a.py': PY });
    await deploy();
    release({ 'a.r': PY });
    await deploy();
    expect(objectsOf(twin)).toEqual([`R ${ROOT}/a`]);
  });

  test('a folder takes the path of a notebook, and gives it back', async () => {
    release({ 'a.py': PY });
    await deploy();
    release({ 'a/b/c.py': PY });
    await deploy();
    expect(objectsOf(twin)).toEqual([`PYTHON ${ROOT}/a/b/c`]);
    release({ 'a.py': PY });
    expect((await deploy()).refused).toBeNull();
    expect(objectsOf(twin)).toEqual([`PYTHON ${ROOT}/a`]);
  });

  test("somebody else's file in the place of a notebook is not removed", async () => {
    await call('mkdirs', { path: ROOT });
    await call('import', { path: `${ROOT}/a`, content: '', format: 'RAW' });
    release({ 'a.py': PY });
    expect((await deploy()).refused).toBe(
      `${ROOT}/a cannot be written: something of another type that Slipway did not put there has its path. Move it away, then retry.`,
    );
    expect(objectsOf(twin)).toEqual([`file ${ROOT}/a`]);
  });

  test("somebody else's file in the place of a folder is not removed", async () => {
    await call('mkdirs', { path: ROOT });
    await call('import', { path: `${ROOT}/x`, content: '', format: 'RAW' });
    release({ 'x/a.py': PY });
    expect((await deploy()).refused).toContain(`The folder ${ROOT}/x cannot be made`);
  });
});

describe('what is refused before anything is written', () => {
  const refusalOf = async (files: Record<string, string | Uint8Array>) => {
    release(files);
    const error: unknown = await plan(notebooks, world).catch((thrown: unknown) => thrown);
    expect(twin.log.count()).toBe(0);
    return error instanceof Error ? `${error.name}: ${error.message}` : 'planned';
  };

  test('files over 10 MB, all of them named', async () => {
    const large = Buffer.alloc(10 * 1024 * 1024 + 1);
    const message = await refusalOf({ 'a.py': PY, 'big/one.bin': large, 'two.py': large });
    expect(message).toMatch(
      /^Refusal: The notebooks cannot be deployed\. big\/one\.bin has 10\.0 MB; .* two\.py has/,
    );
  });

  test('a file of exactly 10 MB is deployed', async () => {
    release({ 'a.bin': Buffer.alloc(10 * 1024 * 1024) });
    expect((await deploy()).refused).toBeNull();
  });

  test('two files that would end at one path', async () => {
    expect(await refusalOf({ 'x/report.py': PY, 'x/report.sql': '-- Databricks notebook source' })).toContain(
      `x/report.py and x/report.sql would both become ${ROOT}/x/report`,
    );
    expect(await refusalOf({ 'x/report.py': PY, 'x/report': 'text' })).toContain('would both become');
  });

  test('a notebook whose path is a folder of other files', async () => {
    expect(await refusalOf({ 'a.py': PY, 'a/b/c.py': PY })).toContain(
      `a.py would become ${ROOT}/a, where the folder of a/b/c.py must be`,
    );
  });

  test.each([
    ['../a.py', 'leads out of its folder'],
    ['x/../../a.py', 'leads out of its folder'],
    ['./a.py', 'leads out of its folder'],
    ['/etc/a.py', 'is an absolute path'],
    ['x//a.py', 'has an empty folder name'],
    ['x\\a.py', 'backslash'],
    ['a\u0000.py', 'control character'],
    ['x/.py', 'has no name left'],
  ])('the path %j', async (path, why) => {
    expect(await refusalOf({ [path]: PY })).toContain(why);
  });

  test('a Jupyter notebook that is none', async () => {
    expect(await refusalOf({ 'a.ipynb': '{"cells":', 'b.ipynb': '[]' })).toContain(
      'a.ipynb is no Jupyter notebook. b.ipynb is no Jupyter notebook.',
    );
  });

  test.each([
    ['/Repos/x', 'a folder of a person or of Git'],
    ['/Workspace/Users/me@example.com', 'a folder of a person or of Git'],
    ['/', 'the root of the workspace'],
    ['/Workspace/', 'the root of the workspace'],
    ['Shared/x', 'not an absolute path'],
    ['/Shared/../Users/me', 'leads out of its folder'],
    ['/Shared//x', 'empty folder name'],
  ])('the target folder %s', async (folder, why) => {
    world.values.variables.databricksNotebookPath = folder;
    expect(await refusalOf({ 'a.py': PY })).toContain(why);
  });

  test("a person's folder is allowed where the pipeline says so", async () => {
    world.values.variables.databricksNotebookPath = '/Users/me@example.com/x';
    world.input = { allowPersonalFolders: true };
    release({ 'a.py': PY });
    await deploy();
    expect(objectsOf(twin)).toEqual(['PYTHON /Users/me@example.com/x/a']);
  });

  test('an address that is no workspace gets no request and no token', async () => {
    world.values.variables.databricksWorkspaceUrl = 'https://adb-1.azuredatabricks.net.example.com';
    expect(await refusalOf({ 'a.py': PY })).toContain('which is no address of an Azure Databricks workspace');
  });
});

describe('when something goes wrong', () => {
  test('lost answers and errors of single requests are not noticed, and nothing is sent to a wrong place', async () => {
    twin.faults.add({ kind: 'drop', match: 'Workspace.import', skip: 5, times: 2, when: 'after' });
    twin.faults.add({ kind: 'status', match: 'Workspace.import', skip: 9, times: 1, status: 500 });
    twin.faults.add({ kind: 'status', match: 'Workspace.mkdirs', times: 1, status: 503 });
    release(many(20, 4));
    expect((await deploy()).refused).toBeNull();
    expect(objectsOf(twin)).toHaveLength(20);
    expect(twin.log.count()).toBe(24 + 4);
  });

  test('a 429 is waited out as long as it says', async () => {
    twin.faults.add({
      kind: 'status',
      match: 'Workspace.import',
      times: 1,
      status: 429,
      retryAfterInSeconds: 7,
    });
    release({ 'a.py': PY });
    const before = world.clock.now();
    await deploy();
    expect(world.clock.now() - before).toBeGreaterThanOrEqual(7_000);
  });

  test('an upload that keeps failing fails the step, and a retry completes it', async () => {
    release(many(10, 1));
    twin.faults.add({ kind: 'status', match: 'Workspace.import', skip: 4, status: 500 });
    await expect(deploy()).rejects.toMatchObject({ name: 'TransientFailure' });
    expect(objectsOf(twin).length).toBeLessThan(10);
    twin.faults.clear();
    await deploy();
    expect(objectsOf(twin)).toHaveLength(10);
    expect((await redeploy()).changes).toEqual([]);
  });

  test('after an interrupted deployment the next release sends what may be old, and what it does not want goes', async () => {
    const deployAndClean = deployer();
    release({ 'a.py': `${PY}1`, 'b.py': `${PY}1`, 'c.py': `${PY}1` });
    await deployAndClean();
    release({ 'a.py': `${PY}2`, 'b.py': `${PY}1`, 'c.py': `${PY}1`, 'new.py': PY });
    twin.faults.add({ kind: 'drop', match: 'Workspace.import', when: 'after' });
    await expect(deployAndClean()).rejects.toMatchObject({ name: 'TransientFailure' });
    twin.faults.clear();
    release({ 'a.py': `${PY}1`, 'b.py': `${PY}1`, 'c.py': `${PY}1` });
    twin.log.clear();
    const { changes } = await deployAndClean();
    expect(changes.map(({ target, action }) => `${action} ${target}`)).toEqual([`delete ${ROOT}/new`]);
    expect(twin.log.count('Workspace.import')).toBe(1);
    expect(objectsOf(twin)).toEqual(['a', 'b', 'c'].map((name) => `PYTHON ${ROOT}/${name}`));
    expect((await deployAndClean()).changes).toEqual([]);
  });

  test('a folder that was removed by hand is made again on the way', async () => {
    release({ 'x/a.py': `${PY}1` });
    await deploy();
    await call('delete', { path: `${ROOT}/x`, recursive: true });
    release({ 'x/a.py': `${PY}2` });
    await deploy();
    expect(objectsOf(twin)).toEqual([`PYTHON ${ROOT}/x/a`]);
  });

  test('a folder that cannot be seen right after it was made is no refusal: a retry completes it', async () => {
    release({ 'x/a.py': PY });
    twin.faults.add({ kind: 'status', match: 'Workspace.import', times: 2, status: 404 });
    await expect(deploy()).rejects.toMatchObject({
      name: 'TransientFailure',
      message: `${ROOT}/x/a cannot be written yet: its folder was made, and Databricks does not see it`,
    });
    expect((await deploy()).refused).toBeNull();
    expect(objectsOf(twin)).toEqual([`PYTHON ${ROOT}/x/a`]);
  });

  test('a cancelled run sends nothing more', async () => {
    release(many(50, 1));
    twin.faults.add({ kind: 'latency', latencyInMs: 1_000 });
    world.clock.at(world.clock.now() + 3_500, () => world.abort.abort());
    await expect(deploy()).rejects.toThrow('cancelled');
    expect(twin.log.count('Workspace.import')).toBeLessThanOrEqual(40);
  });

  test('a sign-in page instead of the API refuses the step, whatever its status', async () => {
    for (const kind of ['html', 'login-redirect'] as const) {
      twin.faults.clear();
      twin.faults.add({ kind });
      release({ 'a.py': `${PY}${kind}` });
      await expect(deploy()).rejects.toMatchObject({ name: 'Refusal', message: /sign-in page/ });
    }
    expect(objectsOf(twin)).toEqual([]);
  });

  test('a missing permission refuses the step and says whose', async () => {
    const stranger = databricksWorld({ strangers: ['twin-user'] });
    stranger.world.artifacts = { 'databricks-notebooks': { 'a.py': PY } };
    await expect(runToEnd(notebooks, stranger.world)).rejects.toMatchObject({
      name: 'Refusal',
      message: /does not allow this to Slipway's identity/,
    });
  });
});

describe('looking for drift', () => {
  beforeEach(async () => {
    world.input = { verifyNotebooks: true };
    release({ 'x/a.py': `${PY}1`, 'x/b.csv': '1', 'c.py': PY });
    await deploy();
  });

  test('an untouched workspace costs one request a folder and no write', async () => {
    expect((await redeploy()).changes).toEqual([]);
    expect(twin.log.counts()).toEqual({ 'Workspace.list': 2 });
  });

  test('what was removed, changed or replaced by hand is put right', async () => {
    await underVirtualTime(world.clock, world.clock.sleep(60_000));
    await call('delete', { path: `${ROOT}/c` });
    await call('import', {
      path: `${ROOT}/x/a`,
      content: '',
      format: 'SOURCE',
      language: 'PYTHON',
      overwrite: true,
    });
    await call('delete', { path: `${ROOT}/x/b.csv` });
    await call('import', { path: `${ROOT}/x/b.csv`, content: '', format: 'SOURCE', language: 'SQL' });
    const { changes } = await redeploy();
    expect(changes.map(({ target, detail }) => `${target}: ${detail}`)).toEqual([
      `${ROOT}/c: notebook, PYTHON, 29 bytes; gone in the workspace since it was deployed`,
      `${ROOT}/x/a: notebook, PYTHON, 30 bytes; changed in the workspace since it was deployed`,
      `${ROOT}/x/b.csv: file, 1 bytes; replaced in the workspace since it was deployed`,
    ]);
    expect((await redeploy()).changes).toEqual([]);
    expect(objectsOf(twin)).toEqual([`file ${ROOT}/x/b.csv`, `PYTHON ${ROOT}/c`, `PYTHON ${ROOT}/x/a`]);
  });
});
