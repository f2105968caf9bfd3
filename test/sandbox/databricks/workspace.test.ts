import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ZipFile } from 'yazl';
import { base64, openWorkspace } from './client.ts';

const PY = '# Databricks notebook source\nprint(1)';
let workspace = openWorkspace();

beforeEach(() => {
  workspace = openWorkspace();
});
afterEach(() => {
  expect(workspace.twin.violations()).toEqual([]);
});

const mkdirs = (path: string) => workspace.call('POST', '/api/2.0/workspace/mkdirs', { body: { path } });
const put = (path: string, content: string | Uint8Array, more: Record<string, unknown> = {}) =>
  workspace.call('POST', '/api/2.0/workspace/import', {
    body: { path, content: base64(content), format: 'AUTO', ...more },
  });
const status = (path: string) => workspace.call('GET', '/api/2.0/workspace/get-status', { query: { path } });
const list = (path: string) => workspace.call('GET', '/api/2.0/workspace/list', { query: { path } });
const remove = (path: string, recursive?: boolean) =>
  workspace.call('POST', '/api/2.0/workspace/delete', {
    body: { path, ...(recursive === undefined ? {} : { recursive }) },
  });
const read = async (path: string, format = 'SOURCE') => {
  const query = { path, format, direct_download: 'true' };
  return Buffer.from((await workspace.call('GET', '/api/2.0/workspace/export', { query })).raw).toString(
    'utf8',
  );
};

describe('folders', () => {
  test('making a folder makes its ancestors, and making it again is fine', async () => {
    expect((await mkdirs('/Shared/a/b/c')).status).toBe(200);
    expect((await mkdirs('/Shared/a/b/c')).status).toBe(200);
    expect((await status('/Shared/a/b')).body).toMatchObject({
      object_type: 'DIRECTORY',
      path: '/Shared/a/b',
    });
  });

  test('/Workspace is the root under another name, and slashes collapse', async () => {
    await mkdirs('/Workspace//Shared///a/');
    expect((await status('/Shared/a')).body).toMatchObject({ path: '/Shared/a' });
    expect((await status('/Workspace/Shared/a')).status).toBe(200);
  });

  test('a folder cannot be made where a file is on the path', async () => {
    await put('/Shared/data.txt', 'x');
    expect(await mkdirs('/Shared/data.txt/sub')).toMatchObject({
      status: 400,
      body: { error_code: 'RESOURCE_ALREADY_EXISTS' },
    });
  });

  test('a folder with content is deleted only recursively', async () => {
    await mkdirs('/Shared/a/b');
    expect(await remove('/Shared/a')).toMatchObject({
      status: 400,
      body: { error_code: 'DIRECTORY_NOT_EMPTY' },
    });
    expect((await remove('/Shared/a', true)).status).toBe(200);
    expect(await remove('/Shared/a', true)).toMatchObject({
      status: 404,
      body: { error_code: 'RESOURCE_DOES_NOT_EXIST' },
    });
  });

  test('an empty folder lists as an empty object, a file lists as itself', async () => {
    await mkdirs('/Shared/a');
    expect((await list('/Shared/a')).body).toEqual({});
    await put('/Shared/a/x.txt', 'abc');
    expect((await list('/Shared/a/x.txt')).body).toMatchObject({
      objects: [{ object_type: 'FILE', size: 3 }],
    });
    expect((await list('/Shared/none')).body).toMatchObject({
      message: "Path (/Shared/none) doesn't exist.",
    });
  });
});

