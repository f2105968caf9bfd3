import { createCipheriv } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { WorkspaceTree } from '../../shared/engine/databricks-client.ts';
import { sendArchive } from '../../shared/steps/notebooks/archive.ts';
import type { WorkspaceFile } from '../../shared/steps/notebooks/files.ts';
import { notebooks } from '../../shared/steps/notebooks.ts';
import type { DatabricksWorld } from './databricks-world.ts';
import { callTwin, databricksWorld, objectsOf, WORKSPACE, writesOf } from './databricks-world.ts';
import { contentOf, contextOf, plan, runToEnd } from './step-runner.ts';
import { underVirtualTime } from './virtual-time.ts';

const ROOT = '/Shared/parking-sensors';
const PY = '# Databricks notebook source\n';
const JUPYTER = JSON.stringify({ cells: [], nbformat: 4 });

let { world, twin }: DatabricksWorld = databricksWorld();

beforeEach(() => {
  ({ world, twin } = databricksWorld());
  world.input = { strategy: 'versioned', keep: 3 };
});
afterEach(() => {
  expect(twin.violations()).toEqual([]);
});

const release = (files: Record<string, string | Uint8Array>, tests: Record<string, string> = {}) => {
  world.artifacts = { 'databricks-notebooks': files, 'databricks-tests': tests };
};
const deploy = () => runToEnd(notebooks, world);
const redeploy = () => {
  twin.log.clear();
  return deploy();
};
const call = (verb: string, body: object) => callTwin(twin, `/api/2.0/workspace/${verb}`, body);
const folderIn = (output: Readonly<Record<string, unknown>> | null) =>
  String(output?.folder).replace('/Workspace', '');
const sources = (count: number, folders: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `folder ${index % folders}/notebook ${index}.py`,
      `${PY}print(${index})`,
    ]),
  );
const MIXED = {
  'a.py': PY,
  'deep/b.sql': '-- Databricks notebook source\nselect 1',
  'deep/er/c.ipynb': JUPYTER,
  'deep/zones.csv': 'a,b',
  'module.py': 'x = 1\n',
};
/** Lets something happen around the calls of a workspace, as the real service might. */
const disturb = (change: (workspace: WorkspaceTree) => Partial<WorkspaceTree>) => {
  const { databricks } = world.clients;
  world.clients = {
    ...world.clients,
    databricks: (url) => {
      const client = databricks(url);
      return { ...client, workspace: { ...client.workspace, ...change(client.workspace) } };
    },
  };
};

describe('a folder for each content', () => {
  test('a release goes beside the one before, which stays as it is', async () => {
    release({ 'a.py': `${PY}1`, 'b/c.py': PY });
    const first = folderIn((await deploy()).output);
    release({ 'a.py': `${PY}2`, 'b/c.py': PY });
    const second = folderIn((await deploy()).output);
    expect(first).toMatch(/^\/Shared\/parking-sensors\/releases\/[0-9a-f]{16}$/);
    expect(objectsOf(twin)).toEqual(
      [first, second].flatMap((folder) => [`PYTHON ${folder}/a`, `PYTHON ${folder}/b/c`]).sort(),
    );
  });

  test('its plan is one change, and says how much of it is new', async () => {
    release({ 'a.py': `${PY}1`, 'b/c.py': PY });
    const [first] = await plan(notebooks, world);
    expect(first).toMatchObject({ action: 'create', before: null, detail: '2 notebooks and files' });
    await deploy();
    release({ 'a.py': `${PY}2`, 'b/c.py': PY, 'd.txt': '' });
    const { changes } = await deploy();
    expect(changes.map(({ detail }) => detail)).toEqual(['3 notebooks and files, 2 of them new or changed']);
  });

  test('an unchanged release and an older one that is still there make no request', async () => {
    release({ 'a.py': `${PY}1` });
    await deploy();
    expect((await redeploy()).changes).toEqual([]);
    release({ 'a.py': `${PY}2` });
    await deploy();
    release({ 'a.py': `${PY}1` });
    expect((await redeploy()).changes).toEqual([]);
    expect(twin.log.count()).toBe(0);
  });

  test('tests have versions of their own: new notebooks do not send them again', async () => {
    release({ 'a.py': `${PY}1` }, { 'run_suite.py': 'import pytest' });
    await deploy();
    release({ 'a.py': `${PY}2` }, { 'run_suite.py': 'import pytest' });
    const { changes, output } = await deploy();
    expect(changes).toHaveLength(1);
    expect(output?.testFolder).toMatch(
      /^\/Workspace\/Shared\/parking-sensors-tests\/releases\/[0-9a-f]{16}$/,
    );
  });

  test('everything is in it what in-place would have put there', async () => {
    const other = databricksWorld();
    other.world.artifacts = { 'databricks-notebooks': MIXED };
    await runToEnd(notebooks, other.world);
    release(MIXED);
    const folder = folderIn((await deploy()).output);
    expect(objectsOf(twin).map((name) => name.replace(folder, ROOT))).toEqual(objectsOf(other.twin));
  });

  test('what cannot be deployed is refused before anything is written, for both artifacts at once', async () => {
    release({ 'a.py': PY, 'a.sql': '-- Databricks notebook source' }, { 'x.ipynb': 'no notebook' });
    await expect(plan(notebooks, world)).rejects.toThrow('x.ipynb is no Jupyter notebook');
    release({ 'a.py': PY, 'a.sql': '-- Databricks notebook source' });
    await expect(plan(notebooks, world)).rejects.toThrow('a.py and a.sql would both become');
  });
});

