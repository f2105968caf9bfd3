import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { DatabricksOptions } from '../../sandbox/databricks/context.ts';
import { preFlight } from '../../shared/steps/pre-flight.ts';
import { unityCatalog } from '../../shared/steps/unity-catalog.ts';
import type { DatabricksWorld } from './databricks-world.ts';
import { databricksWorld, WORKSPACE } from './databricks-world.ts';
import { newWorld, runToEnd } from './step-runner.ts';

const US = 'slipway@contoso.com';
const OWNER = 'olga@contoso.com';
const CONNECTOR =
  '/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/providers/Microsoft.Databricks/accessConnectors/ac';
const ROOT = 'abfss://data@stdev.dfs.core.windows.net/';

let { world, twin }: DatabricksWorld = databricksWorld();
/** Who calls the workspace; tests let the owner prepare things. */
let caller = US;

const open = (options: DatabricksOptions = {}) => {
  caller = US;
  const acceptsToken = () => ({ ok: true, principal: caller }) as const;
  const metastoreStorageRoot = 'abfss://meta@stmeta.dfs.core.windows.net/';
  const settings = { limits: [], acceptsToken, metastoreStorageRoot, metastoreOwner: OWNER, ...options };
  ({ world, twin } = databricksWorld(settings));
};
beforeEach(() => open());
afterEach(() => {
  expect(twin.violations()).toEqual([]);
});

const file = (value: object) => {
  world.artifacts = { 'databricks-config': { 'unity-catalog.json': JSON.stringify(value) } };
};
const oneCatalog = (parts: object = {}) => file({ catalogs: [{ name: 'main', ...parts }] });

async function ask(method: string, path: string, json: object = {}): Promise<string> {
  const { body } = await twin.handle({
    method,
    url: `${WORKSPACE}/api/2.1/unity-catalog/${path}`,
    headers: {},
    body: Buffer.from(method === 'GET' ? '' : JSON.stringify(json)),
  });
  return Buffer.from(body).toString();
}

async function byOwner(work: () => Promise<unknown>): Promise<void> {
  caller = OWNER;
  await work();
  caller = US;
  twin.log.clear();
}

const grant = (on: string, principal: string, privilege: string) =>
  byOwner(async () => {
    const { metastore_id: metastore } = JSON.parse(await ask('GET', 'metastore_summary'));
    const path = `permissions/${on === 'metastore' ? `metastore/${metastore}` : on}`;
    await ask('PATCH', path, { changes: [{ principal, add: [privilege] }] });
  });

/** What a look ahead finds; null when nothing. */
async function lookAhead(): Promise<string | null> {
  const ahead = [{ kind: unityCatalog, world }];
  const intake = newWorld({ clock: world.clock, stage: 'intake', ahead });
  return (await runToEnd(preFlight([unityCatalog]), intake)).refused;
}

const deploy = () => runToEnd(unityCatalog, world, { appliesUnchanged: true });