describe('imports', () => {
  test('an import needs its parent folder', async () => {
    expect(await put('/Shared/none/x.txt', 'x')).toMatchObject({
      status: 404,
      body: { message: 'The parent folder (/Shared/none) does not exist.' },
    });
  });

  test.each([
    ['nb.py', PY, 'PYTHON'],
    ['nb.sql', '-- Databricks notebook source\nSELECT 1', 'SQL'],
    ['nb.scala', '// Databricks notebook source\r\n1', 'SCALA'],
    ['nb.R', '# Databricks notebook source\n1', 'R'],
  ])('AUTO makes a notebook without extension of %s with the header', async (name, content, language) => {
    await put(`/Shared/${name}`, content);
    expect((await status('/Shared/nb')).body).toMatchObject({ object_type: 'NOTEBOOK', language });
    expect((await status(`/Shared/${name}`)).status).toBe(404);
  });

  test('AUTO makes a notebook of .ipynb in the language that it names', async () => {
    const cells = [
      { cell_type: 'markdown', source: ['# Title\n', 'text'] },
      { cell_type: 'code', source: 'SELECT 1' },
    ];
    await put('/Shared/nb.ipynb', JSON.stringify({ cells, metadata: { language_info: { name: 'sql' } } }));
    expect((await status('/Shared/nb')).body).toMatchObject({ object_type: 'NOTEBOOK', language: 'SQL' });
    expect(await read('/Shared/nb')).toBe(
      '-- Databricks notebook source\n-- MAGIC %md\n-- MAGIC # Title\n-- MAGIC text\n\n-- COMMAND ----------\n\nSELECT 1',
    );
  });

  test('AUTO keeps a source without the header as a file, without a language', async () => {
    await put('/Shared/module.py', 'x = 1');
    const info = (await status('/Shared/module.py')).body;
    expect(info).toMatchObject({ object_type: 'FILE', size: 5 });
    expect(info).not.toHaveProperty('language');
    expect(await read('/Shared/module.py')).toBe('x = 1');
  });

  test('SOURCE needs a language, keeps the path, and comes back with the header', async () => {
    expect((await put('/Shared/nb.py', 'x', { format: 'SOURCE' })).status).toBe(400);
    expect((await put('/Shared/nb.py', 'x', { format: 'SOURCE', language: 'PYTHON' })).status).toBe(200);
    expect(await read('/Shared/nb.py')).toBe('# Databricks notebook source\nx');
  });

  test('RAW is always a file', async () => {
    await put('/Shared/nb.py', PY, { format: 'RAW' });
    expect((await status('/Shared/nb.py')).body).toMatchObject({ object_type: 'FILE' });
  });

  test('without overwrite a notebook is refused with 400 and a file with 409', async () => {
    await put('/Shared/nb.py', PY);
    await put('/Shared/x.txt', 'x');
    expect(await put('/Shared/nb.py', PY)).toMatchObject({
      status: 400,
      body: { error_code: 'RESOURCE_ALREADY_EXISTS' },
    });
    expect(await put('/Shared/x.txt', 'x')).toMatchObject({
      status: 409,
      body: { message: 'File already exists at (/Shared/x.txt).' },
    });
  });

  test('overwriting keeps the id and changes the content', async () => {
    await put('/Shared/nb.py', PY);
    const before = (await status('/Shared/nb')).body;
    workspace.pass(1000);
    await put('/Shared/nb.py', `${PY}0`, { overwrite: true });
    const after = (await status('/Shared/nb')).body;
    expect(after).toMatchObject({ object_id: Reflect.get(Object(before), 'object_id') });
    expect(after).not.toEqual(before);
    expect(await read('/Shared/nb')).toBe(`${PY}0`);
  });

  test('a notebook does not overwrite a file of the same path', async () => {
    await put('/Shared/nb', 'x');
    expect(await put('/Shared/nb.py', PY, { overwrite: true })).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('type mismatch (asked: NOTEBOOK, actual: FILE)') },
    });
  });

  test('ten megabytes are taken, one byte more is not', async () => {
    const most = new Uint8Array(10 * 1024 * 1024);
    expect((await put('/Shared/big.bin', most)).status).toBe(200);
    expect(await put('/Shared/bigger.bin', new Uint8Array(most.length + 1))).toMatchObject({
      status: 400,
      body: { error_code: 'MAX_NOTEBOOK_SIZE_EXCEEDED' },
    });
  });

  test('content that is no base64 is refused', async () => {
    const body = { path: '/Shared/x', content: '<html>', format: 'AUTO' };
    expect((await workspace.call('POST', '/api/2.0/workspace/import', { body })).status).toBe(400);
  });

  test('the raw variant for workspace files follows the same rules', async () => {
    const send = (path: string, query: Record<string, string> = {}) =>
      workspace.call('POST', `/api/2.0/workspace-files/import-file/${path}`, { raw: PY, query });
    expect((await send('Workspace/Shared/nb.py')).status).toBe(200);
    expect((await send('Shared/nb.py')).status).toBe(400);
    expect((await send('Shared%2Fnb.py', { overwrite: 'true' })).status).toBe(200);
    expect((await send('Shared/none/nb.py')).status).toBe(404);
    expect((await status('/Shared/nb')).body).toMatchObject({ object_type: 'NOTEBOOK' });
  });

  test('the multipart variant takes the file as it is', async () => {
    const form = new FormData();
    form.set('path', '/Shared/x.txt');
    form.set('format', 'AUTO');
    form.set('overwrite', 'true');
    form.set('content', new Blob(['héllo']), 'x.txt');
    const encoded = new Response(form);
    const headers = { 'content-type': encoded.headers.get('content-type') ?? '' };
    const raw = new Uint8Array(await encoded.arrayBuffer());
    expect((await workspace.call('POST', '/api/2.0/workspace/import', { raw, headers })).status).toBe(200);
    expect(await read('/Shared/x.txt')).toBe('héllo');
  });
});

