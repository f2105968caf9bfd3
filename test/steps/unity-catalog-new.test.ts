import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { DatabricksOptions } from '../../sandbox/databricks/context.ts';
import { unityCatalog } from '../../shared/steps/unity-catalog.ts';
import type { DatabricksWorld } from './databricks-world.ts';
import { databricksWorld, WORKSPACE, writesOf } from './databricks-world.ts';
import { plan, runToEnd } from './step-runner.ts';

const US = 'slipway@contoso.com';
const OWNER = 'olga@contoso.com';
const CONNECTOR =
  '/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/providers/Microsoft.Databricks/accessConnectors/ac';
const URL = 'abfss://data@stdev.dfs.core.windows.net';

let { world, twin }: DatabricksWorld = databricksWorld();
/** Who calls the workspace. */
let caller = US;

const open = (options: DatabricksOptions = {}) => {
  const acceptsToken = () => ({ ok: true, principal: caller }) as const;
  const metastoreStorageRoot = 'abfss://meta@stmeta001.dfs.core.windows.net/';
  ({ world, twin } = databricksWorld({ limits: [], acceptsToken, metastoreStorageRoot, ...options }));
};
beforeEach(() => open());
afterEach(() => {
  expect(twin.violations()).toEqual([]);
});

const credential = { name: 'cred', azure_managed_identity: { access_connector_id: CONNECTOR } };
const location = { name: 'loc', url: URL, credential_name: 'cred' };
const owned = { owner: 'data-platform' };
/** One of each kind, with all that only an update of it takes. */
const everything = () => {
  const isolated = { ...owned, isolation_mode: 'ISOLATION_MODE_ISOLATED' };
  const volumes = [{ name: 'v', volume_type: 'MANAGED', comment: 'files', ...owned }];
  const tuned = { ...owned, enable_predictive_optimization: 'DISABLE' };
  const grants = [{ principal: 'analysts', privileges: ['USE_CATALOG'] }];
  return {
    storage_credentials: [{ ...credential, ...isolated }],
    external_locations: [{ ...location, ...isolated }],
    catalogs: [
      {
        name: 'c',
        ...tuned,
        isolation_mode: 'ISOLATED',
        grants,
        schemas: [{ name: 's', ...tuned, volumes }],
      },
    ],
  };
};
const deploy = (value: object) => {
  world.artifacts = { 'databricks-config': { 'unity-catalog.json': JSON.stringify(value) } };
  twin.log.clear();
  return runToEnd(unityCatalog, world, { appliesUnchanged: true });
};
const send = async (method: string, path: string, json?: object) => {
  const url = `${WORKSPACE}/api/2.1/unity-catalog/${path}`;
  const body = Buffer.from(json === undefined ? '' : JSON.stringify(json));
  const answer = await twin.handle({ method, url, headers: {}, body });
  return JSON.parse(Buffer.from(answer.body).toString());
};
const read = (path: string) => send('GET', path);
const operations = () =>
  twin.log
    .requests()
    .filter(({ method }) => method !== 'GET')
    .map(({ operation }) => operation);

describe('settings that are set only after something was made', () => {
  const isIsolated = { ...owned, isolation_mode: 'ISOLATION_MODE_ISOLATED' };
  test.each([
    ['storage-credentials/cred', isIsolated],
    ['external-locations/loc', isIsolated],
    ['catalogs/c', { ...owned, isolation_mode: 'ISOLATED', enable_predictive_optimization: 'DISABLE' }],
    ['schemas/c.s', { ...owned, enable_predictive_optimization: 'DISABLE' }],
    ['volumes/c.s.v', { ...owned, comment: 'files' }],
  ])('are set in the release that makes it: %s', async (path, fields) => {
    expect((await deploy(everything())).refused).toBeNull();
    expect(await read(path)).toMatchObject(fields);
    expect((await deploy(everything())).changes).toEqual([]);
    expect(writesOf(twin)).toBe(0);
  });

  test('cost nothing where the file has none of them', async () => {
    await deploy({ catalogs: [{ name: 'c', comment: 'plain' }] });
    expect(operations()).toEqual(['Catalogs.create']);
    expect(twin.log.count('Catalogs.get')).toBe(1);
  });

  test('shut other workspaces out before anybody is granted anything', async () => {
    await deploy(everything());
    const order = operations();
    const grants = order.indexOf('Grants.update');
    expect(order.indexOf('Catalogs.update')).toBeLessThan(grants);
  });

  test('are waited for where what was made is not visible yet', async () => {
    open({ hiddenReads: 2 });
    expect((await deploy(everything())).refused).toBeNull();
    expect(await read('catalogs/c')).toMatchObject({ ...owned, isolation_mode: 'ISOLATED' });
  });

  test.each(['Catalogs.create', 'Catalogs.update', 'Schemas.update', 'Volumes.update', 'Catalogs.get'])(
    'are set also when the step stopped at %s',
    async (match) => {
      twin.faults.add({ kind: 'status', match, status: 500, times: 6, when: 'after' });
      await deploy(everything()).catch(() => undefined);
      twin.faults.clear();
      expect((await deploy(everything())).refused).toBeNull();
      expect(await read('catalogs/c')).toMatchObject({ ...owned, isolation_mode: 'ISOLATED' });
      expect(await plan(unityCatalog, world)).toEqual([]);
    },
  );
});

describe('who gives an owner away may lose its rights, so that comes last:', () => {
  /** A metastore of somebody else, who lets Slipway make catalogs. */
  const withRights = async () => {
    open({ metastoreOwner: OWNER });
    caller = OWNER;
    const { metastore_id: metastore } = await read('metastore_summary');
    await send('PATCH', `permissions/metastore/${metastore}`, {
      changes: [{ principal: US, add: ['CREATE_CATALOG'] }],
    });
    caller = US;
  };

  test('of what is new', async () => {
    await withRights();
    expect((await deploy({ catalogs: everything().catalogs })).refused).toBeNull();
    expect(operations().slice(-3)).toEqual(['Volumes.update', 'Schemas.update', 'Catalogs.update']);
    expect(await read('catalogs/c')).toMatchObject(owned);
  });

  test('of what is there, after what is made below it', async () => {
    await deploy({ catalogs: [{ name: 'c' }] });
    const schemas = [{ name: 's' }];
    const { changes } = await deploy({ catalogs: [{ name: 'c', comment: 'new', ...owned, schemas }] });
    expect(changes.map(({ detail }) => detail)).toEqual(['changes comment, owner', 'with catalog_name']);
    expect(operations()).toEqual(['Catalogs.update', 'Schemas.create', 'Catalogs.update']);
    expect(await read('catalogs/c')).toMatchObject({ comment: 'new', ...owned });
  });
});