describe('as one archive', () => {
  test('sources of notebooks are one import, however many, and are read back folder by folder', async () => {
    release(sources(200, 30));
    const { output } = await deploy();
    expect(twin.log.counts()).toEqual({
      'Workspace.list': 31,
      'Workspace.mkdirs': 1,
      'Workspace.import': 1,
    });
    expect(objectsOf(twin)).toHaveLength(200);
    expect(output).toMatchObject({ files: 200 });
  });

  test('the same notebooks as an archive and file by file end alike', async () => {
    release({
      ...sources(5, 2),
      'é/ü ñ.py': `\uFEFF${PY}x`,
      'x.r': `${PY}1`,
      'y.scala': '// Databricks notebook source\n',
    });
    await deploy();
    const archived = twin.inventory();
    const other = databricksWorld();
    other.world.input = world.input;
    other.world.artifacts = world.artifacts;
    other.twin.faults.add({ kind: 'status', match: 'Workspace.import', times: 1, status: 400 });
    await runToEnd(notebooks, other.world);
    expect(twin.log.count('Workspace.import')).toBe(1);
    expect(other.twin.inventory()).toEqual(archived);
  });

  test('a file that is no notebook, a Jupyter notebook or an odd spelling make it go file by file', async () => {
    for (const odd of [
      { 'zones.csv': 'a' },
      { 'n.ipynb': JUPYTER },
      { 'Q.SQL': '-- Databricks notebook source' },
    ]) {
      twin.log.clear();
      release({ ...sources(3, 1), ...odd });
      await deploy();
      expect(twin.log.count('Workspace.import')).toBe(4);
    }
  });

  test('more than 10 MB packed is no archive', async () => {
    const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16));
    const noise = () => PY + cipher.update(Buffer.alloc(4 * 1024 * 1024)).toString('base64');
    const [content, paths] = [contentOf(world), ['a.py', 'b.py', 'c.py']];
    const files = paths.map(async (from): Promise<WorkspaceFile> => {
      const text = noise();
      const placed = { path: `${ROOT}/${from}`, size: text.length, form: 'PYTHON' as const };
      return { ...placed, from, sha256: await content.put(text) };
    });
    const { workspace } = world.clients.databricks(WORKSPACE);
    const folder = { folder: ROOT, files: await Promise.all(files) };
    expect(await sendArchive(await contextOf(notebooks, world, null), folder, workspace)).toBe(false);
    expect(twin.log.count()).toBe(0);
  });

  test('a refused archive is replaced by its files', async () => {
    twin.faults.add({ kind: 'status', match: 'Workspace.import', times: 1, status: 400 });
    release(sources(3, 1));
    expect((await deploy()).refused).toBeNull();
    expect(twin.log.count('Workspace.import')).toBe(4);
    expect(objectsOf(twin)).toHaveLength(3);
    expect(world.log.join()).toContain('was not taken as an archive');
  });

  test('a service that never answers an archive gets the files', async () => {
    twin.faults.add({ kind: 'drop', match: 'Workspace.import', times: 4, when: 'before' });
    release(sources(3, 1));
    expect((await deploy()).refused).toBeNull();
    expect(objectsOf(twin)).toHaveLength(3);
  });

  test('a lost answer is found to be whole, and nothing is sent again', async () => {
    twin.faults.add({ kind: 'drop', match: 'Workspace.import', times: 1, when: 'after' });
    release(sources(3, 1));
    await deploy();
    expect(twin.log.count('Workspace.import')).toBe(2);
    expect(objectsOf(twin)).toHaveLength(3);
  });

  test('what is missing or in another language after it is sent by itself', async () => {
    release(sources(6, 2));
    disturb((workspace) => ({
      putArchive: async (folder, zip) => {
        const answer = await workspace.putArchive(folder, zip);
        await call('delete', { path: `${folder}/folder 0/notebook 0` });
        await call('delete', { path: `${folder}/folder 1/notebook 1` });
        const path = `${folder}/folder 1/notebook 1`;
        await call('import', { path, content: '', format: 'SOURCE', language: 'SCALA' });
        return answer;
      },
    }));
    await deploy();
    expect(twin.log.count('Workspace.import')).toBe(4);
    expect(objectsOf(twin).filter((name) => name.startsWith('PYTHON'))).toHaveLength(6);
  });
});

