import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openWorkspace } from './client.ts';

let workspace = openWorkspace();
const JOBS = '/api/2.2/jobs';
const notebook = (task_key: string, more: Record<string, unknown> = {}) => ({
  task_key,
  notebook_task: { notebook_path: '/Shared/nb' },
  ...more,
});

const post = (verb: string, body: unknown) => workspace.call('POST', `${JOBS}/${verb}`, { body });
const create = async (settings: Record<string, unknown> = {}): Promise<bigint> =>
  Object((await post('create', { name: 'etl', tasks: [notebook('a')], ...settings })).body).job_id;
const get = async (job_id: bigint, query: Record<string, string> = {}) =>
  Object((await workspace.call('GET', `${JOBS}/get`, { query: { job_id: String(job_id), ...query } })).body);
const list = async (query: Record<string, string> = {}) => {
  const found: { job_id: bigint }[] =
    Object((await workspace.call('GET', `${JOBS}/list`, { query })).body).jobs ?? [];
  return found.map(({ job_id }) => job_id);
};

beforeEach(() => {
  workspace = openWorkspace();
});
afterEach(() => expect(workspace.twin.violations()).toEqual([]));

describe('jobs', () => {
  test('creating twice makes two jobs with the same name, under ids beyond 2^53', async () => {
    const [one, two] = [await create(), await create({ name: 'ETL' })];
    expect(one > 2n ** 53n && one !== two).toBe(true);
    expect((await list({ name: 'Etl' })).sort()).toEqual([one, two].sort());
    expect(await list({ name: 'et' })).toEqual([]);
  });

  test('the server fills in defaults and does not echo the policy flag', async () => {
    const new_cluster = { spark_version: '15.4', apply_policy_default_values: true };
    const { settings } = await get(
      await create({ tasks: [notebook('a', { new_cluster, dashboard_task: { id: 'x' } })] }),
    );
    expect(settings).toMatchObject({
      max_concurrent_runs: 1,
      timeout_seconds: 0,
      format: 'MULTI_TASK',
      email_notifications: {},
    });
    expect(settings.tasks[0]).toMatchObject({ run_if: 'ALL_SUCCESS', dashboard_task: { id: 'x' } });
    expect(settings.tasks[0].new_cluster).toEqual({ spark_version: '15.4' });
  });

  test('a reset replaces everything but an omitted run_as', async () => {
    const id = await create({ description: 'old', run_as: { service_principal_name: 'app' } });
    await post('reset', { job_id: id, new_settings: { name: 'new', tasks: [notebook('b')] } });
    const job = await get(id);
    expect(job.settings).toMatchObject({ name: 'new' });
    expect(job.settings).not.toHaveProperty('run_as');
    expect(job.settings).not.toHaveProperty('description');
    expect(job.run_as_user_name).toBe('app');
  });

  test('an update replaces fields, merges tasks by key, and removes what it names', async () => {
    const id = await create({ description: 'old', tasks: [notebook('a'), notebook('b'), notebook('c')] });
    const new_settings = { name: 'new', tasks: [notebook('b', { description: 'changed' }), notebook('d')] };
    await post('update', { job_id: id, new_settings, fields_to_remove: ['description', 'tasks/c'] });
    const { settings } = await get(id);
    expect(settings.tasks).toMatchObject([
      { task_key: 'a' },
      { task_key: 'b', description: 'changed' },
      { task_key: 'd' },
    ]);
    expect([settings.name, settings.description]).toEqual(['new', undefined]);
  });

  test('a job with more than a hundred tasks comes in pages, other lists only on the first', async () => {
    const tasks = Array.from({ length: 150 }, (_value, index) => notebook(`t${index}`));
    const id = await create({ tasks, parameters: [{ name: 'p', default: '1' }] });
    const first = await get(id);
    expect([first.settings.tasks.length, first.settings.parameters.length]).toEqual([100, 1]);
    const second = await get(id, { page_token: first.next_page_token });
    expect([second.settings.tasks.length, second.settings.parameters.length]).toEqual([50, 0]);
    expect(second).not.toHaveProperty('next_page_token');
  });

  test('a list comes in pages, newest first, without tasks unless asked', async () => {
    const ids = [await create(), await create(), await create()];
    const body = Object((await workspace.call('GET', `${JOBS}/list`, { query: { limit: '2' } })).body);
    expect(body.jobs).toMatchObject([{ job_id: ids[2] }, { job_id: ids[1] }]);
    expect(body.jobs[0].settings).not.toHaveProperty('tasks');
    expect(await list({ limit: '2', page_token: body.next_page_token })).toEqual([ids[0]]);
    expect((await workspace.call('GET', `${JOBS}/list`, { query: { limit: '101' } })).status).toBe(400);
  });

  test('dependencies may come back in another order', async () => {
    const depends_on = ['a', 'b', 'c', 'd'].map((task_key) => ({ task_key }));
    const id = await create({
      tasks: [...['a', 'b', 'c', 'd'].map((key) => notebook(key)), notebook('e', { depends_on })],
    });
    const orders = new Set<string>();
    for (let round = 0; round < 10; round++)
      orders.add(JSON.stringify((await get(id)).settings.tasks[4].depends_on));
    expect(orders.size).toBeGreaterThan(1);
  });

  test('tasks with the same key or an unknown dependency are refused', async () => {
    expect((await post('create', { tasks: [notebook('a'), notebook('a')] })).status).toBe(400);
    expect(
      (await post('create', { tasks: [notebook('a', { depends_on: [{ task_key: 'z' }] })] })).status,
    ).toBe(400);
  });

  test('a job that does not exist answers 400 in words, and a deleted one too', async () => {
    const id = await create();
    await post('delete', { job_id: id });
    expect(await workspace.call('GET', `${JOBS}/get`, { query: { job_id: String(id) } })).toMatchObject({
      status: 400,
      body: { error_code: 'INVALID_PARAMETER_VALUE', message: `Job ${id} does not exist.` },
    });
  });

  test('who is no administrator sees jobs of his own alone, and no difference between the others and none', async () => {
    const acceptsToken = (token = '') => ({ ok: true, principal: token }) as const;
    workspace = openWorkspace({ admins: ['ada'], acceptsToken });
    const as = (who: string, method: string, path: string, sent: object = {}) =>
      workspace.call(method, `${JOBS}/${path}`, { headers: { authorization: `Bearer ${who}` }, ...sent });
    const make = async (who: string) =>
      Object((await as(who, 'POST', 'create', { body: { name: 'etl' } })).body).job_id;
    const [his, hers] = [await make('bob'), await make('ada')];
    const see = async (who: string, id: bigint) =>
      (await as(who, 'GET', 'get', { query: { job_id: String(id) } })).status;
    expect([await see('bob', his), await see('bob', hers), await see('bob', 1n)]).toEqual([200, 403, 403]);
    expect([await see('ada', his), await see('ada', 1n)]).toEqual([200, 400]);
    expect(Object((await as('bob', 'GET', 'list')).body).jobs).toMatchObject([{ job_id: his }]);
  });

  test('a job for a cluster that does not exist is neither made nor reset, also in a loop', async () => {
    const task = notebook('a', { existing_cluster_id: 'none' });
    const refused = { status: 400, body: { message: 'Cluster none does not exist.' } };
    expect(await post('create', { name: 'etl', tasks: [task] })).toMatchObject(refused);
    const loop = { task_key: 'l', for_each_task: { inputs: '[1]', task } };
    const new_settings = { name: 'etl', tasks: [loop] };
    expect(await post('reset', { job_id: await create(), new_settings })).toMatchObject(refused);
  });

  test('permissions of a job begin with its owner', async () => {
    const path = `/api/2.0/permissions/jobs/${await create()}`;
    const answer = await workspace.call('GET', path);
    expect(Object(answer.body).access_control_list).toContainEqual({
      user_name: 'twin-user',
      all_permissions: [{ permission_level: 'IS_OWNER', inherited: false }],
    });
  });
});
