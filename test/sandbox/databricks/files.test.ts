import { beforeEach, describe, expect, test } from '@jest/globals';
import { base64, openWorkspace } from './client.ts';

let workspace = openWorkspace();
const dbfs = (verb: string, body: unknown) => workspace.call('POST', `/api/2.0/dbfs/${verb}`, { body });
const dbfsGet = (verb: string, query: Record<string, string>) =>
  workspace.call('GET', `/api/2.0/dbfs/${verb}`, { query });

beforeEach(() => {
  workspace = openWorkspace();
});

describe('DBFS', () => {
  test('a small file goes up in one call and its folders are made', async () => {
    await dbfs('put', { path: '/a/b/x.whl', contents: base64('wheel') });
    expect((await dbfsGet('get-status', { path: 'dbfs:/a/b/x.whl' })).body).toMatchObject({
      is_dir: false,
      file_size: 5,
    });
    expect((await dbfsGet('list', { path: '/a' })).body).toMatchObject({
      files: [{ path: '/a/b', is_dir: true }],
    });
    expect((await dbfsGet('read', { path: '/a/b/x.whl', offset: '2', length: '2' })).body).toEqual({
      bytes_read: 2,
      data: base64('ee'),
    });
    expect(workspace.twin.violations()).toEqual([]);
  });

  test('put takes one megabyte as JSON and any size as a form', async () => {
    const large = new Uint8Array(1024 * 1024 + 1);
    expect((await dbfs('put', { path: '/x', contents: base64(large) })).body).toMatchObject({
      error_code: 'MAX_BLOCK_SIZE_EXCEEDED',
    });
    const form = new FormData();
    form.set('path', '/x');
    form.set('contents', new Blob([large]));
    const encoded = new Response(form);
    const headers = { 'content-type': encoded.headers.get('content-type') ?? '' };
    const raw = new Uint8Array(await encoded.arrayBuffer());
    expect((await workspace.call('POST', '/api/2.0/dbfs/put', { raw, headers })).status).toBe(200);
    expect((await dbfsGet('read', { path: '/x', length: '1048577' })).body).toMatchObject({
      error_code: 'MAX_READ_SIZE_EXCEEDED',
    });
  });

  test('an existing file is replaced only with overwrite', async () => {
    await dbfs('put', { path: '/x', contents: base64('1') });
    expect(await dbfs('put', { path: '/x', contents: base64('2') })).toMatchObject({
      status: 400,
      body: { error_code: 'RESOURCE_ALREADY_EXISTS' },
    });
    expect((await dbfs('put', { path: '/x', contents: base64('2'), overwrite: true })).status).toBe(200);
  });

  test('a file in blocks is there when it is closed', async () => {
    const opened = (await dbfs('create', { path: '/big' })).body;
    const handle: unknown = Reflect.get(Object(opened), 'handle');
    expect(typeof handle).toBe('bigint');
    await dbfs('add-block', { handle, data: base64('ab') });
    await dbfs('add-block', { handle, data: base64('cd') });
    expect((await dbfsGet('get-status', { path: '/big' })).status).toBe(404);
    expect((await dbfs('close', { handle })).status).toBe(200);
    expect((await dbfsGet('read', { path: '/big' })).body).toMatchObject({ data: base64('abcd') });
    expect(await dbfs('close', { handle })).toMatchObject({ status: 404 });
  });

  test('a handle dies when it is not used for ten minutes', async () => {
    const handle: unknown = Reflect.get(Object((await dbfs('create', { path: '/big' })).body), 'handle');
    workspace.pass(10 * 60 * 1000 + 1);
    expect((await dbfs('add-block', { handle, data: base64('x') })).body).toMatchObject({
      error_code: 'RESOURCE_DOES_NOT_EXIST',
    });
  });

  test('a large delete stops half-way with 503 and finishes when called again', async () => {
    workspace = openWorkspace({ dbfsDeleteBatch: 2 });
    for (const name of ['a', 'b', 'c']) await dbfs('put', { path: `/dir/${name}`, contents: '' });
    expect((await dbfs('delete', { path: '/dir' })).body).toMatchObject({ error_code: 'IO_ERROR' });
    expect((await dbfs('delete', { path: '/dir', recursive: true })).status).toBe(503);
    expect((await dbfs('delete', { path: '/dir', recursive: true })).status).toBe(200);
    expect((await dbfsGet('get-status', { path: '/dir' })).status).toBe(404);
  });

  test('a folder moves with everything in it', async () => {
    await dbfs('put', { path: '/from/a/x', contents: base64('1') });
    await dbfs('move', { source_path: '/from', destination_path: '/to/there' });
    expect((await dbfsGet('get-status', { path: '/to/there/a/x' })).status).toBe(200);
    expect((await dbfsGet('get-status', { path: '/from' })).status).toBe(404);
  });

  test('a workspace without a DBFS root refuses every call', async () => {
    workspace = openWorkspace({ dbfsRoot: 'disabled' });
    expect(await dbfs('put', { path: '/mnt/x.whl', contents: '' })).toMatchObject({
      status: 403,
      body: { error_code: 'PERMISSION_DENIED' },
    });
    expect((await dbfsGet('list', { path: '/' })).status).toBe(403);
  });
});

