import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openWorkspace } from './client.ts';

const UC = '/api/2.1/unity-catalog';
const CONNECTOR = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Databricks/accessConnectors/a';
const URL = 'abfss://data@store.dfs.core.windows.net/lake';
const credential = { name: 'cred', azure_managed_identity: { access_connector_id: CONNECTOR } };
const location = { name: 'lake', url: URL, credential_name: 'cred' };
let workspace = openWorkspace();

const create = (what: string, body: unknown) => workspace.call('POST', `${UC}/${what}`, { body });
const patch = (what: string, body: unknown) => workspace.call('PATCH', `${UC}/${what}`, { body });
const get = (what: string) => workspace.call('GET', `${UC}/${what}`);
const remove = (what: string, query = {}) => workspace.call('DELETE', `${UC}/${what}`, { query });

beforeEach(() => {
  workspace = openWorkspace();
});
afterEach(() => expect(workspace.twin.violations()).toEqual([]));

describe('storage credentials', () => {
  test('a credential names an access connector', async () => {
    expect((await create('storage-credentials', credential)).body).toMatchObject(credential);
    expect((await create('storage-credentials', { name: 'x' })).status).toBe(400);
    const wrong = { name: 'x', azure_managed_identity: { access_connector_id: '/subscriptions/s/vaults/v' } };
    expect((await create('storage-credentials', wrong)).status).toBe(400);
    expect((await create('storage-credentials', credential)).body).toMatchObject({
      error_code: 'STORAGE_CREDENTIAL_ALREADY_EXISTS',
    });
  });

  test('a credential in use is deleted only by force', async () => {
    await create('storage-credentials', credential);
    await create('external-locations', location);
    expect((await remove('storage-credentials/cred')).body).toMatchObject({ error_code: 'INVALID_STATE' });
    expect((await remove('storage-credentials/cred', { force: 'true' })).status).toBe(200);
    expect((await get('storage-credentials/cred')).status).toBe(404);
  });

  test('an update keeps what is not given', async () => {
    await create('storage-credentials', { ...credential, comment: 'old' });
    await patch('storage-credentials/cred', { owner: 'someone' });
    expect((await get('storage-credentials/cred')).body).toMatchObject({
      ...credential,
      comment: 'old',
      owner: 'someone',
    });
  });
});

describe('external locations', () => {
  test('a location needs its credential and a storage URL', async () => {
    expect((await create('external-locations', location)).body).toMatchObject({
      message: "Storage Credential 'cred' does not exist.",
    });
    await create('storage-credentials', credential);
    expect((await create('external-locations', { ...location, url: 'https://store/x' })).status).toBe(400);
    expect((await create('external-locations', { ...location, url: `${URL}/` })).body).toMatchObject({
      url: URL,
      fallback: false,
    });
    expect((await create('external-locations', location)).body).toMatchObject({
      error_code: 'EXTERNAL_LOCATION_ALREADY_EXISTS',
    });
  });

  test('two locations do not overlap', async () => {
    await create('storage-credentials', credential);
    await create('external-locations', location);
    const answers = [`${URL}/sub`, 'abfss://data@store.dfs.core.windows.net/', `${URL}-2`].map((url, index) =>
      create('external-locations', { ...location, name: `l${index}`, url }),
    );
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([400, 400, 200]);
  });

  test('storage that the identity cannot reach is refused unless validation is skipped', async () => {
    workspace = openWorkspace({ canAccess: ({ url }) => !url.includes('secret') });
    await create('storage-credentials', credential);
    const secret = { ...location, url: 'abfss://secret@store.dfs.core.windows.net' };
    expect(await create('external-locations', secret)).toMatchObject({
      status: 403,
      body: { error_code: 'PERMISSION_DENIED' },
    });
    const check = await create('validate-storage-credentials', {
      storage_credential_name: 'cred',
      url: secret.url,
    });
    expect(check.body).toMatchObject({
      results: expect.arrayContaining([{ operation: 'WRITE', result: 'FAIL' }]),
    });
    expect((await create('external-locations', { ...secret, skip_validation: true })).status).toBe(200);
  });

  test('an update checks again, and moves the location', async () => {
    await create('storage-credentials', credential);
    await create('external-locations', location);
    await create('external-locations', {
      ...location,
      name: 'other',
      url: 'abfss://other@store.dfs.core.windows.net',
    });
    expect(
      (await patch('external-locations/lake', { url: 'abfss://other@store.dfs.core.windows.net/x' })).status,
    ).toBe(400);
    expect((await patch('external-locations/lake', { url: `${URL}/v2` })).body).toMatchObject({
      url: `${URL}/v2`,
    });
  });

  test('a location that holds a catalog is deleted only by force', async () => {
    await create('storage-credentials', credential);
    await create('external-locations', location);
    await create('catalogs', { name: 'main', storage_root: `${URL}/main` });
    expect((await remove('external-locations/lake')).status).toBe(400);
    expect((await remove('external-locations/lake', { force: 'true' })).status).toBe(200);
  });
});

test('credentials and locations are listed, and changed with what is given', async () => {
  await create('storage-credentials', credential);
  await create('external-locations', location);
  expect((await get('storage-credentials')).body).toMatchObject({ storage_credentials: [{ name: 'cred' }] });
  expect((await get('external-locations')).body).toMatchObject({ external_locations: [{ name: 'lake' }] });
  const other = { access_connector_id: `${CONNECTOR}2` };
  await patch('storage-credentials/cred', { azure_managed_identity: other });
  expect((await get('storage-credentials/cred')).body).toMatchObject({ azure_managed_identity: other });
  expect((await get('external-locations/lake')).body).toMatchObject({ url: URL });
});
