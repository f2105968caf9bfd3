import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { base64, openWorkspace } from './client.ts';

let workspace = openWorkspace();
const JOBS = '/api/2.2/jobs';
const notebook = (task_key: string, more: Record<string, unknown> = {}) => ({
  task_key,
  notebook_task: { notebook_path: '/Shared/nb' },
  ...more,
});
const follows = (...keys: string[]) => ({ depends_on: keys.map((task_key) => ({ task_key })) });

const post = (verb: string, body: unknown) => workspace.call('POST', `${JOBS}/${verb}`, { body });
const created = async (settings: Record<string, unknown> = {}): Promise<bigint> =>
  Object((await post('create', { name: 'etl', tasks: [notebook('a')], ...settings })).body).job_id;
const started = async (job_id: bigint, more: Record<string, unknown> = {}): Promise<bigint> =>
  Object((await post('run-now', { job_id, ...more })).body).run_id;
const get = async (run_id: bigint, query: Record<string, string> = {}) =>
  Object(
    (await workspace.call('GET', `${JOBS}/runs/get`, { query: { run_id: String(run_id), ...query } })).body,
  );
const taskIds = async (run_id: bigint): Promise<bigint[]> =>
  (await get(run_id)).tasks.map((task: { run_id: bigint }) => task.run_id);
const output = async (run_id: bigint | undefined) =>
  workspace.call('GET', `${JOBS}/runs/get-output`, { query: { run_id: String(run_id) } });

const makeVolume = async () => {
  const make = (path: string, body: Record<string, unknown>) =>
    workspace.call('POST', `/api/2.1/unity-catalog/${path}`, { body });
  await make('catalogs', { name: 'c' });
  await make('schemas', { name: 's', catalog_name: 'c' });
  await make('volumes', { name: 'v', catalog_name: 'c', schema_name: 's', volume_type: 'MANAGED' });
};
const volumeFiles = async () => {
  const { body } = await workspace.call('GET', '/api/2.0/fs/directories/Volumes/c/s/v/out');
  return (Object(body).contents ?? []).map(({ path }: { path: string }) => path);
};

beforeEach(async () => {
  workspace = openWorkspace({ metastoreStorageRoot: 'abfss://meta@stmeta001.dfs.core.windows.net/' });
  const body = { path: '/Shared/nb.py', content: base64('# Databricks notebook source\n1'), format: 'AUTO' };
  await workspace.call('POST', '/api/2.0/workspace/import', { body });
});
afterEach(() => expect(workspace.twin.violations()).toEqual([]));

describe('a continuous job', () => {
  const active = async (job_id: bigint) => {
    const query = { job_id: String(job_id), active_only: 'true', expand_tasks: 'true' };
    return Object((await workspace.call('GET', `${JOBS}/runs/list`, { query })).body).runs ?? [];
  };
  const settings = (key: string, pause_status = 'UNPAUSED') => ({
    ...{ name: 'stream', tasks: [notebook(key)] },
    continuous: { pause_status },
  });
  beforeEach(() => workspace.twin.scriptRuns({ durationInMs: 24 * 60 * 60_000 }));

  test('always has one run, which keeps its settings; after a cancel the next one has those of the job', async () => {
    const job_id = await created(settings('a'));
    const [first] = await active(job_id);
    expect(first).toMatchObject({ trigger: 'CONTINUOUS', tasks: [{ task_key: 'a' }] });
    await post('reset', { job_id, new_settings: settings('b') });
    workspace.pass(60_000);
    expect(await active(job_id)).toMatchObject([{ run_id: first.run_id, tasks: [{ task_key: 'a' }] }]);
    await post('runs/cancel', { run_id: first.run_id });
    workspace.pass(60_000);
    expect(await active(job_id)).toMatchObject([{ tasks: [{ task_key: 'b' }] }]);
  });

  test('that is paused starts none, and does not end the one that runs', async () => {
    const job_id = await created(settings('a'));
    const [{ run_id }] = await active(job_id);
    await post('reset', { job_id, new_settings: settings('a', 'PAUSED') });
    workspace.pass(60_000);
    expect(await active(job_id)).toMatchObject([{ run_id }]);
    await post('runs/cancel', { run_id });
    workspace.pass(60_000);
    expect(await active(job_id)).toEqual([]);
  });
});

