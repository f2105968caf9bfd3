import { describe, expect, test } from '@jest/globals';
import type { DatabricksOptions } from '../../../sandbox/databricks/context.ts';
import { createDatabricksTwin } from '../../../sandbox/databricks/twin.ts';

const OWNER = 'olga@contoso.com';

/** A workspace in which the bearer token is the name of the caller. */
function workspace(options: DatabricksOptions = {}) {
  const twin = createDatabricksTwin({
    metastoreStorageRoot: 'abfss://meta@stmeta.dfs.core.windows.net/',
    metastoreOwner: OWNER,
    acceptsToken: (token) => ({ ok: true, principal: token ?? '' }),
    ...options,
  });
  const as = (principal: string) => async (method: string, path: string, json?: object) => {
    const { status, body } = await twin.handle({
      method,
      url: `https://adb-1.1.azuredatabricks.net/api/2.1/unity-catalog/${path}`,
      headers: { authorization: `Bearer ${principal}` },
      body: Buffer.from(json === undefined ? '' : JSON.stringify(json)),
    });
    return { status, body: JSON.parse(Buffer.from(body).toString()) };
  };
  return { twin, olga: as(OWNER), ada: as('ada@contoso.com') };
}

describe('in a metastore that a person owns', () => {
  test('nobody else makes anything without the privilege', async () => {
    const { ada, olga } = workspace();
    const refused = await ada('POST', 'catalogs', { name: 'main' });
    expect(refused).toMatchObject({ status: 403, body: { error_code: 'PERMISSION_DENIED' } });
    expect(refused.body.message).toBe(
      "User does not have CREATE CATALOG on Metastore 'metastore-westeurope'.",
    );
    const { metastore_id: id, owner } = (await olga('GET', 'metastore_summary')).body;
    expect(owner).toBe(OWNER);
    const changes = [{ principal: 'ada@contoso.com', add: ['CREATE_CATALOG'] }];
    expect((await ada('PATCH', `permissions/metastore/${id}`, { changes })).status).toBe(403);
    await olga('PATCH', `permissions/metastore/${id}`, { changes });
    expect((await ada('POST', 'catalogs', { name: 'main' })).status).toBe(200);
  });

  test('who owns a catalog may do everything in it, others only what was granted on it or above', async () => {
    const { ada, olga } = workspace();
    await olga('POST', 'catalogs', { name: 'main' });
    const bronze = { name: 'bronze', catalog_name: 'main' };
    expect((await ada('POST', 'schemas', bronze)).body.message).toBe(
      "User does not have CREATE SCHEMA on Catalog 'main'.",
    );
    const changes = [{ principal: 'account users', add: ['CREATE_SCHEMA', 'CREATE_VOLUME'] }];
    await olga('PATCH', 'permissions/catalog/main', { changes });
    expect((await ada('POST', 'schemas', bronze)).status).toBe(200);
    const volume = { name: 'v', catalog_name: 'main', schema_name: 'bronze', volume_type: 'MANAGED' };
    expect((await ada('POST', 'volumes', volume)).status).toBe(200);
    expect((await ada('PATCH', 'schemas/main.bronze', { comment: 'mine' })).status).toBe(200);
    expect((await ada('PATCH', 'catalogs/main', { comment: 'not mine' })).status).toBe(403);
    expect((await olga('PATCH', 'schemas/main.bronze', { comment: 'below mine' })).status).toBe(200);
  });
});

test('everyone may do everything where a group owns the metastore, as in a workspace without more settings', async () => {
  const twin = createDatabricksTwin({ metastoreStorageRoot: 'abfss://m@st.dfs.core.windows.net/' });
  const { status } = await twin.handle({
    method: 'POST',
    url: 'https://adb-1.1.azuredatabricks.net/api/2.1/unity-catalog/catalogs',
    headers: {},
    body: Buffer.from('{"name":"main"}'),
  });
  expect(status).toBe(200);
});
