import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Began } from '../../shared/engine/databricks-jobs-client.ts';
import { openClient } from './databricks-world.ts';

let world = openClient();
beforeEach(() => {
  world = openClient();
});
afterEach(() => expect(world.twin.violations()).toEqual([]));

const jobs = () => world.client.jobs;
const runs = () => world.client.runs;
const notebook = (task_key: string) => ({ task_key, notebook_task: { notebook_path: '/Shared/nb' } });
const tasksOf = (count: number) => Array.from({ length: count }, (_one, index) => notebook(`t${index}`));
const create = (name: string, tasks = tasksOf(1)) => world.soon(jobs().create({ name, tasks }));
const submit = (token: string, tasks: readonly object[] = tasksOf(1)) =>
  world.soon(runs().submit({ run_name: 'r', tasks }, token));
const putNotebook = () =>
  world.soon(
    world.client.workspace.put('/Shared/nb', new TextEncoder().encode('# Databricks notebook source\n1'), {
      format: 'SOURCE',
      language: 'PYTHON',
    }),
  );

describe('jobs', () => {
  test('an id that a JavaScript number cannot hold is text here and a number with all digits there', async () => {
    const id = await create('etl');
    expect(Number.isSafeInteger(Number(id))).toBe(false);
    await world.soon(
      jobs().reset(id, { name: 'etl', tasks: [{ task_key: 'a', run_job_task: { job_id: id } }] }),
    );
    const [body = ''] = world.sent.slice(-1);
    expect(body).toContain(`{"job_id":${id},"new_settings":`);
    expect(body).toContain(`"run_job_task":{"job_id":${id}}`);
    expect(await world.soon(jobs().get(id))).toMatchObject({
      id,
      name: 'etl',
      settings: { tasks: [{ task_key: 'a', run_job_task: { job_id: id } }] },
    });
  });

  test('texts of people stay texts, whatever they are called, also where a task is in a loop', async () => {
    const text = { job_id: '42' };
    const next = { task_key: 'next', run_job_task: { job_id: '42', job_parameters: text } };
    const loop = { task_key: 'loop', for_each_task: { inputs: '[1]', task: next } };
    const told = { task_key: 'a', notebook_task: { notebook_path: '/nb', base_parameters: text } };
    await world.soon(jobs().create({ name: 'etl', tags: text, tasks: [told, loop] }));
    const [body = ''] = world.sent.slice(-1);
    expect(JSON.parse(body)).toMatchObject({
      tags: text,
      tasks: [
        { notebook_task: { base_parameters: text } },
        { for_each_task: { task: { run_job_task: { job_id: 42, job_parameters: text } } } },
      ],
    });
  });

  test('are found by their exact name only, the oldest first', async () => {
    const first = await create('etl');
    await create('ETL');
    await world.pass(1000);
    const second = await create('etl');
    const found = await world.soon(jobs().find('etl'));
    expect(found.map(({ id }) => id)).toEqual([first, second]);
    expect(await world.soon(jobs().find('none'))).toEqual([]);
  });

  test('are found on every page of a list', async () => {
    for (let index = 0; index < 101; index += 1) await create('etl');
    world.twin.log.clear();
    expect(await world.soon(jobs().find('etl'))).toHaveLength(101);
    expect(world.twin.log.counts()).toEqual({ 'Jobs.list': 2, 'Jobs.get': 101 });
  });

  test('come with all their tasks, however many pages that takes', async () => {
    const tasks = tasksOf(250);
    const id = await create('large', tasks);
    world.twin.log.clear();
    const job = await world.soon(jobs().get(id));
    expect(job?.settings.tasks).toMatchObject(tasks);
    expect(job?.settings.tasks).toHaveLength(250);
    expect(world.twin.log.counts()).toEqual({ 'Jobs.get': 3 });
  });

  test.each([400, 404] as const)('that do not exist are answers under status %i', async (notFoundStatus) => {
    world = openClient({ notFoundStatus });
    expect(await world.soon(jobs().get('12345678901234567890'))).toBeNull();
    expect(await world.soon(jobs().reset('1', { name: 'x' }))).toBe('no-job');
    expect(await world.soon(jobs().remove('1'))).toBeUndefined();
  });

  test('are not taken for gone when it is something else that does not exist', async () => {
    const id = await create('etl');
    const tasks = [{ ...notebook('a'), existing_cluster_id: '0101-1' }];
    const reset = world.soon(jobs().reset(id, { name: 'etl', tasks }));
    await expect(reset).rejects.toThrow(/^Databricks refuses: .* Cluster 0101-1 does not exist\.$/);
  });

  test('are never made twice by a lost answer, and changed all the same', async () => {
    world.twin.faults.add({ kind: 'drop', when: 'after', match: 'Jobs.*', times: 2 });
    await expect(create('etl')).rejects.toMatchObject({ name: 'TransientFailure' });
    const [job] = await world.soon(jobs().find('etl'));
    expect(world.twin.log.count('Jobs.create')).toBe(1);
    world.twin.faults.add({ kind: 'drop', when: 'after', match: 'Jobs.*', times: 2 });
    expect(await world.soon(jobs().reset(job?.id ?? '', { name: 'new' }))).toBe('done');
    await world.soon(jobs().remove(job?.id ?? ''));
    expect(await world.soon(jobs().find('new'))).toEqual([]);
  });

  test('are made once the workspace has time', async () => {
    world.twin.faults.add({
      kind: 'status',
      status: 429,
      match: 'Jobs.create',
      times: 2,
      retryAfterInSeconds: 3,
    });
    await create('etl');
    expect(await world.soon(jobs().find('etl'))).toHaveLength(1);
  });
});