describe('the life of a run', () => {
  test('a run is pending, runs, and ends with both forms of its state', async () => {
    const id = await started(await created());
    const seen = [(await get(id)).state.life_cycle_state];
    for (const wait of [50, 100]) {
      workspace.pass(wait);
      seen.push((await get(id)).state.life_cycle_state);
    }
    expect(seen).toEqual(['PENDING', 'RUNNING', 'TERMINATED']);
    expect(await get(id)).toMatchObject({
      state: { result_state: 'SUCCESS', user_cancelled_or_timedout: false },
      status: { state: 'TERMINATED', termination_details: { code: 'SUCCESS' } },
      run_duration: 150,
      tasks: [{ setup_duration: 50, execution_duration: 100 }],
    });
  });

  test('a task begins when its upstream has ended', async () => {
    const id = await started(await created({ tasks: [notebook('b', follows('a')), notebook('a')] }));
    workspace.pass(150);
    expect((await get(id)).tasks).toMatchObject([
      { status: { state: 'PENDING' } },
      { state: { result_state: 'SUCCESS' } },
    ]);
    workspace.pass(150);
    expect(await get(id)).toMatchObject({ run_duration: 300, state: { result_state: 'SUCCESS' } });
  });

  test('a failed task fails the run, names itself, and keeps its downstream from running', async () => {
    workspace.twin.scriptRuns({
      task: 'a',
      result: 'FAILED',
      error: 'ValueError: x',
      errorTrace: 'Traceback',
    });
    const id = await started(
      await created({
        tasks: [
          notebook('a'),
          notebook('b', follows('a')),
          notebook('c', { ...follows('a'), run_if: 'ALL_DONE' }),
        ],
      }),
    );
    workspace.pass(1000);
    const run = await get(id);
    expect(run.state).toMatchObject({
      life_cycle_state: 'INTERNAL_ERROR',
      result_state: 'FAILED',
      state_message: 'Task a failed with message: Workload failed, see run output for details.',
    });
    const results = run.tasks.map((task: { state: { result_state: string } }) => task.state.result_state);
    expect(results).toEqual(['FAILED', 'UPSTREAM_FAILED', 'SUCCESS']);
    const [first] = await taskIds(id);
    expect((await output(first)).body).toMatchObject({ error: 'ValueError: x', error_trace: 'Traceback' });
  });

  test('a task over its time-out ends as timed out', async () => {
    workspace.twin.scriptRuns({ durationInMs: 5000 });
    const id = await started(await created({ tasks: [notebook('a', { timeout_seconds: 2 })] }));
    workspace.pass(2050);
    expect((await get(id)).state).toMatchObject({
      result_state: 'TIMEDOUT',
      user_cancelled_or_timedout: true,
    });
  });

  test('a cancel is not waited for', async () => {
    const id = await started(await created({ tasks: [notebook('a'), notebook('b', follows('a'))] }));
    workspace.pass(60);
    expect((await post('runs/cancel', { run_id: id })).body).toEqual({});
    expect((await get(id)).state).toMatchObject({ life_cycle_state: 'TERMINATING' });
    workspace.pass(50);
    expect(await get(id)).toMatchObject({
      state: { result_state: 'CANCELED', state_message: 'Run cancelled.' },
      status: { termination_details: { code: 'USER_CANCELED' } },
    });
  });

  test('a script can end a task with a lost cluster, in the words of the service', async () => {
    const ending = {
      result: 'FAILED',
      code: 'CLOUD_FAILURE',
      type: 'CLOUD_FAILURE',
      message: 'The spot machines were taken away.',
    } as const;
    workspace.twin.scriptRuns({ times: 1, ending });
    const [lost, next] = [await started(await created()), await started(await created())];
    workspace.pass(150);
    const { code, type, message } = ending;
    expect(await get(lost)).toMatchObject({
      state: { result_state: 'FAILED' },
      status: { termination_details: { code, type } },
      tasks: [{ status: { termination_details: { code, type, message } } }],
    });
    expect((await get(next)).state.result_state).toBe('SUCCESS');
    const unknown = { ...ending, code: 'NO_SUCH_CODE' };
    expect(() => workspace.twin.scriptRuns({ ending: Object(unknown) })).toThrow('Invalid option');
  });

  test('a task leaves its files behind when it ends, well or not, and none when it is cancelled', async () => {
    await makeVolume();
    const write = (path: string) => ({ writes: [{ path: `/Volumes/c/s/v/${path}`, content: '<xml/>' }] });
    workspace.twin.scriptRuns({ task: 'a', ...write('out/a.xml') });
    workspace.twin.scriptRuns({ task: 'b', result: 'FAILED', ...write('out/b.xml') });
    workspace.twin.scriptRuns({ task: 'c', ...write('out/c.xml') });
    const tasks = [notebook('a'), notebook('b')];
    const [run, cancelled] = [
      await started(await created({ tasks })),
      await started(await created({ tasks: [notebook('c')] })),
    ];
    workspace.pass(149);
    expect(await volumeFiles()).toEqual([]);
    await post('runs/cancel', { run_id: cancelled });
    workspace.pass(51);
    const results = (await get(run)).tasks.map(
      (one: { state: { result_state: string } }) => one.state.result_state,
    );
    expect(results).toEqual(['SUCCESS', 'FAILED']);
    expect(await volumeFiles()).toEqual(['/Volumes/c/s/v/out/a.xml', '/Volumes/c/s/v/out/b.xml']);
  });

  test('a task that cannot write what it should fails', async () => {
    workspace.twin.scriptRuns({ writes: [{ path: '/Volumes/none/s/v/x', content: '' }] });
    const id = await started(await created());
    workspace.pass(150);
    expect((await get(id)).tasks[0].status.termination_details).toMatchObject({
      code: 'STORAGE_ACCESS_ERROR',
    });
  });

  test('a missing notebook fails the task', async () => {
    const tasks = [{ task_key: 'a', notebook_task: { notebook_path: '/Shared/none' } }];
    const id = await started(await created({ tasks }));
    workspace.pass(50);
    expect((await get(id)).status.termination_details).toMatchObject({ code: 'RESOURCE_NOT_FOUND' });
  });
});

