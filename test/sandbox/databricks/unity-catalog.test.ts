import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openWorkspace } from './client.ts';

const ROOT = 'abfss://root@store.dfs.core.windows.net/';
const UC = '/api/2.1/unity-catalog';
let workspace = openWorkspace();

const create = (what: string, body: unknown) => workspace.call('POST', `${UC}/${what}`, { body });
const get = (what: string, query: Record<string, string> = {}) =>
  workspace.call('GET', `${UC}/${what}`, { query });
const remove = (what: string, query: Record<string, string> = {}) =>
  workspace.call('DELETE', `${UC}/${what}`, { query });
const open = (options: Parameters<typeof openWorkspace>[0]) => {
  workspace = openWorkspace({ metastoreStorageRoot: ROOT, ...options });
};

beforeEach(() => open({}));
afterEach(() => expect(workspace.twin.violations()).toEqual([]));

const bronze = { name: 'bronze', catalog_name: 'main' };
const wheels = { name: 'wheels', schema_name: 'bronze', catalog_name: 'main', volume_type: 'MANAGED' };

describe('catalogs', () => {
  test('creating one answers 200 with what the server adds', async () => {
    expect(await create('catalogs', { name: 'main' })).toMatchObject({
      status: 200,
      body: {
        full_name: 'main',
        owner: 'twin-user',
        properties: { 'server.added': 'true' },
        isolation_mode: 'OPEN',
      },
    });
    expect((await get('schemas', { catalog_name: 'main' })).body).toMatchObject({
      schemas: [{ name: 'default' }, { name: 'information_schema' }],
    });
  });

  test('without a storage root anywhere even an existing catalog answers INVALID_STATE', async () => {
    const setUp = openWorkspace({ metastoreStorageRoot: ROOT });
    await setUp.call('POST', `${UC}/catalogs`, { body: { name: 'main' } });
    workspace = openWorkspace();
    workspace.twin.importState(setUp.twin.exportState());
    for (const name of ['main', 'new']) {
      expect(await create('catalogs', { name })).toMatchObject({
        status: 400,
        body: {
          error_code: 'INVALID_STATE',
          message: expect.stringContaining('Metastore storage root URL does not exist'),
        },
      });
    }
  });

  test('a storage root of its own must lie in an external location', async () => {
    const answer = await create('catalogs', {
      name: 'x',
      storage_root: 'abfss://data@other.dfs.core.windows.net/x',
    });
    expect(answer).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('No parent external location') },
    });
  });

  test.each([400, 409] as const)(
    'a name that is taken answers %i, in any case of letters',
    async (existsStatus) => {
      open({ existsStatus });
      await create('catalogs', { name: 'main' });
      expect(await create('catalogs', { name: 'MAIN' })).toMatchObject({
        status: existsStatus,
        body: { error_code: 'CATALOG_ALREADY_EXISTS' },
      });
    },
  );

  test('a name that is none is refused in the words of the server', async () => {
    expect((await create('catalogs', { name: '' })).body).toMatchObject({
      message:
        'Invalid input: RPC CreateCatalog Field managedcatalog.CatalogInfo.name: name "" is not a valid name',
    });
  });

  test('an update changes what is given and nothing else', async () => {
    await create('catalogs', { name: 'main', comment: 'old', properties: { a: '1' } });
    workspace.pass(5);
    await workspace.call('PATCH', `${UC}/catalogs/main`, { body: { comment: 'new' } });
    expect((await get('catalogs/main')).body).toMatchObject({ comment: 'new', properties: { a: '1' } });
  });

  test('a catalog with schemas is deleted only by force, with everything in it', async () => {
    await create('catalogs', { name: 'main' });
    await create('schemas', bronze);
    await create('volumes', wheels);
    expect((await remove('catalogs/main')).status).toBe(400);
    expect((await remove('catalogs/main', { force: 'true' })).status).toBe(200);
    expect((await get('volumes/main.bronze.wheels')).status).toBe(404);
    expect((await get('catalogs/main')).body).toMatchObject({ message: "Catalog 'main' does not exist." });
  });
});

describe('schemas and volumes', () => {
  beforeEach(() => create('catalogs', { name: 'main' }));

  test('names are kept in lower case', async () => {
    expect((await create('schemas', { name: 'BRONZE', catalog_name: 'main' })).body).toMatchObject({
      full_name: 'main.bronze',
    });
    expect(
      (await create('volumes', { ...wheels, name: 'Wheels', schema_name: 'Bronze' })).body,
    ).toMatchObject({ full_name: 'main.bronze.wheels' });
    expect((await get('volumes/MAIN.Bronze.WHEELS')).status).toBe(200);
  });

  test('a child of what does not exist is refused', async () => {
    expect((await create('schemas', { name: 'x', catalog_name: 'none' })).body).toMatchObject({
      message: "Catalog 'none' does not exist.",
    });
    expect((await create('volumes', { ...wheels, schema_name: 'none' })).status).toBe(404);
  });

  test('what exists answers the code of its kind', async () => {
    await create('schemas', bronze);
    await create('volumes', wheels);
    expect((await create('schemas', bronze)).body).toMatchObject({ error_code: 'SCHEMA_ALREADY_EXISTS' });
    expect((await create('volumes', wheels)).body).toMatchObject({ error_code: 'RESOURCE_ALREADY_EXISTS' });
  });

  test('a managed volume has no place of its own and an external one needs it, without slash at the end', async () => {
    await create('schemas', bronze);
    const storage_location = 'abfss://data@store.dfs.core.windows.net/landing/';
    expect((await create('volumes', { ...wheels, storage_location })).status).toBe(400);
    expect((await create('volumes', { ...wheels, volume_type: 'EXTERNAL' })).status).toBe(400);
    await create('storage-credentials', {
      name: 'c',
      azure_managed_identity: { access_connector_id: CONNECTOR },
    });
    await create('external-locations', {
      name: 'l',
      credential_name: 'c',
      url: 'abfss://data@store.dfs.core.windows.net/',
    });
    const external = await create('volumes', { ...wheels, volume_type: 'EXTERNAL', storage_location });
    expect(external.body).toMatchObject({ storage_location: storage_location.slice(0, -1) });
  });
});

