import type { HttpClient } from '@azure/core-rest-pipeline';
import { createHttpHeaders } from '@azure/core-rest-pipeline';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { DatabricksOptions } from '../../sandbox/databricks/context.ts';
import { createDatabricksTwin } from '../../sandbox/databricks/twin.ts';
import type { TwinSettings } from '../../sandbox/twin/model.ts';
import { createDatabricksClient } from '../../shared/adapters/databricks.ts';
import { HostLimits } from '../../shared/adapters/host-limit.ts';
import type { DatabricksClient } from '../../shared/engine/databricks-client.ts';
import { zipArchive } from '../../shared/steps/notebooks/zip-archive.ts';
import { twinHttpClient } from '../steps/twin-http-client.ts';
import { newClock, underVirtualTime } from '../steps/virtual-time.ts';

const WORKSPACE = 'https://adb-7405600000000001.1.azuredatabricks.net';
const STORAGE = { metastoreStorageRoot: 'abfss://meta@stmeta001.dfs.core.windows.net/' };
const VOLUME = '/Volumes/c/s/v';
const bytes = (text: string) => new TextEncoder().encode(text);

let clock = newClock();
let twin = createDatabricksTwin();
let client: DatabricksClient;

function open(settings: TwinSettings & DatabricksOptions = {}, change = (sender: HttpClient) => sender) {
  clock = newClock();
  const twinClock = { now: () => clock.now(), sleep: (timeInMs: number) => clock.sleep(timeInMs) };
  twin = createDatabricksTwin({ clock: twinClock, limits: [], ...STORAGE, ...settings });
  const httpClient = change(twinHttpClient({ [WORKSPACE]: twin }));
  client = clientAt(WORKSPACE, httpClient);
}
function clientAt(workspaceUrl: string, httpClient?: HttpClient) {
  const parts = { workspaceUrl, credential: null, clock, limits: new HostLimits(clock) };
  return createDatabricksClient({ ...parts, ...(httpClient === undefined ? {} : { httpClient }) });
}
const soon = <Result>(work: Promise<Result>) => underVirtualTime(clock, work);
async function makeVolume(): Promise<void> {
  await soon(client.unityCatalog.create('catalog', { name: 'c' }));
  await soon(client.unityCatalog.create('schema', { name: 's', catalog_name: 'c' }));
  const volume = { name: 'v', catalog_name: 'c', schema_name: 's', volume_type: 'MANAGED' };
  await soon(client.unityCatalog.create('volume', volume));
}
/** Answers requests to some paths itself: each answer once, then the twin's. */
const answering =
  (path: string, ...answers: readonly { status: number; body: object }[]) =>
  (sender: HttpClient): HttpClient => {
    const left = [...answers];
    return {
      sendRequest: async (request) => {
        const answer = request.url.includes(path) ? left.shift() : undefined;
        if (answer === undefined) return sender.sendRequest(request);
        const { status, body } = answer;
        const headers = createHttpHeaders({ 'content-type': 'application/json' });
        return { request, status, headers, bodyAsText: JSON.stringify(body) };
      },
    };
  };

beforeEach(() => open());
afterEach(() => {
  expect(twin.violations()).toEqual([]);
});