describe('conditions on upstream tasks', () => {
  test.each([
    ['ALL_SUCCESS', 'FAILED', 'UPSTREAM_FAILED'],
    ['AT_LEAST_ONE_SUCCESS', 'FAILED', 'SUCCESS'],
    ['ALL_FAILED', 'FAILED', 'EXCLUDED'],
    ['AT_LEAST_ONE_FAILED', 'FAILED', 'SUCCESS'],
    ['AT_LEAST_ONE_FAILED', 'SUCCESS', 'EXCLUDED'],
    ['NONE_FAILED', 'SUCCESS', 'SUCCESS'],
  ] as const)('%s with one task that ends %s makes the next one end %s', async (run_if, result, expected) => {
    workspace.twin.scriptRuns({ task: 'b', result });
    const tasks = [notebook('a'), notebook('b'), notebook('c', { ...follows('a', 'b'), run_if })];
    const id = await started(await created({ tasks }));
    workspace.pass(1000);
    expect((await get(id)).tasks[2].state.result_state).toBe(expected);
  });

  test('what follows a task that was excluded still runs', async () => {
    const excluded = notebook('b', { ...follows('a'), run_if: 'AT_LEAST_ONE_FAILED' });
    const id = await started(
      await created({ tasks: [notebook('c', follows('b')), notebook('a'), excluded] }),
    );
    workspace.pass(1000);
    expect(await get(id)).toMatchObject({
      state: { result_state: 'SUCCESS' },
      tasks: [{ execution_duration: 100 }, {}, {}],
    });
  });
});

describe('the service around runs', () => {
  test('a run goes on where it was when the state moves to another twin', async () => {
    const id = await started(await created());
    workspace.pass(60);
    await get(id);
    const state = workspace.twin.exportState();
    workspace.twin.reset();
    expect((await get(id)).error_code).toBe('INVALID_PARAMETER_VALUE');
    workspace.twin.importState(state);
    workspace.pass(1000);
    expect(await get(id)).toMatchObject({ state: { result_state: 'SUCCESS' }, run_duration: 150 });
  });

  test('a task on a cluster that is gone fails', async () => {
    const cluster = await workspace.call('POST', '/api/2.1/clusters/create', {
      body: { spark_version: '16' },
    });
    const { cluster_id } = Object(cluster.body);
    const job = await created({ tasks: [notebook('a', { existing_cluster_id: cluster_id })] });
    await workspace.call('POST', '/api/2.1/clusters/permanent-delete', { body: { cluster_id } });
    const id = await started(job);
    expect((await get(id)).status.termination_details).toMatchObject({ code: 'INVALID_CLUSTER_REQUEST' });
  });

  test('all runs of a job are cancelled at once, those of other jobs go on', async () => {
    const [one, other] = [await created({ max_concurrent_runs: 2 }), await created()];
    const runs = [await started(one), await started(one), await started(other)];
    await post('runs/cancel-all', { job_id: one });
    workspace.pass(1000);
    const results = await Promise.all(runs.map(async (id) => (await get(id)).state.result_state));
    expect(results).toEqual(['CANCELED', 'CANCELED', 'SUCCESS']);
  });

  test('a job that is deleted takes its active runs with it', async () => {
    const [job, other] = [await created({ queue: { enabled: true } }), await created()];
    const runs = [await started(job), await started(job), await started(other)];
    await post('delete', { job_id: job });
    workspace.pass(1000);
    const results = await Promise.all(runs.map(async (id) => (await get(id)).state.result_state));
    expect(results).toEqual(['CANCELED', 'CANCELED', 'SUCCESS']);
  });

  test('an active run is not deleted', async () => {
    expect((await post('runs/delete', { run_id: await started(await created()) })).body).toMatchObject({
      error_code: 'INVALID_STATE',
    });
  });

  test('a lost answer to run-now with a token leaves one run', async () => {
    const job_id = await created();
    workspace.twin.faults.add({ kind: 'drop', when: 'after', match: 'Jobs.run_now', times: 1 });
    await expect(post('run-now', { job_id, idempotency_token: 'k' })).rejects.toThrow('socket hang up');
    await started(job_id, { idempotency_token: 'k' });
    expect(Object((await workspace.call('GET', `${JOBS}/runs/list`)).body).runs).toHaveLength(1);
  });
});