describe('files in volumes', () => {
  const FILE = '/api/2.0/fs/files/Volumes/main/bronze/wheels';
  const FOLDER = '/api/2.0/fs/directories/Volumes/main/bronze/wheels';

  beforeEach(async () => {
    workspace = openWorkspace({ metastoreStorageRoot: 'abfss://root@store.dfs.core.windows.net/' });
    const create = (what: string, body: unknown) =>
      workspace.call('POST', `/api/2.1/unity-catalog/${what}`, { body });
    await create('catalogs', { name: 'main' });
    await create('schemas', { name: 'bronze', catalog_name: 'main' });
    await create('volumes', {
      name: 'wheels',
      schema_name: 'bronze',
      catalog_name: 'main',
      volume_type: 'MANAGED',
    });
  });

  test('a raw body goes up and comes down with its headers', async () => {
    expect(
      await workspace.call('PUT', `${FILE}/v1/x%20y.whl`, { raw: 'wheel', query: { overwrite: 'false' } }),
    ).toMatchObject({ status: 204 });
    const down = await workspace.call('GET', `${FILE}/v1/x%20y.whl`);
    expect(Buffer.from(down.raw).toString()).toBe('wheel');
    const head = await workspace.call('HEAD', `${FILE}/v1/x%20y.whl`);
    expect(head).toMatchObject({
      status: 200,
      headers: { 'content-length': '5', 'last-modified': expect.any(String) },
    });
    expect(workspace.twin.violations()).toEqual([]);
  });

  test('an existing file is replaced only with overwrite', async () => {
    await workspace.call('PUT', `${FILE}/x`, { raw: '1' });
    expect(await workspace.call('PUT', `${FILE}/x`, { raw: '2' })).toMatchObject({
      status: 409,
      body: { error_code: 'ALREADY_EXISTS' },
    });
    expect(
      (await workspace.call('PUT', `${FILE}/x`, { raw: '2', query: { overwrite: 'true' } })).status,
    ).toBe(204);
  });

  test('a missing file answers 404, to HEAD without a body', async () => {
    expect((await workspace.call('GET', `${FILE}/none`)).body).toMatchObject({ error_code: 'NOT_FOUND' });
    const head = await workspace.call('HEAD', `${FILE}/none`);
    expect([head.status, head.raw.length]).toEqual([404, 0]);
    expect((await workspace.call('DELETE', `${FILE}/none`)).status).toBe(404);
  });

  test('a volume that does not exist takes nothing', async () => {
    expect(
      (await workspace.call('PUT', '/api/2.0/fs/files/Volumes/main/bronze/none/x', { raw: 'x' })).status,
    ).toBe(404);
    expect((await workspace.call('PUT', '/api/2.0/fs/files/tmp/x', { raw: 'x' })).status).toBe(400);
  });

  test('making a folder is idempotent, makes its parents and refuses a file', async () => {
    expect((await workspace.call('PUT', `${FOLDER}/a/b`)).status).toBe(204);
    expect((await workspace.call('PUT', `${FOLDER}/a/b`)).status).toBe(204);
    expect((await workspace.call('HEAD', `${FOLDER}/a`)).status).toBe(200);
    await workspace.call('PUT', `${FILE}/x`, { raw: '1' });
    expect((await workspace.call('PUT', `${FOLDER}/x`)).status).toBe(409);
  });

  test('a folder lists in pages and is deleted only when empty', async () => {
    for (const name of ['a', 'b', 'c']) await workspace.call('PUT', `${FILE}/d/${name}`, { raw: name });
    const first = (await workspace.call('GET', `${FOLDER}/d`, { query: { page_size: '2' } })).body;
    expect(first).toMatchObject({
      contents: [{ path: '/Volumes/main/bronze/wheels/d/a', file_size: 1 }, { name: 'b' }],
    });
    const page_token = String(Reflect.get(Object(first), 'next_page_token'));
    const second = (await workspace.call('GET', `${FOLDER}/d`, { query: { page_size: '2', page_token } }))
      .body;
    expect(second).toMatchObject({ contents: [{ name: 'c' }] });
    expect(second).not.toHaveProperty('next_page_token');
    expect((await workspace.call('DELETE', `${FOLDER}/d`)).body).toMatchObject({
      details: [{ reason: 'FILES_API_DIRECTORY_IS_NOT_EMPTY' }],
    });
    expect((await workspace.call('GET', `${FOLDER}/d/a`)).status).toBe(404);
  });
});
