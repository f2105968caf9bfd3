import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openClient } from './databricks-world.ts';

let world = openClient();
beforeEach(() => {
  world = openClient();
});
afterEach(() => expect(world.twin.violations()).toEqual([]));

const SPEC = { spark_version: '15.4.x-scala2.12', node_type_id: 'Standard_D4s_v5', num_workers: 1 };
const WHEEL = { whl: '/Workspace/Shared/a.whl' };
const clusters = () => world.client.clusters;
const policies = () => world.client.policies;
const permissions = () => world.client.permissions;
const create = (cluster_name: string) => world.soon(clusters().create({ ...SPEC, cluster_name }));
const stateOf = async (id: string) => (await world.soon(clusters().get(id)))?.state;
const stop = (id: string) =>
  world.twin.handle({
    method: 'POST',
    url: 'https://adb.example/api/2.1/clusters/delete',
    headers: {},
    body: Buffer.from(JSON.stringify({ cluster_id: id })),
  });

describe('clusters', () => {
  test('are found by name among those of people and programs, the oldest first', async () => {
    const first = await create('etl');
    await create('other');
    await world.pass(1000);
    const second = await create('etl');
    world.twin.log.clear();
    const found = await world.soon(clusters().find('etl'));
    expect(found.map(({ id }) => id)).toEqual([first, second]);
    expect(found[0]).toMatchObject({ name: 'etl', state: 'RUNNING', spec: SPEC });
    expect(world.twin.log.counts()).toEqual({ 'Clusters.list': 2, 'Clusters.get': 2 });
  });

  test('an edit replaces the settings, and is not for now while the cluster starts', async () => {
    const id = await create('etl');
    const spec = { ...SPEC, cluster_name: 'etl', num_workers: 3 };
    expect(await world.soon(clusters().edit(id, spec))).toBe('not-now');
    await world.pass(1000);
    expect(await world.soon(clusters().edit(id, spec))).toBe('done');
    expect((await world.soon(clusters().get(id)))?.spec).toMatchObject({ num_workers: 3 });
  });

  test('only a running cluster restarts', async () => {
    const id = await create('etl');
    await world.pass(1000);
    expect(await world.soon(clusters().restart(id))).toBe('done');
    expect(await stateOf(id)).toBe('RESTARTING');
    await world.pass(1000);
    await stop(id);
    await world.pass(1000);
    expect(await world.soon(clusters().restart(id))).toBe('not-now');
    expect(await stateOf(id)).toBe('TERMINATED');
  });

  test.each([400, 404] as const)('that do not exist are answers under status %i', async (notFoundStatus) => {
    world = openClient({ notFoundStatus });
    expect(await world.soon(clusters().get('none'))).toBeNull();
    expect(await world.soon(clusters().edit('none', SPEC))).toBe('no-cluster');
    expect(await world.soon(clusters().restart('none'))).toBe('no-cluster');
    expect(await world.soon(clusters().libraries('none'))).toEqual([]);
    await world.soon(clusters().remove('none'));
    await world.soon(clusters().uninstall('none', [WHEEL]));
  });

  test('a cluster is never made twice by a lost answer, and removed for good', async () => {
    world.twin.faults.add({ kind: 'drop', when: 'after', match: 'Clusters.*', times: 1 });
    await expect(create('etl')).rejects.toMatchObject({ name: 'TransientFailure' });
    const [cluster] = await world.soon(clusters().find('etl'));
    expect(world.twin.log.count('Clusters.create')).toBe(1);
    await world.soon(clusters().remove(cluster?.id ?? ''));
    expect(await world.soon(clusters().find('etl'))).toEqual([]);
  });

  test('a library that could not be installed is told with the reason', async () => {
    const id = await create('c');
    await world.pass(1_000);
    await world.soon(clusters().install(id, [WHEEL]));
    await world.pass(1_000);
    const message = 'Library file /Workspace/Shared/a.whl does not exist.';
    expect(await world.soon(clusters().libraries(id))).toEqual([
      { library: WHEEL, status: 'FAILED', message },
    ]);
  });

  test('libraries are told by cluster and for all clusters at once', async () => {
    const [id, other] = [await create('etl'), await create('other')];
    await world.pass(1000);
    await world.soon(clusters().install(id, [WHEEL]));
    await world.soon(clusters().install(id, [WHEEL]));
    expect(await world.soon(clusters().libraries(id))).toEqual([
      { library: WHEEL, status: 'PENDING', message: '' },
    ]);
    await world.soon(clusters().uninstall(id, [WHEEL]));
    const marked = [{ library: WHEEL, status: 'UNINSTALL_ON_RESTART', message: '' }];
    expect(await world.soon(clusters().allLibraries())).toEqual(new Map([[id, marked]]));
    expect(await world.soon(clusters().libraries(other))).toEqual([]);
  });
});

