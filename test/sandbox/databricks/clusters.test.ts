import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { base64, openWorkspace } from './client.ts';

let workspace = openWorkspace();
const spec = {
  cluster_name: 'etl',
  spark_version: '15.4.x-scala2.12',
  node_type_id: 'Standard_D4s_v5',
  num_workers: 1,
};

const act = (verb: string, body: unknown) => workspace.call('POST', `/api/2.1/clusters/${verb}`, { body });
const create = async (more: Record<string, unknown> = {}): Promise<string> =>
  Object((await act('create', { ...spec, ...more })).body).cluster_id;
const get = async (cluster_id: string) =>
  (await workspace.call('GET', '/api/2.1/clusters/get', { query: { cluster_id } })).body;
const policy = (verb: string, body: unknown) =>
  workspace.call('POST', `/api/2.0/policies/clusters/${verb}`, { body });
const libraries = (verb: string, cluster_id: string, whl: string) =>
  workspace.call('POST', `/api/2.0/libraries/${verb}`, { body: { cluster_id, libraries: [{ whl }] } });
const statuses = async (cluster_id: string) => {
  const { body } = await workspace.call('GET', '/api/2.0/libraries/cluster-status', {
    query: { cluster_id },
  });
  const list: { status: string }[] = Object(body).library_statuses ?? [];
  return list.map(({ status }) => status);
};
const upload = (path: string, content: string) =>
  workspace.call('POST', '/api/2.0/workspace/import', {
    body: { path, content: base64(content), format: 'AUTO', overwrite: true },
  });

beforeEach(() => {
  workspace = openWorkspace();
});
afterEach(() => expect(workspace.twin.violations()).toEqual([]));

describe('clusters', () => {
  test('a new cluster is pending and then runs', async () => {
    const id = await create();
    expect(await get(id)).toMatchObject({
      state: 'PENDING',
      driver_node_type_id: spec.node_type_id,
      enable_elastic_disk: true,
    });
    workspace.pass(200);
    expect(await get(id)).toMatchObject({ state: 'RUNNING', cluster_name: 'etl' });
  });

  test('names are not unique', async () => {
    expect(await create()).not.toBe(await create());
  });

  test('an edit restarts a running cluster, and is refused while a cluster is on its way', async () => {
    const id = await create();
    expect((await act('edit', { ...spec, cluster_id: id })).body).toMatchObject({
      error_code: 'INVALID_STATE',
    });
    workspace.pass(200);
    await act('edit', { ...spec, cluster_id: id, num_workers: 4 });
    expect(await get(id)).toMatchObject({ state: 'RESTARTING', num_workers: 4 });
    workspace.pass(200);
    expect(await get(id)).toMatchObject({ state: 'RUNNING' });
  });

  test('delete terminates and keeps the cluster, which can be started or edited', async () => {
    const id = await create();
    await act('delete', { cluster_id: id });
    expect(await get(id)).toMatchObject({ state: 'TERMINATING' });
    workspace.pass(50);
    expect(await get(id)).toMatchObject({
      state: 'TERMINATED',
      termination_reason: { code: 'USER_REQUEST' },
    });
    await act('edit', { ...spec, cluster_id: id, num_workers: 2 });
    expect(await get(id)).toMatchObject({ state: 'TERMINATED', num_workers: 2 });
    expect((await act('start', { cluster_id: id })).status).toBe(200);
    expect((await act('start', { cluster_id: id })).status).toBe(400);
  });

  test.each(['restart', 'edit', 'delete', 'permanent-delete'])(
    'what runs on a cluster fails when the cluster gets a %s, what runs elsewhere does not',
    async (verb) => {
      await upload('/Shared/nb.py', '# Databricks notebook source');
      const [id, other] = [await create(), await create()];
      workspace.pass(200);
      const submit = async (existing_cluster_id: string): Promise<bigint> => {
        const task = { task_key: 'a', existing_cluster_id, notebook_task: { notebook_path: '/Shared/nb' } };
        const body = { tasks: [task] };
        return Object((await workspace.call('POST', '/api/2.2/jobs/runs/submit', { body })).body).run_id;
      };
      const runs = [await submit(id), await submit(other)];
      workspace.pass(60);
      await act(verb, verb === 'edit' ? { ...spec, cluster_id: id } : { cluster_id: id });
      workspace.pass(1000);
      const details = runs.map(async (run_id) => {
        const query = { run_id: String(run_id) };
        return Object((await workspace.call('GET', '/api/2.2/jobs/runs/get', { query })).body).status
          .termination_details.code;
      });
      expect(await Promise.all(details)).toEqual(['CLUSTER_ERROR', 'SUCCESS']);
    },
  );

  test('only clusters of the wanted source are listed', async () => {
    await create();
    const list = async (source: string) => {
      const query = { 'filter_by.cluster_sources': source };
      return Object((await workspace.call('GET', '/api/2.1/clusters/list', { query })).body).clusters ?? [];
    };
    expect(await list('API')).toHaveLength(1);
    expect(await list('JOB')).toEqual([]);
  });

  test('a permanent delete removes the cluster', async () => {
    const id = await create();
    await act('permanent-delete', { cluster_id: id });
    expect((await workspace.call('GET', '/api/2.1/clusters/list')).body).toEqual({});
  });

  test.each([400, 404] as const)(
    'a cluster that does not exist answers %i with INVALID_PARAMETER_VALUE',
    async (notFoundStatus) => {
      workspace = openWorkspace({ notFoundStatus });
      expect(
        await workspace.call('GET', '/api/2.1/clusters/get', { query: { cluster_id: 'none' } }),
      ).toMatchObject({
        status: notFoundStatus,
        body: { error_code: 'INVALID_PARAMETER_VALUE', message: 'Cluster none does not exist' },
      });
    },
  );

  test('terminated clusters are listed for thirty days', async () => {
    await act('delete', { cluster_id: await create() });
    workspace.pass(1000);
    expect((await workspace.call('GET', '/api/2.1/clusters/list')).body).toMatchObject({
      clusters: [{ state: 'TERMINATED' }],
    });
    workspace.pass(31 * 24 * 60 * 60 * 1000);
    expect((await workspace.call('GET', '/api/2.1/clusters/list')).body).toEqual({});
  });

  test('a cluster for a single user belongs to the caller, and the policy flag is not echoed', async () => {
    const body = await get(
      await create({ data_security_mode: 'SINGLE_USER', apply_policy_default_values: true }),
    );
    expect(body).toMatchObject({ single_user_name: 'twin-user' });
    expect(body).not.toHaveProperty('apply_policy_default_values');
  });
});

