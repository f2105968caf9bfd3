import { describe, expect, test } from '@jest/globals';
import { createDatabricksTwin } from '../../../sandbox/databricks/twin.ts';
import { createChance } from '../../../sandbox/twin/chance.ts';
import { base64, openWorkspace } from './client.ts';

const UC = '/api/2.1/unity-catalog';
const POLICIES = '/api/2.0/policies/clusters';
type Workspace = ReturnType<typeof openWorkspace>;

const put = ({ call }: Workspace, path: string, content: string) =>
  call('POST', '/api/2.0/workspace/import', {
    body: { path, content: base64(content), format: 'AUTO', overwrite: true },
  });
const grant = ({ call }: Workspace, principal: string) =>
  call('PATCH', `${UC}/permissions/catalog/main`, {
    body: { changes: [{ principal, add: ['SELECT', 'MODIFY'] }] },
  });

describe('access', () => {
  const acceptsToken = (token: string | undefined) =>
    token ? { ok: true as const, principal: token } : { ok: false as const, why: 'Credential was not sent.' };
  const headers = { authorization: 'Bearer stranger' };

  test('without a token nothing is answered but 401', async () => {
    const { call } = openWorkspace({ acceptsToken });
    expect(await call('GET', '/api/2.0/workspace/list', { query: { path: '/' } })).toMatchObject({
      status: 401,
      body: { error_code: 'UNAUTHENTICATED', message: 'Credential was not sent.' },
    });
  });

  test('a stranger gets 403 for what exists and for what does not', async () => {
    const { call } = openWorkspace({ acceptsToken, strangers: ['stranger'] });
    for (const path of ['/Shared', '/none']) {
      const query = { path };
      expect((await call('GET', '/api/2.0/workspace/get-status', { query, headers })).status).toBe(403);
    }
    expect((await call('GET', '/api/2.0/preview/scim/v2/Me', { headers })).body).toMatchObject({
      userName: 'stranger',
    });
  });

  test('an API that does not exist answers in the standard error shape', async () => {
    const { call, twin } = openWorkspace();
    expect(await call('GET', '/api/9.9/nothing')).toMatchObject({
      status: 404,
      body: { error_code: 'ENDPOINT_NOT_FOUND' },
    });
    expect(twin.violations()).toHaveLength(1);
  });
});

describe('limits', () => {
  test('the documented rate of imports holds unless another one is set', async () => {
    const workspace = openWorkspace();
    const limited = createDatabricksTwin({ clock: { now: () => 0, sleep: async () => undefined } });
    const request = {
      method: 'POST',
      url: '/api/2.0/workspace/import',
      headers: {},
      body: Buffer.from('{"path":"/Shared/x","format":"AUTO"}'),
    };
    const statuses = [];
    for (let sent = 0; sent < 31; sent++) statuses.push((await limited.handle(request)).status);
    expect(statuses.filter((status) => status === 429)).toHaveLength(1);
    for (let sent = 0; sent < 31; sent++) await workspace.twin.handle(request);
    expect(workspace.twin.log.requests().some(({ status }) => status === 429)).toBe(false);
  });
});