describe('runs', () => {
  beforeEach(putNotebook);

  test('a run that was submitted twice with one token is one run', async () => {
    world.twin.scriptRuns({ durationInMs: 60_000 });
    world.twin.faults.add({ kind: 'drop', when: 'after', match: 'Jobs.submit', times: 1 });
    const id = await submit('token');
    expect(await submit('token')).toBe(id);
    expect(await world.soon(runs().active())).toMatchObject([{ id }]);
  });

  test('a run tells its end, and that of each task with what it left behind', async () => {
    world.twin.scriptRuns({ task: 't0', output: 'all is well' });
    world.twin.scriptRuns({ task: 't1', result: 'FAILED', error: 'AssertionError', errorTrace: 'line 1' });
    const id = await submit('token', tasksOf(2));
    expect(await world.soon(runs().get(id))).toMatchObject({ id, job: null, name: 'r', end: null });
    await world.pass(1000);
    const run = await world.soon(runs().get(id));
    expect(run).toMatchObject({
      end: { result: 'FAILED', code: 'RUN_EXECUTION_ERROR', type: 'CLIENT_ERROR' },
      tasks: [
        { key: 't0', end: { result: 'SUCCESS' }, task: notebook('t0') },
        { key: 't1', end: { result: 'FAILED', message: expect.stringContaining('Workload failed') } },
      ],
    });
    expect(run?.end?.at).toBe((run?.startedAt ?? 0) + 150);
    const [first, second] = run?.tasks ?? [];
    expect(await world.soon(runs().output(first?.id ?? ''))).toEqual({
      ...{ text: 'all is well', error: '', trace: '' },
    });
    expect(await world.soon(runs().output(second?.id ?? ''))).toEqual({
      ...{ text: '', error: 'AssertionError', trace: 'line 1' },
    });
  });

  test('a lost cluster is told with its code and type', async () => {
    const ending = { code: 'CLUSTER_ERROR', type: 'INTERNAL_ERROR', message: 'lost' } as const;
    world.twin.scriptRuns({ ending: { result: 'FAILED', ...ending } });
    const id = await submit('token');
    await world.pass(1000);
    expect((await world.soon(runs().get(id)))?.tasks[0]?.end).toMatchObject(ending);
  });

  test('the last attempt at a task counts', async () => {
    world.twin.scriptRuns({ result: 'FAILED', times: 1 });
    const id = await submit('token');
    await world.pass(1000);
    const url = 'https://adb.example/api/2.2/jobs/runs/repair';
    const body = Buffer.from(`{"run_id":${id},"rerun_all_failed_tasks":true}`);
    await world.twin.handle({ method: 'POST', url, headers: {}, body });
    await world.pass(1000);
    expect((await world.soon(runs().get(id)))?.tasks).toMatchObject([{ end: { result: 'SUCCESS' } }]);
  });

  test('all active runs are told with all their tasks, those that are over are not', async () => {
    const old = await submit('old');
    await world.pass(1000);
    world.twin.scriptRuns({ durationInMs: 60_000 });
    const ids: string[] = [];
    for (let index = 0; index < 30; index += 1) ids.push(await submit(`s${index}`));
    const large = await submit('large', tasksOf(150));
    world.twin.log.clear();
    const active = await world.soon(runs().active());
    expect(active.map(({ id }) => id).sort()).toEqual([...ids, large].sort());
    expect(active.map(({ id }) => id)).not.toContain(old);
    expect(active.find(({ id }) => id === large)?.tasks).toHaveLength(150);
    expect(world.twin.log.counts()).toEqual({ 'Jobs.list_runs': 2, 'Jobs.get_run': 2 });
  });

  test('a run ends after it was cancelled, and a cancel of one that is over or gone is fine', async () => {
    const id = await submit('token');
    await world.soon(runs().cancel(id));
    await world.pass(1000);
    expect((await world.soon(runs().get(id)))?.end).toMatchObject({
      result: 'CANCELED',
      code: 'USER_CANCELED',
    });
    await world.soon(runs().cancel(id));
    await world.soon(runs().cancel('1'));
    expect(await world.soon(runs().get('1'))).toBeNull();
  });

  test('runs of a job are told by when they began, the newest first', async () => {
    const job = await create('etl');
    const start = async () => {
      const url = 'https://adb.example/api/2.2/jobs/run-now';
      const body = Buffer.from(`{"job_id":${job}}`);
      await world.twin.handle({ method: 'POST', url, headers: {}, body });
      await world.pass(1000);
    };
    await start();
    const since = world.clock.now();
    await start();
    await start();
    await submit('other');
    const ofJob = (began: Began, most = 100) => world.soon(runs().ofJob(job, began, most));
    const both = { runs: [{ job, name: 'etl', startedAt: since + 1000 }, { startedAt: since }], isAll: true };
    expect(await ofJob({ from: since })).toMatchObject(both);
    const first = since - 1_000_000;
    expect(await ofJob({ from: first }, 1)).toMatchObject({ runs: { length: 3 }, isAll: true });
    expect((await ofJob({ from: since, to: since })).runs).toMatchObject([{ startedAt: since }]);
  });
});