describe('cluster policies', () => {
  test('are made, found, changed and removed', async () => {
    const made = await world.soon(policies().create({ name: 'small', definition: '{}' }));
    const id = made === 'exists' ? '' : made.id;
    expect(await world.soon(policies().find('small'))).toMatchObject({ id, settings: { definition: '{}' } });
    expect(await world.soon(policies().edit(id, { name: 'small', definition: '{"a":1}' }))).toBe('done');
    expect(await world.soon(policies().get(id))).toMatchObject({ settings: { definition: '{"a":1}' } });
    await world.soon(policies().remove(id));
    await world.soon(policies().remove(id));
    expect(await world.soon(policies().get(id))).toBeNull();
    expect(await world.soon(policies().find('small'))).toBeNull();
    expect(await world.soon(policies().edit(id, { name: 'small' }))).toBe('no-policy');
  });

  test('a name that is taken is an answer, another refusal is not', async () => {
    await world.soon(policies().create({ name: 'small' }));
    expect(await world.soon(policies().create({ name: 'small' }))).toBe('exists');
    await expect(world.soon(policies().create({ name: 'x', definition: '{' }))).rejects.toMatchObject({
      name: 'Refusal',
    });
  });
});

describe('permissions', () => {
  const OPS = { group_name: 'ops', permission_level: 'CAN_RESTART' };
  const DEV = { user_name: 'dev@example.com', permission_level: 'CAN_ATTACH_TO' };
  const OWN = { user_name: 'twin-user', permission_level: 'CAN_MANAGE' };

  test('are what was given on the object itself, without what it inherits', async () => {
    const id = await create('etl');
    expect(await world.soon(permissions().get('clusters', id))).toEqual([OWN]);
    expect(await world.soon(permissions().get('clusters', 'none'))).toBeNull();
  });

  test('an entry replaces the one for the same principal and leaves the others', async () => {
    const id = await create('etl');
    await world.soon(permissions().add('clusters', id, [OPS, DEV]));
    const more = { ...OPS, permission_level: 'CAN_MANAGE' };
    expect(await world.soon(permissions().add('clusters', id, [more]))).toBe('done');
    const held = await world.soon(permissions().get('clusters', id));
    expect(held).toHaveLength(3);
    expect(held).toEqual(expect.arrayContaining([OWN, DEV, more]));
    expect(await world.soon(permissions().add('clusters', 'none', [OPS]))).toBe('no-object');
  });

  test('a list replaces all that was given, but never the owner of a job', async () => {
    const job = await world.soon(world.client.jobs.create({ name: 'etl' }));
    const owner = { user_name: 'twin-user', permission_level: 'IS_OWNER' };
    const ops = { ...OPS, permission_level: 'CAN_VIEW' };
    const dev = { ...DEV, permission_level: 'CAN_MANAGE_RUN' };
    await world.soon(permissions().add('jobs', job, [ops]));
    expect(await world.soon(permissions().set('jobs', job, [dev]))).toBe('done');
    expect(JSON.parse(world.sent.at(-1) ?? '')).toEqual({ access_control_list: [owner, dev] });
    const held = await world.soon(permissions().get('jobs', job));
    expect(held).toEqual(expect.arrayContaining([owner, dev]));
    expect(held).toHaveLength(2);
    expect(await world.soon(permissions().set('jobs', '1', [dev]))).toBe('no-object');
  });
});