const CONNECTOR = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Databricks/accessConnectors/a';

describe('eventual consistency', () => {
  test('a new securable may be missing for a number of reads, while creating it again says that it exists', async () => {
    open({ hiddenReads: 2 });
    await create('catalogs', { name: 'main' });
    const statuses = [
      (await get('catalogs/main')).status,
      (await get('catalogs/main')).status,
      (await get('catalogs/main')).status,
    ];
    expect(statuses).toEqual([404, 404, 200]);
    expect((await create('schemas', bronze)).status).toBe(200);
    expect((await create('catalogs', { name: 'main' })).body).toMatchObject({
      error_code: 'CATALOG_ALREADY_EXISTS',
    });
  });

  test('a new securable may be missing for a time', async () => {
    open({ hiddenForInMs: 1000 });
    await create('catalogs', { name: 'main' });
    expect((await get('catalogs/main')).status).toBe(404);
    workspace.pass(1000);
    expect((await get('catalogs/main')).status).toBe(200);
  });
});

describe('lists', () => {
  test('a paged list begins with an empty page and ends where no token is', async () => {
    for (const name of ['a', 'b', 'c']) await create('catalogs', { name });
    const seen: unknown[] = [];
    const sizes: number[] = [];
    let page_token: string | undefined;
    do {
      const body = Object(
        (await get('catalogs', { max_results: '2', ...(page_token ? { page_token } : {}) })).body,
      );
      const items: unknown[] = body.catalogs ?? [];
      sizes.push(items.length);
      seen.push(...items);
      page_token = body.next_page_token;
    } while (page_token);
    expect(sizes).toEqual([0, 2, 1]);
    expect(seen).toMatchObject([{ name: 'a' }, { name: 'b' }, { name: 'c' }]);
  });

  test('without max_results everything comes at once, and a foreign token is refused', async () => {
    await create('catalogs', { name: 'a' });
    expect((await get('catalogs')).body).toMatchObject({ catalogs: [{ name: 'a' }] });
    expect((await get('catalogs', { page_token: 'xyz' })).status).toBe(400);
  });
});

describe('volumes and schemas in lists and updates', () => {
  beforeEach(async () => {
    await create('catalogs', { name: 'main' });
    await create('schemas', bronze);
    await create('volumes', wheels);
  });

  test('a list holds what is in its container and nothing else', async () => {
    await create('schemas', { ...bronze, name: 'silver' });
    await create('volumes', { ...wheels, schema_name: 'silver', name: 'other' });
    const query = { catalog_name: 'main', schema_name: 'bronze' };
    expect((await get('volumes', query)).body).toMatchObject({
      volumes: [{ full_name: 'main.bronze.wheels' }],
    });
    expect((await get('schemas', { catalog_name: 'none' })).status).toBe(404);
  });

  test('comment and owner change, and a new name is refused', async () => {
    for (const what of ['schemas/main.bronze', 'volumes/main.bronze.wheels']) {
      const patch = (body: unknown) => workspace.call('PATCH', `${UC}/${what}`, { body });
      expect((await patch({ comment: 'c', owner: 'team' })).body).toMatchObject({
        comment: 'c',
        owner: 'team',
      });
      expect((await patch({ new_name: 'x' })).status).toBe(400);
    }
  });

  test('a schema with volumes is deleted only by force, an empty one at once', async () => {
    expect((await remove('schemas/main.bronze')).body).toMatchObject({ error_code: 'INVALID_STATE' });
    expect((await remove('volumes/main.bronze.wheels')).status).toBe(200);
    expect((await remove('volumes/main.bronze.wheels')).status).toBe(404);
    expect((await remove('schemas/main.bronze')).status).toBe(200);
  });
});

describe('metastore and bindings', () => {
  test('the summary tells the storage root only where there is one', async () => {
    expect((await get('metastore_summary')).body).toMatchObject({ storage_root: ROOT, cloud: 'azure' });
    workspace = openWorkspace();
    expect((await get('metastore_summary')).body).not.toHaveProperty('storage_root');
  });

  test('bindings are a set by workspace, with ids that do not fit a JavaScript number', async () => {
    await create('catalogs', { name: 'main' });
    const assigned = Object((await get('current-metastore-assignment')).body);
    const add = [{ workspace_id: assigned.workspace_id, binding_type: 'BINDING_TYPE_READ_ONLY' }];
    const patch = (body: unknown) => workspace.call('PATCH', `${UC}/bindings/catalog/main`, { body });
    await patch({ add });
    expect((await patch({ add })).body).toEqual({ bindings: add });
    expect((await get('bindings/catalog/main')).body).toEqual({ bindings: add });
    expect(typeof assigned.workspace_id).toBe('bigint');
    await patch({ remove: add });
    expect((await get('bindings/catalog/main')).body).toEqual({});
  });
});
