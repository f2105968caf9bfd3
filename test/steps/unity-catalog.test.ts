import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { DatabricksOptions } from '../../sandbox/databricks/context.ts';
import { reference } from '../../shared/steps/unity-catalog/wanted.ts';
import { unityCatalog } from '../../shared/steps/unity-catalog.ts';
import type { DatabricksWorld } from './databricks-world.ts';
import { callTwin, databricksWorld, WORKSPACE, writesOf } from './databricks-world.ts';
import { plan, runToEnd } from './step-runner.ts';

const EXAMPLE = join(__dirname, '../../examples/parking-sensors/databricks/config/unity-catalog.json');
const CONNECTOR =
  '/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/providers/Microsoft.Databricks/accessConnectors/ac';
const ROOT = 'abfss://datalake@stparkingsensorsdev001.dfs.core.windows.net';
const CATALOG = 'parking_sensors_catalog_dev';
const UC = '/api/2.1/unity-catalog';

let { world, twin }: DatabricksWorld = databricksWorld();

const open = (options: DatabricksOptions = {}) => {
  ({ world, twin } = databricksWorld({ limits: [], ...options }));
  infrastructureGives(CONNECTOR);
};
const infrastructureGives = (accessConnectorId: string) => {
  world.outputs = { 'dev/infrastructure': { outputs: { accessConnectorId } } };
};
beforeEach(() => open());
afterEach(() => {
  expect(twin.violations()).toEqual([]);
});

const file = (value: unknown) => {
  world.artifacts = { 'databricks-config': { 'unity-catalog.json': JSON.stringify(value) } };
};
const example = (change: (value: ReturnType<typeof JSON.parse>) => void = () => undefined) => {
  const value = JSON.parse(readFileSync(EXAMPLE, 'utf8'));
  change(value);
  file(value);
};
/** A catalog in a metastore with storage. */
const withStorage = (options: DatabricksOptions = {}) =>
  open({ metastoreStorageRoot: 'abfss://meta@stmeta001.dfs.core.windows.net/', ...options });
const deploy = () => runToEnd(unityCatalog, world, { appliesUnchanged: true });
const redeploy = () => {
  twin.log.clear();
  return deploy();
};
const lines = (changes: readonly { action: string; target: string; detail?: string }[]) =>
  changes.map(({ action, target, detail }) => `${action} ${target}: ${detail}`);
const names = (kind: string) =>
  twin
    .inventory()
    .filter((item) => item.kind === kind)
    .map(({ name }) => name);
const read = async (path: string) => {
  const answer = await twin.handle({
    method: 'GET',
    url: `${WORKSPACE}${UC}/${path}`,
    headers: {},
    body: Buffer.alloc(0),
  });
  return JSON.parse(Buffer.from(answer.body).toString());
};
const refusalOf = async () => {
  const before = writesOf(twin);
  const error: unknown = await plan(unityCatalog, world).catch((thrown: unknown) => thrown);
  expect(writesOf(twin)).toBe(before);
  return error instanceof Error ? `${error.name}: ${error.message}` : 'planned';
};