describe('policies', () => {
  test('a policy is made, edited, read and deleted', async () => {
    const policy_id: string = Object(
      (await policy('create', { name: 'small', definition: '{}' })).body,
    ).policy_id;
    await policy('edit', { policy_id, name: 'small', definition: '{"a":1}' });
    const read = await workspace.call('GET', '/api/2.0/policies/clusters/get', { query: { policy_id } });
    expect(read.body).toMatchObject({ name: 'small', definition: '{"a":1}', creator_user_name: 'twin-user' });
    expect((await act('create', { ...spec, policy_id })).status).toBe(200);
    await policy('delete', { policy_id });
    expect((await workspace.call('GET', '/api/2.0/policies/clusters/list')).body).toEqual({});
    expect((await act('create', { ...spec, policy_id })).status).toBe(400);
    expect((await policy('edit', { policy_id, name: 'x' })).status).toBe(404);
  });

  test('names of policies are unique and definitions are JSON', async () => {
    await policy('create', { name: 'small' });
    expect((await policy('create', { name: 'small' })).status).toBe(400);
    expect((await policy('create', { name: 'big', definition: '{' })).status).toBe(400);
    expect((await policy('create', {})).status).toBe(400);
  });
});

describe('libraries', () => {
  test('a library is installed when the cluster runs, and a missing file fails', async () => {
    await upload('/Shared/a.whl', '1');
    const id = await create();
    await libraries('install', id, '/Workspace/Shared/a.whl');
    await libraries('install', id, '/Workspace/Shared/none.whl');
    expect(await statuses(id)).toEqual(['PENDING', 'PENDING']);
    workspace.pass(250);
    expect(await statuses(id)).toEqual(['INSTALLED', 'FAILED']);
  });

  test('an uninstalled library stays until the next restart', async () => {
    await upload('/Shared/a.whl', '1');
    const id = await create();
    workspace.pass(200);
    await libraries('install', id, '/Workspace/Shared/a.whl');
    workspace.pass(50);
    await libraries('uninstall', id, '/Workspace/Shared/a.whl');
    expect(await statuses(id)).toEqual(['UNINSTALL_ON_RESTART']);
    await act('restart', { cluster_id: id });
    workspace.pass(250);
    expect(await statuses(id)).toEqual([]);
  });
  test('the libraries of all clusters come in one answer', async () => {
    const all = async () =>
      Object((await workspace.call('GET', '/api/2.0/libraries/all-cluster-statuses')).body).statuses;
    const [one, none, two] = [await create(), await create(), await create()];
    expect(await all()).toBeUndefined();
    for (const id of [one, two]) await libraries('install', id, '/Workspace/Shared/a.whl');
    const statuses = [{ library: { whl: '/Workspace/Shared/a.whl' }, status: 'PENDING' }];
    expect(await all()).toMatchObject([
      { cluster_id: one, library_statuses: statuses },
      { cluster_id: two, library_statuses: statuses },
    ]);
    expect(JSON.stringify(await all())).not.toContain(none);
  });
});
