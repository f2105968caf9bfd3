import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openWorkspace } from './client.ts';

const UC = '/api/2.1/unity-catalog';
let workspace = openWorkspace();

const open = async (options: Parameters<typeof openWorkspace>[0] = {}) => {
  workspace = openWorkspace({ metastoreStorageRoot: 'abfss://root@store.dfs.core.windows.net', ...options });
  await workspace.call('POST', `${UC}/catalogs`, { body: { name: 'main' } });
  await workspace.call('POST', `${UC}/schemas`, { body: { name: 'gold', catalog_name: 'main' } });
};
const patch = (securable: string, changes: unknown) =>
  workspace.call('PATCH', `${UC}/permissions/${securable}`, { body: { changes } });
const grantsOf = async (securable: string) => {
  const body = Object((await workspace.call('GET', `${UC}/permissions/${securable}`)).body);
  const assignments: { principal: string; privileges: string[] }[] = body.privilege_assignments ?? [];
  return new Map(assignments.map(({ principal, privileges }) => [principal, [...privileges].sort()]));
};

beforeEach(() => open());
afterEach(() => expect(workspace.twin.violations()).toEqual([]));

describe('grants', () => {
  test('a change works on a set, so repeating it changes nothing', async () => {
    const changes = [{ principal: 'team', add: ['USE_CATALOG', 'SELECT'] }];
    await patch('catalog/main', changes);
    await patch('CATALOG/main', changes);
    expect(await grantsOf('catalog/main')).toEqual(new Map([['team', ['SELECT', 'USE_CATALOG']]]));
    await patch('catalog/main', [{ principal: 'team', remove: ['SELECT', 'MODIFY'] }]);
    expect(await grantsOf('catalog/main')).toEqual(new Map([['team', ['USE_CATALOG']]]));
    await patch('catalog/main', [{ principal: 'team', remove: ['USE_CATALOG'] }]);
    expect((await workspace.call('GET', `${UC}/permissions/catalog/main`)).body).toEqual({});
  });

  test('adding and removing the same privilege is refused, and nothing of the request happens', async () => {
    const answer = await patch('catalog/main', [
      { principal: 'a', add: ['SELECT'] },
      { principal: 'b', add: ['SELECT'], remove: ['SELECT'] },
    ]);
    expect(answer).toMatchObject({
      status: 400,
      body: { message: 'Duplicate privileges to add and delete for principal b' },
    });
    expect((await grantsOf('catalog/main')).size).toBe(0);
  });

  test('a privilege with a space, or of another kind of securable, is refused', async () => {
    expect((await patch('catalog/main', [{ principal: 'a', add: ['USE CATALOG'] }])).status).toBe(400);
    expect((await patch('schema/main.gold', [{ principal: 'a', add: ['USE_CATALOG'] }])).status).toBe(400);
  });

  test('a securable, a type and a principal must exist', async () => {
    await open({ principals: ['team'] });
    expect((await patch('schema/main.none', [{ principal: 'team', add: ['SELECT'] }])).status).toBe(404);
    expect((await patch('planet/main', [{ principal: 'team', add: ['SELECT'] }])).status).toBe(400);
    expect((await patch('catalog/main', [{ principal: 'ghost', add: ['SELECT'] }])).body).toMatchObject({
      details: [{ reason: 'PRINCIPAL_DOES_NOT_EXIST' }],
    });
  });

  test('addresses and application ids are kept in lower case, names of groups as written', async () => {
    const application = 'ABCDEF01-2345-4678-9ABC-DEF012345678';
    const principals = ['Ada@Contoso.com', application, 'Team'];
    await open({ principals });
    const all = principals.map((principal) => ({ principal, add: ['SELECT'] }));
    expect((await patch('catalog/main', all)).status).toBe(200);
    expect([...(await grantsOf('catalog/main')).keys()].sort()).toEqual(
      ['Team', application.toLowerCase(), 'ada@contoso.com'].sort(),
    );
    expect((await patch('catalog/main', [{ principal: 'team', add: ['SELECT'] }])).status).toBe(404);
    await patch('catalog/main', [{ principal: 'ADA@contoso.com', remove: ['SELECT'] }]);
    expect((await grantsOf('catalog/main')).has('ada@contoso.com')).toBe(false);
  });

  test('assignments come in any order', async () => {
    const principals = ['a', 'b', 'c', 'd', 'e'];
    await patch(
      'catalog/main',
      principals.map((principal) => ({ principal, add: ['SELECT'] })),
    );
    const orders = new Set<string>();
    for (let round = 0; round < 10; round++) orders.add([...(await grantsOf('catalog/main')).keys()].join());
    expect(orders.size).toBeGreaterThan(1);
  });

  test('effective permissions name what is inherited and from where', async () => {
    await patch('catalog/main', [{ principal: 'team', add: ['SELECT'] }]);
    await patch('schema/main.gold', [{ principal: 'team', add: ['MODIFY'] }]);
    const answer = await workspace.call('GET', `${UC}/effective-permissions/schema/main.gold`);
    expect(answer.body).toEqual({
      privilege_assignments: [
        {
          principal: 'team',
          privileges: [
            { privilege: 'MODIFY' },
            { privilege: 'SELECT', inherited_from_type: 'CATALOG', inherited_from_name: 'main' },
          ],
        },
      ],
    });
  });

  test('a securable that is made again has no old grants', async () => {
    await patch('schema/main.gold', [{ principal: 'team', add: ['SELECT'] }]);
    await workspace.call('DELETE', `${UC}/schemas/main.gold`);
    await workspace.call('POST', `${UC}/schemas`, { body: { name: 'gold', catalog_name: 'main' } });
    expect((await grantsOf('schema/main.gold')).size).toBe(0);
  });
});