describe('a first deployment', () => {
  test('makes what the file has, parents before children, and grants last', async () => {
    example();
    const { refused } = await deploy();
    expect(refused).toBeNull();
    expect(names('storage-credential')).toEqual(['parking_sensors_dev']);
    expect(names('external-location')).toEqual(['parking_sensors_datalake_dev']);
    expect(names('catalog')).toEqual([CATALOG]);
    expect(names('volume')).toEqual([
      `${CATALOG}.bronze.landing`,
      `${CATALOG}.utilities.libraries`,
      `${CATALOG}.utilities.test_results`,
    ]);
    expect(names('grant')).toContain(`CATALOG ${CATALOG} data-engineers`);
    expect(await read(`catalogs/${CATALOG}`)).toMatchObject({ comment: 'Parking sensors, dev environment' });
    const order = twin.log.requests().filter(({ method }) => method !== 'GET');
    expect(order.findIndex(({ operation }) => operation === 'Grants.update')).toBe(10);
  });

  test('is planned before the infrastructure is there, and the plan does not change when it is', async () => {
    example();
    world.outputs = {};
    const early = await plan(unityCatalog, world);
    expect(lines(early)).toContain(
      'create storage-credential parking_sensors_dev: with comment, azure_managed_identity',
    );
    infrastructureGives(CONNECTOR);
    expect(await plan(unityCatalog, world)).toEqual(early);
  });

  test('asks nothing about what is below a catalog that does not exist', async () => {
    example();
    await plan(unityCatalog, world);
    expect(twin.log.counts()).toEqual({
      'StorageCredentials.get': 1,
      'ExternalLocations.get': 1,
      'Catalogs.get': 1,
    });
  });

  test('without the file makes the catalog of the variable with four schemas', async () => {
    withStorage();
    await deploy();
    expect(names('schema').filter((name) => !/default|information_schema/.test(name))).toEqual(
      ['bronze', 'gold', 'silver', 'utilities'].map((name) => `${CATALOG}.${name}`),
    );
    expect(await read(`schemas/${CATALOG}.gold`)).toMatchObject({
      comment: 'Gold layer for medallion architecture',
    });
    expect((await redeploy()).changes).toEqual([]);
  });

  test('keeps names of schemas and volumes in lower case, as the server does', async () => {
    withStorage();
    const volumes = [{ name: 'Files', volume_type: 'MANAGED' }];
    file({ catalogs: [{ name: 'c', schemas: [{ name: 'Bronze', volumes }] }] });
    await deploy();
    expect(names('volume')).toEqual(['c.bronze.files']);
    expect((await redeploy()).changes).toEqual([]);
  });

  test('finds what others have made already, and makes only the rest', async () => {
    withStorage();
    await callTwin(twin, `${UC}/catalogs`, { name: CATALOG, comment: 'by hand' });
    await callTwin(twin, `${UC}/schemas`, { name: 'bronze', catalog_name: CATALOG });
    const { changes } = await deploy();
    expect(lines(changes)).toEqual([
      `update catalog ${CATALOG}: changes comment`,
      `update schema ${CATALOG}.bronze: changes comment`,
      `create schema ${CATALOG}.gold: with comment, catalog_name`,
      `create schema ${CATALOG}.silver: with comment, catalog_name`,
      `create schema ${CATALOG}.utilities: with comment, catalog_name`,
    ]);
  });
});

describe('a second deployment', () => {
  beforeEach(async () => {
    example();
    await deploy();
  });

  test('of the same file changes nothing and writes nothing', async () => {
    expect((await redeploy()).changes).toEqual([]);
    expect(writesOf(twin)).toBe(0);
  });

  test('leaves what the server or others have added', async () => {
    await patch(`catalogs/${CATALOG}`, { properties: { theirs: 'x' } });
    await grant(`catalog/${CATALOG}`, 'auditors', ['BROWSE']);
    expect((await redeploy()).changes).toEqual([]);
  });

  test('sends the changed field alone, and keeps the properties of others', async () => {
    await patch(`catalogs/${CATALOG}`, { properties: { theirs: 'x' } });
    example((value) => {
      value.catalogs[0].comment = 'new';
      value.catalogs[0].properties = { ours: 'y' };
    });
    const { changes } = await redeploy();
    expect(lines(changes)).toEqual([`update catalog ${CATALOG}: changes comment, properties`]);
    expect(await read(`catalogs/${CATALOG}`)).toMatchObject({
      comment: 'new',
      properties: { ours: 'y', theirs: 'x' },
    });
    expect(writesOf(twin)).toBe(1);
  });

  test('drops nothing that left the file, and says so', async () => {
    example((value) => {
      value.catalogs[0].schemas.pop();
      value.catalogs[0].comment = 'new';
    });
    const { changes } = await redeploy();
    const left = `schema ${CATALOG}.utilities, volume ${CATALOG}.utilities.libraries, volume ${CATALOG}.utilities.test_results`;
    expect(lines(changes)).toEqual([
      `update catalog ${CATALOG}: changes comment (no longer in unity-catalog.json, and kept: ${left})`,
    ]);
    expect(names('volume')).toContain(`${CATALOG}.utilities.libraries`);
    expect(world.log).toContain(`no longer in unity-catalog.json, and kept: ${left}`);
  });

  test('refuses to change what cannot be changed, and names all of it', async () => {
    example((value) => {
      value.catalogs[0].storage_root = `${ROOT}/elsewhere`;
      value.catalogs[0].schemas[0].volumes[0].storage_location = `${ROOT}/other`;
    });
    const refusal = await refusalOf();
    expect(refusal).toContain(`catalog ${CATALOG} has storage_root "${ROOT}/catalog"`);
    expect(refusal).toContain(`volume ${CATALOG}.bronze.landing has storage_location "${ROOT}/landing"`);
  });

  test('an access connector spelled in other cases is the same one', async () => {
    infrastructureGives(CONNECTOR.toUpperCase());
    expect(await redeploy()).toMatchObject({ changes: [], refused: null });
  });

  test('a new access connector stops an unplanned stage, and is a change of the next plan', async () => {
    const other = CONNECTOR.replace(/ac$/, 'other');
    world.outputs = {};
    const changes = await plan(unityCatalog, world);
    expect(changes).toEqual([]);
    infrastructureGives(other);
    const { refused } = await applyUnchanged();
    expect(refused).toMatch(
      /given out new values, which change azure_managed_identity of storage-credential .* Retry/,
    );
    expect(lines((await redeploy()).changes)).toEqual([
      'update storage-credential parking_sensors_dev: changes azure_managed_identity',
    ]);
    expect((await read('storage-credentials/parking_sensors_dev')).azure_managed_identity).toMatchObject({
      access_connector_id: other,
    });
  });
});