describe('the workspace tree', () => {
  const RAW = { format: 'RAW' } as const;

  test('ids that a JavaScript number cannot hold stay as they are', async () => {
    await soon(client.workspace.makeFolder('/Shared/a'));
    const { object_id } = JSON.parse(
      (await rawStatus('/Shared/a')).replace(/"object_id":(\d+)/, '"object_id":"$1"'),
    );
    expect(Number.isSafeInteger(Number(object_id))).toBe(false);
    expect((await soon(client.workspace.status('/Shared/a')))?.id).toBe(object_id);
  });

  test('what does not exist is null, and removing it is fine', async () => {
    expect(await soon(client.workspace.status('/none'))).toBeNull();
    expect(await soon(client.workspace.list('/none'))).toBeNull();
    expect(await soon(client.workspace.read('/none'))).toBeNull();
    expect(await soon(client.workspace.remove('/none'))).toBe('done');
  });

  test('not-found that comes as a 400 is still not found', async () => {
    const body = { error_code: 'INVALID_PARAMETER_VALUE', message: 'Path /x does not exist.' };
    open({}, answering('get-status', { status: 400, body }));
    expect(await soon(client.workspace.status('/x'))).toBeNull();
  });

  test('a file comes back as it went in, and is listed with its size', async () => {
    await soon(client.workspace.makeFolder('/Shared/a'));
    expect(await soon(client.workspace.list('/Shared/a'))).toEqual([]);
    await soon(client.workspace.put('/Shared/a/x y#1.bin', new Uint8Array([0, 255, 128]), RAW));
    expect(await soon(client.workspace.read('/Shared/a/x y#1.bin'))).toEqual(Buffer.from([0, 255, 128]));
    expect(await soon(client.workspace.list('/Shared/a'))).toMatchObject([{ type: 'FILE', size: 3 }]);
  });

  test('a missing folder, another type and a folder with content are answers, not errors', async () => {
    expect(await soon(client.workspace.put('/Shared/no/x', bytes(''), RAW))).toBe('no-folder');
    await soon(client.workspace.put('/Shared/x', bytes(''), RAW));
    const source = { format: 'SOURCE', language: 'SQL' } as const;
    expect(await soon(client.workspace.put('/Shared/x', bytes(''), source))).toBe('other-type');
    expect(await soon(client.workspace.makeFolder('/Shared/x/y'))).toBe('in-the-way');
    expect(await soon(client.workspace.remove('/Shared'))).toBe('not-empty');
  });

  const EXISTS = { status: 400, body: { error_code: 'RESOURCE_ALREADY_EXISTS', message: 'exists' } };

  test('"exists" in spite of overwriting is tried once more', async () => {
    open({}, answering('workspace/import', EXISTS));
    expect(await soon(client.workspace.put('/Shared/x', bytes('1'), RAW))).toBe('done');
    expect(twin.log.counts()).toEqual({ 'Workspace.import': 1 });
  });

  test('"exists" twice is fine when the content is there, and a failure when it is not', async () => {
    open({}, answering('workspace/import'));
    await soon(client.workspace.put('/Shared/x', bytes('1'), RAW));
    const flaky = answering('workspace/import', EXISTS, EXISTS, EXISTS, EXISTS);
    client = clientAt(WORKSPACE, flaky(twinHttpClient({ [WORKSPACE]: twin })));
    expect(await soon(client.workspace.put('/Shared/x', bytes('1'), RAW))).toBe('done');
    await expect(soon(client.workspace.put('/Shared/x', bytes('2'), RAW))).rejects.toMatchObject({
      name: 'TransientFailure',
    });
  });
});

async function rawStatus(path: string): Promise<string> {
  const url = `${WORKSPACE}/api/2.0/workspace/get-status?path=${path}`;
  const { body } = await twin.handle({ method: 'GET', url, headers: {}, body: new Uint8Array() });
  return Buffer.from(body).toString();
}

describe('an archive', () => {
  const FOLDER = '/Shared/a/releases/0123456789abcdef';
  const zip = () => zipArchive([{ path: 'b/c.py', content: bytes('# Databricks notebook source\n1') }]);

  test('becomes a folder of notebooks in one request', async () => {
    expect(await soon(client.workspace.putArchive(FOLDER, await zip()))).toBe('done');
    expect(twin.log.counts()).toEqual({ 'Workspace.import': 1 });
    expect(await soon(client.workspace.list(`${FOLDER}/b`))).toMatchObject([
      { path: `${FOLDER}/b/c`, type: 'NOTEBOOK', language: 'PYTHON' },
    ]);
  });

  test('is never put over something that is there', async () => {
    await soon(client.workspace.makeFolder(FOLDER));
    expect(await soon(client.workspace.putArchive(FOLDER, await zip()))).toBe('exists');
    expect(await soon(client.workspace.list(FOLDER))).toEqual([]);
  });

  test('the folder of a version goes with all that is in it, and may be gone already', async () => {
    await soon(client.workspace.putArchive(FOLDER, await zip()));
    await soon(client.workspace.removeTree(FOLDER));
    expect(await soon(client.workspace.status(FOLDER))).toBeNull();
    await soon(client.workspace.removeTree(FOLDER));
  });

  test.each([
    '/Shared/a',
    '/Shared/a/releases',
    '/releases/0123456789abcdef',
    `${FOLDER}/b`,
    '/Shared/../releases/0123456789abcdef',
    '/Shared//releases/0123456789abcdef',
  ])('no other folder is ever removed with what is in it: %s', async (folder) => {
    await expect(soon(client.workspace.removeTree(folder))).rejects.toThrow('no folder of a version');
    expect(twin.log.count()).toBe(0);
  });
});