describe('read back', () => {
  test('an upload that the service swallows is refused by name after a second try', async () => {
    release(MIXED);
    disturb((workspace) => ({
      put: async (path, content, form) =>
        /csv|module/.test(path) ? 'done' : workspace.put(path, content, form),
    }));
    const { refused } = await deploy();
    expect(refused).toMatch(
      /releases\/[0-9a-f]{16} is not what the release says, though it was sent twice: .*\/deep\/zones\.csv is missing; .*\/module\.py is missing\. See whether somebody else writes there, then retry\.$/,
    );
  });

  test('a file that arrived short is sent again', async () => {
    release(MIXED);
    let isFirst = true;
    disturb((workspace) => ({
      put: async (path, content, form) => {
        const isCut = isFirst && path.endsWith('zones.csv');
        if (isCut) isFirst = false;
        return workspace.put(path, isCut ? content.subarray(0, 1) : content, form);
      },
    }));
    expect((await deploy()).refused).toBeNull();
    const digestOf = (path: string) => twin.inventory().find(({ name }) => name.endsWith(path))?.digest;
    const other = databricksWorld();
    other.world.artifacts = world.artifacts;
    await runToEnd(notebooks, other.world);
    expect(digestOf('zones.csv')).toBe(
      other.twin.inventory().find(({ name }) => name.endsWith('zones.csv'))?.digest,
    );
  });

  test('something of somebody else in the way is not removed: the step refuses', async () => {
    release(MIXED);
    const [change] = await plan(notebooks, world);
    await call('mkdirs', { path: `${change?.target}/module.py/theirs` });
    expect((await deploy()).refused).toContain('/module.py cannot be written: something of another type');
  });
});