describe('starting runs', () => {
  test('the same token gives the same run, and an error when that run is deleted', async () => {
    const job = await created();
    const token = { idempotency_token: 't'.repeat(64) };
    const id = await started(job, token);
    expect(await started(job, token)).toBe(id);
    workspace.pass(1000);
    expect(await started(job, token)).toBe(id);
    expect(await started(job)).not.toBe(id);
    await post('runs/delete', { run_id: id });
    expect((await post('run-now', { job_id: job, ...token })).status).toBe(400);
    expect((await post('run-now', { job_id: job, idempotency_token: 't'.repeat(65) })).status).toBe(400);
  });

  test('a submitted run has a default name, no job, and a token too', async () => {
    const body = { tasks: [notebook('a')], idempotency_token: 'x' };
    const first = await post('runs/submit', body);
    expect((await post('runs/submit', body)).body).toEqual(first.body);
    expect(await get(Object(first.body).run_id)).toMatchObject({
      run_name: 'Untitled',
      run_type: 'SUBMIT_RUN',
    });
    expect((await post('runs/submit', { tasks: [] })).status).toBe(400);
  });

  test('over the limit of concurrent runs a run is skipped, or waits where the job has a queue', async () => {
    const [plain, queued] = [await created(), await created({ queue: { enabled: true } })];
    for (const job of [plain, queued]) await started(job);
    const [skipped, waiting] = [await started(plain), await started(queued)];
    expect((await get(skipped)).state).toMatchObject({
      life_cycle_state: 'SKIPPED',
      result_state: 'MAXIMUM_CONCURRENT_RUNS_REACHED',
    });
    expect((await get(waiting)).status).toMatchObject({
      state: 'QUEUED',
      queue_details: { code: 'MAX_CONCURRENT_RUNS_REACHED' },
    });
    workspace.pass(200);
    expect((await get(waiting)).status.state).toBe('RUNNING');
  });

  test('only the tasks that are asked for run', async () => {
    const id = await started(await created({ tasks: [notebook('a'), notebook('b')] }), { only: ['b'] });
    expect((await get(id)).tasks).toMatchObject([{ task_key: 'b' }]);
  });
});