describe('folders go only when they are empty', () => {
  test('in a volume', async () => {
    await makeVolume();
    await soon(client.volumes.put(`${VOLUME}/a/b.whl`, bytes('x')));
    expect(await soon(client.volumes.removeFolder(`${VOLUME}/a`))).toBe('not-empty');
    await soon(client.volumes.remove(`${VOLUME}/a/b.whl`));
    expect(await soon(client.volumes.removeFolder(`${VOLUME}/a`))).toBe('done');
    expect(await soon(client.volumes.removeFolder(`${VOLUME}/a`))).toBe('done');
  });

  test('in DBFS', async () => {
    await soon(client.dbfs.put('dbfs:/a/b.whl', bytes('x')));
    expect(await soon(client.dbfs.remove('dbfs:/a'))).toBe('not-empty');
    expect(await soon(client.dbfs.remove('dbfs:/a/b.whl'))).toBe('done');
    expect(await soon(client.dbfs.remove('dbfs:/a'))).toBe('done');
    expect(await soon(client.dbfs.remove('dbfs:/a'))).toBe('done');
  });
});

describe('files in volumes', () => {
  beforeEach(makeVolume);

  test('are written, read, measured, listed and removed, whatever their names', async () => {
    const path = `${VOLUME}/a b/100%#?.bin`;
    expect(await soon(client.volumes.makeFolder(`${VOLUME}/a b`))).toBe('done');
    expect(await soon(client.volumes.put(path, new Uint8Array([1, 200])))).toBe('done');
    expect(await soon(client.volumes.size(path))).toBe(2);
    expect(await soon(client.volumes.read(path))).toEqual(Buffer.from([1, 200]));
    expect(await soon(client.volumes.list(`${VOLUME}/a b`))).toEqual([{ path, isFolder: false, size: 2 }]);
    await soon(client.volumes.remove(path));
    await soon(client.volumes.remove(path));
    expect(await soon(client.volumes.size(path))).toBeNull();
    expect(await soon(client.volumes.read(path))).toBeNull();
  });

  test('of a volume that does not exist are an answer, not an error', async () => {
    expect(await soon(client.volumes.put('/Volumes/c/s/other/x', bytes('')))).toBe('no-volume');
    expect(await soon(client.volumes.list('/Volumes/c/s/other'))).toBeNull();
  });
});