describe('after an interruption', () => {
  test('the next deployment sends only what is missing', async () => {
    twin.faults.add({ kind: 'drop', match: 'Workspace.import', skip: 2, times: 40, when: 'before' });
    release(MIXED);
    await expect(deploy()).rejects.toThrow(/no answer/);
    twin.faults.clear();
    const before = objectsOf(twin).length;
    expect(before).toBeGreaterThan(0);
    const { changes, refused } = await redeploy();
    expect(changes.map(({ detail }) => detail)).toEqual([
      '5 notebooks and files; completed, since an earlier deployment was interrupted',
    ]);
    expect(refused).toBeNull();
    expect(twin.log.count('Workspace.import')).toBe(5 - before);
    expect((await redeploy()).changes).toEqual([]);
  });

  test('a folder that is whole is only looked at, since it may be live', async () => {
    release(sources(4, 2));
    const { changes } = await deploy();
    world.inventory = {
      digest: null,
      uncertain: [...world.contents.keys()].filter((digest) => isPlan(digest)),
    };
    expect(changes).toHaveLength(1);
    await redeploy();
    expect(writesOf(twin)).toBe(0);
    expect(twin.log.count('Workspace.list')).toBe(3);
  });

  test('another release that comes in between does not make the half one count as whole', async () => {
    twin.faults.add({ kind: 'drop', match: 'Workspace.import', skip: 2, times: 40, when: 'before' });
    release(MIXED);
    await expect(deploy()).rejects.toThrow(/no answer/);
    twin.faults.clear();
    release({ 'other.py': PY });
    await deploy();
    release(MIXED);
    expect((await redeploy()).changes).toHaveLength(1);
    expect(objectsOf(twin)).toHaveLength(6);
  });

  test("more than a minute's work goes on in another invocation", async () => {
    twin.faults.add({ kind: 'latency', latencyInMs: 5_000 });
    release({ ...sources(200, 5), 'zones.csv': '' });
    const { calls, refused } = await deploy();
    expect(refused).toBeNull();
    expect(calls).toBeGreaterThan(1);
    expect(objectsOf(twin)).toHaveLength(201);
  });

  test('what an earlier version of Slipway noted while it waited is read as a beginning', async () => {
    release(MIXED);
    const changes = await plan(notebooks, world);
    const context = await contextOf(notebooks, world, { passes: 1 });
    const outcome = await underVirtualTime(world.clock, notebooks.apply(context, changes));
    expect(outcome).toMatchObject({ done: { files: 5 } });
    expect(objectsOf(twin)).toHaveLength(5);
  });

  test('a cancelled run stops', async () => {
    world.abort.abort();
    release(MIXED);
    await expect(deploy()).rejects.toThrow('the run was cancelled');
  });
});

/** Whether stored content is a list of changes. */
function isPlan(digest: string): boolean {
  return Buffer.from(world.contents.get(digest) ?? '')
    .toString('utf8')
    .startsWith('[{"action"');
}

describe('another strategy', () => {
  test('files in place are remembered for the clean-up, and sent again only if they have to be', async () => {
    world.input = {};
    release({ 'a.py': PY });
    await deploy();
    world.input = { strategy: 'versioned' };
    await deploy();
    expect(objectsOf(twin)).toHaveLength(2);
    world.input = {};
    expect((await redeploy()).changes).toEqual([]);
  });

  test('versions are remembered when a release goes in place', async () => {
    release({ 'a.py': PY });
    await deploy();
    world.input = {};
    await deploy();
    world.input = { strategy: 'versioned' };
    expect((await redeploy()).changes).toEqual([]);
  });

  test('an inventory from before there were versions is read', async () => {
    const path = `${ROOT}/a`;
    const inventory = {
      schema: 1,
      workspace: WORKSPACE,
      root: ROOT,
      files: { [path]: { from: 'a.py', sha256: 'old', form: 'PYTHON' } },
    };
    world.contents.set('1', new TextEncoder().encode(JSON.stringify(inventory)));
    world.inventory = { digest: '1', uncertain: [] };
    world.input = {};
    release({ 'a.py': PY });
    expect(await plan(notebooks, world)).toMatchObject([{ target: path, action: 'update', before: 'old' }]);
  });
});

describe('with verify', () => {
  test('a notebook that somebody removed from a version is put back', async () => {
    world.input = { strategy: 'versioned', verifyNotebooks: true };
    release(MIXED);
    const folder = folderIn((await deploy()).output);
    expect((await redeploy()).changes).toEqual([]);
    await call('delete', { path: `${folder}/a` });
    const { changes } = await redeploy();
    expect(changes).toMatchObject([
      { action: 'update', detail: expect.stringContaining('; 1 of them were removed or replaced') },
    ]);
    expect(objectsOf(twin)).toContain(`PYTHON ${folder}/a`);
    expect(writesOf(twin)).toBe(1);
  });
});