describe('a right that is missing in Unity Catalog is found before anything is written', () => {
  test('to make catalogs, credentials and locations: each with the privilege to grant', async () => {
    file({
      storage_credentials: [{ name: 'cred', azure_managed_identity: { access_connector_id: CONNECTOR } }],
      external_locations: [{ name: 'loc', url: ROOT, credential_name: 'cred' }],
      catalogs: [{ name: 'main', schemas: [{ name: 'bronze' }] }, { name: 'other' }],
    });
    expect(await lookAhead()).toBe(
      'The release cannot go through. ' +
        `dev, unity-catalog: Slipway's identity (${US}) may not make catalog main, make catalog other: grant it ` +
        'CREATE_CATALOG on the metastore of this workspace. ' +
        `dev, unity-catalog: Slipway's identity (${US}) may not make external-location loc: grant it ` +
        'CREATE_EXTERNAL_LOCATION on the metastore of this workspace. ' +
        `dev, unity-catalog: Slipway's identity (${US}) may not make storage-credential cred: grant it ` +
        'CREATE_STORAGE_CREDENTIAL on the metastore of this workspace. ' +
        'Nothing was deployed. Put this right, then retry.',
    );
    expect(twin.inventory()).toEqual([]);
  });

  test('which is just what would have kept the step from being applied', async () => {
    oneCatalog();
    expect((await deploy()).refused).toMatch(/User does not have CREATE CATALOG on Metastore/);
    expect(await lookAhead()).toContain('CREATE_CATALOG');
    await grant('metastore', US, 'CREATE_CATALOG');
    expect(await lookAhead()).toBeNull();
    expect((await deploy()).refused).toBeNull();
  });

  test('to make a schema in a catalog of somebody else, and to change that catalog', async () => {
    await byOwner(() => ask('POST', 'catalogs', { name: 'main' }));
    oneCatalog({
      comment: 'ours',
      schemas: [{ name: 'bronze', volumes: [{ name: 'v', volume_type: 'MANAGED' }] }],
    });
    const found = await lookAhead();
    expect(found).toContain('may not make schema main.bronze: grant it CREATE_SCHEMA on catalog main.');
    expect(found).toContain('may not change catalog main: grant it MANAGE on catalog main.');
    expect(found).not.toContain('volume');
    await grant('catalog/main', US, 'CREATE_SCHEMA');
    await grant('catalog/main', US, 'MANAGE');
    expect(await lookAhead()).toBeNull();
    expect((await deploy()).refused).toBeNull();
  });

  test('to grant on a schema of somebody else', async () => {
    await byOwner(async () => {
      await ask('POST', 'catalogs', { name: 'main' });
      await ask('POST', 'schemas', { name: 'bronze', catalog_name: 'main' });
    });
    const grants = [{ principal: 'analysts', privileges: ['SELECT'] }];
    oneCatalog({ schemas: [{ name: 'bronze', grants }] });
    expect(await lookAhead()).toContain(
      'may not change grants on schema main.bronze: grant it MANAGE on schema',
    );
    await grant('catalog/main', US, 'MANAGE');
    expect(await lookAhead()).toBeNull();
  });
});

describe('nothing is said of a right', () => {
  test('that a group may give, ours or one that nobody tells the members of', async () => {
    for (const group of ['account users', 'admins', '_workspace_admins_ws_1', 'platform-team']) {
      open();
      oneCatalog();
      await grant('metastore', group, 'CREATE_CATALOG');
      expect(await lookAhead()).toBeNull();
    }
  });

  test.each(['ada@contoso.com', '22222222-2222-4222-8222-222222222222', 'System user'])(
    'except where %s holds it, who is somebody else for sure',
    async (principal) => {
      oneCatalog();
      await grant('metastore', principal, 'CREATE_CATALOG');
      expect(await lookAhead()).toContain('grant it CREATE_CATALOG');
    },
  );

  test('where a group owns the metastore', async () => {
    open({ metastoreOwner: 'metastore-admins' });
    oneCatalog();
    expect(await lookAhead()).toBeNull();
  });

  test('where we own the catalog', async () => {
    await grant('metastore', US, 'CREATE_CATALOG');
    oneCatalog();
    await deploy();
    oneCatalog({ comment: 'x', schemas: [{ name: 'silver' }] });
    expect(await lookAhead()).toBeNull();
    expect((await deploy()).refused).toBeNull();
  });

  test('that may not be looked at', async () => {
    oneCatalog();
    twin.faults.add({ kind: 'status', match: 'Grants.get_effective', status: 403 });
    expect(await lookAhead()).toBeNull();
  });

  test('where nothing is to change, and nobody is asked', async () => {
    await grant('metastore', US, 'CREATE_CATALOG');
    oneCatalog();
    await deploy();
    twin.log.clear();
    expect(await lookAhead()).toBeNull();
    expect(twin.log.counts()).toEqual({ 'Catalogs.get': 1 });
  });
});