const applyUnchanged = async () => {
  const kind = { ...unityCatalog, plan: async () => [] };
  return runToEnd(kind, world, { appliesUnchanged: true });
};
const patch = async (path: string, fields: object) => {
  const body = Buffer.from(JSON.stringify(fields));
  await twin.handle({ method: 'PATCH', url: `${WORKSPACE}${UC}/${path}`, headers: {}, body });
};
const grant = (securable: string, principal: string, add: string[]) =>
  patch(`permissions/${securable}`, { changes: [{ principal, add }] });

describe('grants', () => {
  const schema = (more: object) => file({ catalogs: [{ name: 'c', schemas: [{ name: 's', ...more }] }] });
  const grants = [{ principal: 'analysts', privileges: ['USE SCHEMA', 'select'] }];
  beforeEach(() => withStorage());

  test('are added to what others granted, in one request, whatever their spelling', async () => {
    schema({});
    await deploy();
    await grant('schema/c.s', 'auditors', ['SELECT']);
    await grant('schema/c.s', 'analysts', ['SELECT', 'MODIFY']);
    schema({ grants });
    const { changes } = await redeploy();
    expect(lines(changes)).toEqual(['update grants on schema c.s: analysts: +USE_SCHEMA']);
    expect(twin.log.count('Grants.update')).toBe(1);
    expect(names('grant')).toEqual(['SCHEMA c.s analysts', 'SCHEMA c.s auditors']);
    expect((await redeploy()).changes).toEqual([]);
  });

  test('of others are taken away only where the list is complete', async () => {
    schema({ grants, authoritative_grants: true });
    await deploy();
    await grant('schema/c.s', 'auditors', ['SELECT']);
    await grant('schema/c.s', 'analysts', ['MODIFY']);
    const { changes } = await redeploy();
    expect(lines(changes)).toEqual(['update grants on schema c.s: analysts: -MODIFY; auditors: -SELECT']);
    expect(names('grant')).toEqual(['SCHEMA c.s analysts']);
    expect((await redeploy()).changes).toEqual([]);
  });

  test('a complete list without entries takes everything away', async () => {
    schema({ grants });
    await deploy();
    schema({ authoritative_grants: true });
    await redeploy();
    expect(names('grant')).toEqual([]);
  });

  test('to a principal that does not exist refuse the step and name it', async () => {
    withStorage({ principals: ['engineers'] });
    schema({ grants });
    await expect(deploy()).rejects.toMatchObject({
      name: 'Refusal',
      message: /Could not find principal with name analysts/,
    });
  });

  test('that do not fit the securable refuse the step with the words of Databricks', async () => {
    schema({ grants: [{ principal: 'analysts', privileges: ['USE_CATALOG'] }] });
    await expect(deploy()).rejects.toMatchObject({
      name: 'Refusal',
      message: /USE_CATALOG is not applicable/,
    });
  });
});

describe('what is refused before anything is written', () => {
  test('a new catalog without storage where the metastore has none', async () => {
    expect(await refusalOf()).toMatch(
      /^Refusal: catalog parking_sensors_catalog_dev cannot be made: the metastore of this workspace has no storage of its own\. Give the catalog a storage_root/,
    );
  });

  test('an existing catalog needs no storage, although creating it would be refused', async () => {
    example();
    await deploy();
    file({ catalogs: [{ name: CATALOG }] });
    expect(await refusalOf()).toBe('planned');
  });

  test.each([
    [{ catalogs: [{}] }, 'catalogs.0.name'],
    [{ catalogs: [{ name: 'a.b' }] }, 'without spaces, dots and slashes'],
    [{ catalog: [] }, 'Unrecognized key: "catalog"'],
    [{ catalogs: [{ name: 'c', grants: [{ principal: 'p' }] }] }, 'catalogs.0.grants.0.privileges'],
    [{ catalogs: [{ name: 'c' }, { name: 'C' }] }, 'catalog c stands there twice'],
    [
      {
        catalogs: [
          { name: 'c', schemas: [{ name: 's', volumes: [{ name: 'v', volume_type: 'EXTERNAL' }] }] },
        ],
      },
      'volume c.s.v is EXTERNAL and needs a storage_location',
    ],
    [
      { catalogs: [{ name: reference('nobody'), comment: reference('knows') }] },
      `uses ${reference('knows')}, ${reference('nobody')}, which has no value`,
    ],
  ])('%j', async (value, why) => {
    file(value);
    expect(await refusalOf()).toContain(why);
    expect(twin.log.count()).toBe(0);
  });

  test('a file that is not JSON', async () => {
    world.artifacts = { 'databricks-config': { 'unity-catalog.json': '{' } };
    expect(await refusalOf()).toContain('unity-catalog.json is not JSON');
  });
});