describe('archives', () => {
  const zip = (files: Record<string, string>) => {
    const archive = new ZipFile();
    for (const [name, content] of Object.entries(files)) archive.addBuffer(Buffer.from(content), name);
    archive.end();
    return buffer(archive.outputStream);
  };
  const importZip = async (path: string, files: Record<string, string>) =>
    put(path, await zip(files), { format: 'SOURCE' });

  test('an archive becomes a folder with notebooks and files in one call', async () => {
    expect((await importZip('/Shared/rel', { 'a/nb.py': PY, 'x.json': '{}' })).status).toBe(200);
    expect((await status('/Shared/rel/a/nb')).body).toMatchObject({
      object_type: 'NOTEBOOK',
      language: 'PYTHON',
    });
    expect((await status('/Shared/rel/x.json')).body).toMatchObject({ object_type: 'FILE' });
  });

  test('an archive is not imported over a folder that exists', async () => {
    await mkdirs('/Shared/rel');
    expect((await importZip('/Shared/rel', { 'nb.py': PY })).body).toMatchObject({
      error_code: 'RESOURCE_ALREADY_EXISTS',
    });
  });

  test('an archive in the archive is refused and nothing is imported', async () => {
    expect((await importZip('/Shared/rel', { 'nb.py': PY, 'inner.zip': 'x' })).status).toBe(400);
    expect((await status('/Shared/rel')).status).toBe(404);
  });
});

describe('exports', () => {
  test('a notebook comes back as base64 source or as a Jupyter notebook', async () => {
    await put('/Shared/nb.py', `${PY}\n\n# COMMAND ----------\n\nprint(2)`);
    const query = { path: '/Shared/nb', format: 'SOURCE' };
    const answer = (await workspace.call('GET', '/api/2.0/workspace/export', { query })).body;
    expect(answer).toEqual({ content: base64(`${PY}\n\n# COMMAND ----------\n\nprint(2)`), file_type: 'py' });
    const cells: unknown = Reflect.get(JSON.parse(await read('/Shared/nb', 'JUPYTER')), 'cells');
    expect(cells).toMatchObject([{ source: ['print(1)'] }, { source: ['print(2)'] }]);
  });
});

test('object ids do not fit a JavaScript number', async () => {
  await put('/Shared/x.txt', 'x');
  expect(typeof Reflect.get(Object((await status('/Shared/x.txt')).body), 'object_id')).toBe('bigint');
});