describe('the inventory', () => {
  const deploy = async (workspace: Workspace, principals: string[]) => {
    await workspace.call('POST', `${UC}/catalogs`, { body: { name: 'main', comment: 'c' } });
    for (const principal of principals) await grant(workspace, principal);
    await put(workspace, '/Shared/nb.py', '# Databricks notebook source\n1');
  };
  const metastoreStorageRoot = 'abfss://root@store.dfs.core.windows.net';

  test('two deployments of the same content have the same inventory, whatever the order, ids and times', async () => {
    const [one, two] = [openWorkspace({ metastoreStorageRoot }), openWorkspace({ metastoreStorageRoot })];
    await deploy(one, ['a', 'b']);
    two.pass(5000);
    await two.call('POST', '/api/2.0/workspace/mkdirs', { body: { path: '/Shared/tmp' } });
    await two.call('POST', '/api/2.0/workspace/delete', { body: { path: '/Shared/tmp' } });
    await deploy(two, ['b', 'a']);
    expect(two.twin.inventory()).toEqual(one.twin.inventory());
    expect(one.twin.inventory().map(({ kind }) => kind)).toEqual([
      'catalog',
      'grant',
      'grant',
      'notebook',
      'schema',
      'schema',
    ]);
  });

  test('jobs, clusters, policies and access to them go by their names, and what is gone has none', async () => {
    const deployCompute = async (workspace: Workspace) => {
      const post = async (path: string, body: object) =>
        Object((await workspace.call('POST', path, { body })).body);
      const { policy_id } = await post('/api/2.0/policies/clusters/create', { name: 'p' });
      const cluster = { cluster_name: 'c', spark_version: '15.4.x', policy_id };
      const { cluster_id } = await post('/api/2.1/clusters/create', cluster);
      const tasks = [{ task_key: 'a', existing_cluster_id: cluster_id }];
      const { job_id } = await post('/api/2.2/jobs/create', { name: 'j', tasks });
      const body = { access_control_list: [{ group_name: 'ops', permission_level: 'CAN_VIEW' }] };
      const path = `/api/2.0/permissions/jobs/${job_id}`;
      await workspace.call('PATCH', path, { body });
      return {
        remove: () => post('/api/2.2/jobs/delete', { job_id }),
        clear: () =>
          workspace.call('PUT', path, {
            body: { access_control_list: [{ user_name: 'twin-user', permission_level: 'IS_OWNER' }] },
          }),
      };
    };
    const [one, two] = [openWorkspace(), openWorkspace({ chance: createChance(99) })];
    await deployCompute(one);
    const { remove, clear } = await deployCompute(two);
    const kindsIn = ({ twin }: Workspace) => twin.inventory().map(({ kind }) => kind);
    expect(two.twin.inventory()).toEqual(one.twin.inventory());
    expect(kindsIn(two)).toEqual(['cluster', 'job', 'permission', 'policy']);
    await clear();
    expect(kindsIn(two)).toEqual(['cluster', 'job', 'policy']);
    await remove();
    expect(kindsIn(two)).toEqual(['cluster', 'policy']);
  });

  test('a change of content, of a setting, of an owner or of a grant changes the inventory', async () => {
    const workspace = openWorkspace({ metastoreStorageRoot });
    await deploy(workspace, ['a']);
    const policy = { name: 'p', definition: '{}' };
    const created = await workspace.call('POST', `${POLICIES}/create`, { body: policy });
    const { policy_id } = Object(created.body);
    const before = JSON.stringify(workspace.twin.inventory());
    const edit = (body: object) => () =>
      workspace.call('POST', `${POLICIES}/edit`, { body: { ...policy, policy_id, ...body } });
    const changes = [
      () => put(workspace, '/Shared/nb.py', '# Databricks notebook source\n2'),
      () => workspace.call('PATCH', `${UC}/catalogs/main`, { body: { comment: 'd' } }),
      () => workspace.call('PATCH', `${UC}/catalogs/main`, { body: { owner: 'data-owners' } }),
      () => grant(workspace, 'z'),
      edit({ definition: '{"num_workers":{"type":"fixed","value":1}}' }),
      edit({ description: 'small clusters' }),
      edit({ max_clusters_per_user: 2 }),
    ];
    const seen = new Set([before]);
    for (const change of changes) {
      await change();
      seen.add(JSON.stringify(workspace.twin.inventory()));
    }
    expect(seen.size).toBe(changes.length + 1);
  });

  test('an unchanged import leaves the inventory as it is', async () => {
    const workspace = openWorkspace();
    await put(workspace, '/Shared/x.txt', 'x');
    const before = workspace.twin.inventory();
    workspace.pass(1000);
    await put(workspace, '/Shared/x.txt', 'x');
    expect(workspace.twin.inventory()).toEqual(before);
  });
});

describe('over HTTP', () => {
  test('ids arrive as JSON numbers, and a workspace survives a restart', async () => {
    const first = createDatabricksTwin({ limits: [] });
    const server = await first.listen();
    const body = JSON.stringify({ path: '/Shared/x.txt', content: base64('x'), format: 'AUTO' });
    await fetch(`${server.url}/api/2.0/workspace/import`, { method: 'POST', body });
    const text = await (await fetch(`${server.url}/api/2.0/workspace/get-status?path=/Shared/x.txt`)).text();
    expect(BigInt(/"object_id":(\d+)/.exec(text)?.[1] ?? '0')).toBeGreaterThan(2n ** 53n);
    expect(await (await fetch(`${server.url}/_twin/inventory`)).json()).toMatchObject([
      { kind: 'file', name: '/Shared/x.txt' },
    ]);
    await server.close();
    const second = createDatabricksTwin({ limits: [] });
    second.importState(first.exportState());
    const again = await second.handle({
      method: 'GET',
      url: '/api/2.0/workspace/get-status?path=/Shared/x.txt',
      headers: {},
      body: Buffer.from(''),
    });
    expect(Buffer.from(again.body).toString()).toBe(text);
  });

  test('HEAD tells the size of a file without sending it', async () => {
    const twin = createDatabricksTwin({
      limits: [],
      metastoreStorageRoot: 'abfss://root@store.dfs.core.windows.net',
    });
    const server = await twin.listen();
    const create = (what: string, body: object) =>
      fetch(`${server.url}${UC}/${what}`, { method: 'POST', body: JSON.stringify(body) });
    await create('catalogs', { name: 'main' });
    await create('volumes', {
      name: 'v',
      schema_name: 'default',
      catalog_name: 'main',
      volume_type: 'MANAGED',
    });
    const url = `${server.url}/api/2.0/fs/files/Volumes/main/default/v/x.whl`;
    expect((await fetch(url, { method: 'PUT', body: 'wheel' })).status).toBe(204);
    expect((await fetch(url, { method: 'HEAD' })).headers.get('content-length')).toBe('5');
    expect((await fetch(`${url}2`, { method: 'HEAD' })).status).toBe(404);
    await server.close();
    expect(twin.violations()).toEqual([]);
  });
});