describe('when something goes wrong', () => {
  test('a lost answer of any create makes nothing twice', async () => {
    for (const kind of ['StorageCredentials', 'ExternalLocations', 'Catalogs', 'Schemas', 'Volumes']) {
      for (const existsStatus of [400, 409] as const) {
        open({ existsStatus });
        example();
        twin.faults.add({ kind: 'drop', match: `${kind}.create`, times: 1, when: 'after' });
        expect((await deploy()).refused).toBeNull();
        expect(names('schema')).toHaveLength(6);
        expect((await redeploy()).changes).toEqual([]);
      }
    }
  });

  test('a crash after any write is mended by the next attempt', async () => {
    example();
    const { log } = await countWrites();
    for (let write = 0; write < log; write += 3) {
      open();
      example();
      twin.faults.add({ kind: 'status', match: '*.create', skip: write, status: 500, when: 'after' });
      await deploy().catch(() => undefined);
      twin.faults.clear();
      expect((await deploy()).refused).toBeNull();
      expect((await redeploy()).changes).toEqual([]);
    }
  });

  test('what is not visible right after its creation is waited for', async () => {
    open({ hiddenReads: 2 });
    example();
    twin.faults.add({ kind: 'drop', match: 'Catalogs.create', times: 1, when: 'after' });
    expect((await deploy()).refused).toBeNull();
  });

  test('a role assignment that does not work yet is waited for, without holding the function', async () => {
    let works = false;
    open({ canAccess: () => works });
    example();
    world.clock.at(world.clock.now() + 3 * 60_000, () => {
      works = true;
    });
    const { refused, calls } = await deploy();
    expect(refused).toBeNull();
    expect(calls).toBeGreaterThan(2);
    expect(twin.log.count('StorageCredentials.create')).toBe(1);
  });

  test('a role assignment that never works refuses the step after ten minutes and says what to do', async () => {
    open({ canAccess: () => false });
    example();
    const before = world.clock.now();
    expect((await deploy()).refused).toMatch(/Storage Blob Data Contributor .*waited 10 minutes/);
    expect(world.clock.now() - before).toBeLessThanOrEqual(11 * 60_000);
  });

  test('a run that is cancelled while it waits ends when it is asked next, and writes nothing more', async () => {
    open({ canAccess: () => false });
    example();
    let writes = 0;
    world.clock.at(world.clock.now() + 40_000, () => {
      writes = writesOf(twin);
      world.abort.abort();
    });
    const before = world.clock.now();
    await expect(deploy()).rejects.toThrow('the run was cancelled');
    expect(world.clock.now() - before).toBeLessThanOrEqual(61_000);
    expect(writesOf(twin)).toBe(writes);
  });

  test('a missing privilege is not waited for', async () => {
    example();
    twin.faults.add({
      kind: 'status',
      match: 'ExternalLocations.create',
      status: 403,
      message: 'User does not have CREATE EXTERNAL LOCATION on Metastore.',
    });
    expect(await deploy()).toMatchObject({
      refused: expect.stringContaining('does not have CREATE EXTERNAL LOCATION'),
      calls: 1,
    });
  });

  test('an output that the infrastructure does not give out refuses the step', async () => {
    example();
    world.outputs = { 'dev/infrastructure': { outputs: {} } };
    expect((await deploy()).refused).toBe(
      `storage-credential parking_sensors_dev needs ${reference('outputs.accessConnectorId')}, which the infrastructure of this stage does not give out.`,
    );
  });

  test('a 429 is waited out', async () => {
    example();
    twin.faults.add({ kind: 'status', match: '*', times: 3, status: 429, retryAfterInSeconds: 2 });
    expect((await deploy()).refused).toBeNull();
  });
});

async function countWrites(): Promise<{ log: number }> {
  await deploy();
  return { log: twin.log.requests().filter(({ operation }) => operation.endsWith('.create')).length };
}