describe('outputs and lists', () => {
  test('an output needs the run id of the task', async () => {
    workspace.twin.scriptRuns({ job: 'etl', output: '42', times: 1 });
    const id = await started(await created());
    workspace.pass(150);
    expect((await output(id)).body).toMatchObject({ error_code: 'INVALID_PARAMETER_VALUE' });
    const [taskId] = await taskIds(id);
    const body = Object((await output(taskId)).body);
    expect(body).toMatchObject({
      notebook_output: { result: '42', truncated: false },
      metadata: { run_id: taskId, job_run_id: id },
    });
    const again = await started(await created());
    workspace.pass(150);
    expect((await output((await taskIds(again))[0])).body).not.toHaveProperty('notebook_output');
  });

  test('runs are listed newest first, by job and by whether they are over', async () => {
    const job = await created({ max_concurrent_runs: 2 });
    const first = await started(job);
    workspace.pass(1000);
    const second = await started(job);
    const list = async (query: Record<string, string>) => {
      const { body } = await workspace.call('GET', `${JOBS}/runs/list`, {
        query: { job_id: String(job), ...query },
      });
      return (Object(body).runs ?? []).map((run: { run_id: bigint }) => run.run_id);
    };
    expect(await list({})).toEqual([second, first]);
    expect([await list({ active_only: 'true' }), await list({ completed_only: 'true' })]).toEqual([
      [second],
      [first],
    ]);
    expect(await list({ job_id: '1' })).toEqual([]);
  });

  test('a run with more than a hundred tasks comes in pages, and a list says that it has more', async () => {
    const tasks = Array.from({ length: 150 }, (_one, index) => notebook(`t${index}`));
    const id = await started(await created({ tasks }));
    const first = await get(id);
    const second = await get(id, { page_token: first.next_page_token });
    const keys = [...first.tasks, ...second.tasks].map(({ task_key }) => task_key);
    expect([first.tasks.length, first.has_more, second.next_page_token]).toEqual([100, true, undefined]);
    expect(keys).toEqual(tasks.map(({ task_key }) => task_key));
    const { body } = await workspace.call('GET', `${JOBS}/runs/list`, { query: { expand_tasks: 'true' } });
    const [listed] = Object(body).runs;
    expect([listed.tasks.length, listed.has_more]).toEqual([100, true]);
  });

  test('a run that is not there answers 400 in words, as one does after sixty days', async () => {
    const id = await started(await created());
    workspace.pass(1000);
    expect((await get(id)).state.result_state).toBe('SUCCESS');
    workspace.pass(61 * 24 * 60 * 60 * 1000);
    expect(await get(id)).toMatchObject({
      error_code: 'INVALID_PARAMETER_VALUE',
      message: `Run ${id} does not exist.`,
    });
  });
});

describe('repairs', () => {
  test('a repair runs the failed tasks again and the run can succeed', async () => {
    workspace.twin.scriptRuns({ task: 'b', result: 'FAILED', times: 1 });
    const id = await started(await created({ tasks: [notebook('a'), notebook('b', follows('a'))] }));
    expect((await post('runs/repair', { run_id: id, rerun_all_failed_tasks: true })).status).toBe(400);
    workspace.pass(1000);
    const repair = Object((await post('runs/repair', { run_id: id, rerun_all_failed_tasks: true })).body);
    workspace.pass(1000);
    const run = await get(id, { include_history: 'true' });
    expect(run.state).toMatchObject({ result_state: 'SUCCESS' });
    expect(run.tasks).toMatchObject([
      { task_key: 'a' },
      { task_key: 'b', attempt_number: 0 },
      { task_key: 'b', attempt_number: 1 },
    ]);
    expect(run.repair_history).toMatchObject([
      { type: 'ORIGINAL' },
      { type: 'REPAIR', id: repair.repair_id },
    ]);
    expect((await post('runs/repair', { run_id: id, rerun_tasks: ['a'] })).status).toBe(400);
    expect(
      (await post('runs/repair', { run_id: id, rerun_tasks: ['a'], latest_repair_id: repair.repair_id }))
        .status,
    ).toBe(200);
  });
  test('a repaired run has the settings that its job has now, a running one those it began with', async () => {
    workspace.twin.scriptRuns({ task: 'a', result: 'FAILED' });
    const job = await created({ tasks: [notebook('a'), notebook('b')], max_concurrent_runs: 2 });
    const [failed, running] = [await started(job), await started(job)];
    const changed = notebook('a', { notebook_task: { notebook_path: '/Shared/new' } });
    await post('reset', { job_id: job, new_settings: { name: 'etl', tasks: [changed] } });
    workspace.pass(1000);
    expect(pathsOf(await get(running))).toEqual(['/Shared/nb', '/Shared/nb']);
    await post('runs/repair', { run_id: failed, rerun_tasks: ['a', 'b'] });
    expect(pathsOf(await get(failed))).toEqual(['/Shared/nb', '/Shared/nb', '/Shared/new', '/Shared/nb']);
  });

  test('a submitted run keeps its own settings when it is repaired', async () => {
    workspace.twin.scriptRuns({ result: 'FAILED', times: 1 });
    const run_id = Object((await post('runs/submit', { tasks: [notebook('a')] })).body).run_id;
    workspace.pass(1000);
    await post('runs/repair', { run_id, rerun_all_failed_tasks: true });
    workspace.pass(1000);
    expect(await get(run_id)).toMatchObject({ state: { result_state: 'SUCCESS' } });
    expect(pathsOf(await get(run_id))).toEqual(['/Shared/nb', '/Shared/nb']);
  });
});

const pathsOf = ({ tasks }: { tasks: { notebook_task: { notebook_path: string } }[] }) =>
  tasks.map(({ notebook_task }) => notebook_task.notebook_path);