describe('Unity Catalog', () => {
  test('a list is read to its end, over pages that are empty', async () => {
    for (const name of ['a', 'b', 'c']) await soon(client.unityCatalog.create('catalog', { name }));
    twin.log.clear();
    const found = await soon(client.unityCatalog.list('catalog'));
    expect(found.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(twin.log.count('Catalogs.list')).toBe(2);
  });

  test('schemas and volumes are listed below their parents', async () => {
    await soon(client.unityCatalog.create('catalog', { name: 'c' }));
    await soon(client.unityCatalog.create('schema', { name: 's', catalog_name: 'c' }));
    const names = (await soon(client.unityCatalog.list('schema', 'c'))).map(({ name }) => name);
    expect(names).toContain('s');
    expect(await soon(client.unityCatalog.list('volume', 'c.s'))).toEqual([]);
  });

  test('"exists" is an answer under either status, a missing parent too', async () => {
    for (const existsStatus of [400, 409] as const) {
      open({ existsStatus });
      expect(await soon(client.unityCatalog.create('catalog', { name: 'c' }))).toBeNull();
      expect(await soon(client.unityCatalog.create('catalog', { name: 'c' }))).toMatchObject({
        not: 'exists',
      });
    }
    const orphan = { name: 's', catalog_name: 'none' };
    expect(await soon(client.unityCatalog.create('schema', orphan))).toMatchObject({ not: 'no-parent' });
  });

  test('grants are read with and without what is inherited', async () => {
    await soon(client.unityCatalog.create('catalog', { name: 'c' }));
    await soon(client.unityCatalog.create('schema', { name: 's', catalog_name: 'c' }));
    const change = { principal: 'p', add: ['SELECT'], remove: [] };
    expect(await soon(client.unityCatalog.changeGrants('catalog', 'c', [change]))).toBe('done');
    expect(await soon(client.unityCatalog.grants('schema', 'c.s'))).toEqual([]);
    expect(await soon(client.unityCatalog.effectiveGrants('schema', 'c.s'))).toEqual([
      { principal: 'p', privileges: ['SELECT'] },
    ]);
    expect(await soon(client.unityCatalog.grants('schema', 'c.none'))).toBeNull();
    expect(await soon(client.unityCatalog.changeGrants('schema', 'c.none', [change]))).toBe('no-securable');
  });

  test('the metastore says whether it has storage of its own', async () => {
    expect((await soon(client.unityCatalog.metastore())).storageRoot).toBe(STORAGE.metastoreStorageRoot);
    const body = { metastore_id: 'm', name: 'n' };
    open({}, answering('metastore_summary', { status: 200, body }));
    expect(await soon(client.unityCatalog.metastore())).toEqual({ id: 'm', storageRoot: null, owner: '' });
  });
});

describe('what goes wrong', () => {
  const failure = (work: Promise<unknown>) => soon(work).catch((error: unknown) => error);

  test.each([
    [403, 'Refusal'],
    [400, 'Refusal'],
    [401, 'TransientFailure'],
    [429, 'TransientFailure'],
    [500, 'TransientFailure'],
    [503, 'TransientFailure'],
  ])('status %i is a %s', async (status, name) => {
    twin.faults.add({ kind: 'status', status });
    expect(await failure(client.me())).toMatchObject({ name });
  });

  test('a passing trouble of Databricks is no refusal, whatever its status', async () => {
    twin.faults.add({
      kind: 'status',
      status: 400,
      message: 'Please try again later or try a faster operation.',
    });
    expect(await failure(client.me())).toMatchObject({ name: 'TransientFailure' });
  });

  test('a sign-in page is never a success, neither as 302 nor as 203 nor as 200', async () => {
    for (const kind of ['login-redirect', 'html'] as const) {
      open();
      twin.faults.add({ kind });
      expect(await failure(client.workspace.makeFolder('/Shared/x'))).toMatchObject({ name: 'Refusal' });
    }
    const page = (): HttpClient => ({
      sendRequest: async (request) => {
        const headers = createHttpHeaders({ 'content-type': 'text/html; charset=utf-8' });
        return { request, status: 200, headers, bodyAsText: '<html>Sign in</html>' };
      },
    });
    open({}, page);
    expect(await failure(client.workspace.makeFolder('/Shared/x'))).toMatchObject({
      name: 'Refusal',
      message: expect.stringContaining('answers with a sign-in page'),
    });
  });

  test('a secret in an error text does not come through', async () => {
    const secret = 'dapi0123456789abcdef0123456789abcdef';
    twin.faults.add({ kind: 'status', status: 400, message: `bad token ${secret}` });
    expect(String(await failure(client.me()))).not.toContain(secret);
  });

  test.each([
    'http://adb-1.1.azuredatabricks.net',
    'https://azuredatabricks.net.example.com',
    'https://example.com/adb-1.1.azuredatabricks.net',
    'not an address',
  ])('%s gets no client', (workspaceUrl) => {
    expect(() => clientAt(workspaceUrl)).toThrow(/no address of an Azure Databricks workspace/);
  });
});

describe('over HTTP', () => {
  test('the client speaks to a server, with a token, and says who it is', async () => {
    const tokens: (string | undefined)[] = [];
    const served = createDatabricksTwin({
      limits: [],
      acceptsToken: (token) => {
        tokens.push(token);
        return { ok: true, principal: 'slipway' };
      },
    });
    const server = await served.listen();
    try {
      const real = { now: () => Date.now(), sleep: () => Promise.resolve() };
      const credential = {
        getToken: async () => ({ token: 'a-token', expiresOnTimestamp: Date.now() + 3_600_000 }),
      };
      const limits = new HostLimits(real);
      const live = createDatabricksClient({ workspaceUrl: server.url, credential, clock: real, limits });
      expect((await live.me()).userName).not.toBe('');
      await live.workspace.put('/Shared/größe.bin', new Uint8Array([0, 255]), { format: 'RAW' });
      expect(await live.workspace.read('/Shared/größe.bin')).toEqual(Buffer.from([0, 255]));
      expect(new Set(tokens)).toEqual(new Set(['a-token']));
      expect(served.violations()).toEqual([]);
    } finally {
      await server.close();
    }
  });
});