describe('permissions on workspace objects', () => {
  const idOf = async (path: string) =>
    String(
      Object((await workspace.call('GET', '/api/2.0/workspace/get-status', { query: { path } })).body)
        .object_id,
    );
  const send = async (method: string, entries: unknown) => {
    const path = `/api/2.0/permissions/directories/${await idOf('/Shared')}`;
    const answer = await workspace.call(
      method,
      path,
      entries ? { body: { access_control_list: entries } } : {},
    );
    const list: Record<string, unknown>[] = Object(answer.body).access_control_list ?? [];
    const nameOf = (entry: Record<string, unknown>) =>
      entry.user_name ?? entry.group_name ?? entry.service_principal_name;
    return list.map((entry) => String(nameOf(entry))).sort();
  };

  test('PATCH adds to the list and PUT replaces all but what is inherited', async () => {
    expect(await send('PATCH', [{ group_name: 'readers', permission_level: 'CAN_READ' }])).toEqual([
      'admins',
      'readers',
      'twin-user',
    ]);
    expect(await send('PUT', [{ service_principal_name: 'app', permission_level: 'CAN_MANAGE' }])).toEqual([
      'admins',
      'app',
    ]);
    expect(await send('GET', undefined)).toEqual(['admins', 'app']);
  });

  test('levels are those of the kind of object, and a job has one owner', async () => {
    const create = await workspace.call('POST', '/api/2.2/jobs/create', { body: { name: 'etl' } });
    const path = `/api/2.0/permissions/jobs/${Object(create.body).job_id}`;
    const put = async (method: string, ...entries: [string, string][]) => {
      const access_control_list = entries.map(([user_name, permission_level]) => ({
        user_name,
        permission_level,
      }));
      const { status, body } = await workspace.call(method, path, { body: { access_control_list } });
      return status === 200 ? 200 : Object(body).message;
    };
    const oneOwner = 'The job must have exactly one owner.';
    expect(await put('PATCH', ['a', 'CAN_RESTART'])).toBe(
      'Permission type CAN_RESTART is not defined for jobs.',
    );
    expect(await put('PUT', ['a', 'CAN_VIEW'])).toBe(oneOwner);
    expect(await put('PUT', ['a', 'IS_OWNER'], ['b', 'IS_OWNER'])).toBe(oneOwner);
    expect(await put('PATCH', ['a', 'IS_OWNER'])).toBe(oneOwner);
    expect(await put('PATCH', ['a', 'IS_OWNER'], ['twin-user', 'CAN_MANAGE'])).toBe(200);
    expect(await put('PUT', ['b', 'IS_OWNER'])).toBe(200);
  });

  test('somebody who is not there gets none', async () => {
    workspace = openWorkspace({ principals: ['readers'] });
    const path = `/api/2.0/permissions/directories/${await idOf('/Shared')}`;
    const entry = (group_name: string) => ({ group_name, permission_level: 'CAN_READ' });
    const give = (name: string) =>
      workspace.call('PATCH', path, { body: { access_control_list: [entry(name)] } });
    expect((await give('readers')).status).toBe(200);
    const message = 'Principal: GroupName(readres) does not exist.';
    expect(await give('readres')).toMatchObject({ status: 404, body: { message } });
  });

  test('an object that does not exist has no permissions', async () => {
    expect((await workspace.call('GET', '/api/2.0/permissions/directories/1')).status).toBe(404);
    expect((await workspace.call('GET', '/api/2.0/permissions/planets/1')).status).toBe(400);
  });
});
