import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { base64, openWorkspace } from './client.ts';

let workspace = openWorkspace();
const sha256 = (content: string) => createHash('sha256').update(content).digest('hex');
const source = (text: string) => `# Databricks notebook source\n${text}`;

const post = async (path: string, body: unknown) =>
  Object((await workspace.call('POST', path, { body })).body);
const put = (path: string, content: string) =>
  post('/api/2.0/workspace/import', { path, content: base64(content), format: 'AUTO', overwrite: true });
const submit = async (task: Record<string, unknown>): Promise<string> =>
  String((await post('/api/2.2/jobs/runs/submit', { tasks: [{ task_key: 'a', ...task }] })).run_id);
const loadedBy = (run: string) =>
  workspace.twin.loadedSources().flatMap((one) => (one.run === run ? [[one.path, one.digest]] : []));
const notebook_task = { notebook_path: '/Shared/main' };

beforeEach(async () => {
  workspace = openWorkspace();
  await put('/Shared/main.py', source('main 1'));
  await put('/Shared/module.py', source('module 1'));
  await put('/Shared/pkg.whl', 'wheel 1');
});
afterEach(() => expect(workspace.twin.violations()).toEqual([]));

describe('what a run loads', () => {
  test('a notebook is loaded when the task begins, not when the run is asked for or looked at', async () => {
    const run = await submit({ notebook_task });
    await put('/Shared/main.py', source('main 2'));
    workspace.pass(50);
    await put('/Shared/main.py', source('main 3'));
    workspace.pass(500);
    expect(loadedBy(run)).toEqual([['/Shared/main', sha256(source('main 2'))]]);
  });

  test('content overwritten under a running run is seen as a mixture', async () => {
    workspace.twin.scriptRuns({ durationInMs: 1000, loads: [{ path: '/Shared/module', afterInMs: 500 }] });
    const run = await submit({ notebook_task });
    workspace.pass(100);
    await put('/Shared/main.py', source('main 2'));
    await put('/Shared/module.py', source('module 2'));
    workspace.pass(2000);
    expect(loadedBy(run)).toEqual([
      ['/Shared/main', sha256(source('main 1'))],
      ['/Shared/module', sha256(source('module 2'))],
    ]);
    expect(workspace.twin.loadedSources().map(({ at }) => at - Date.UTC(2026, 0, 1))).toEqual([50, 550]);
  });

  test('what happened since the last look is caught up in the order of its times', async () => {
    workspace.twin.scriptRuns({ pendingInMs: 10, loads: [{ path: '/Shared/module', afterInMs: 90 }] });
    const first = await submit({ notebook_task });
    workspace.twin.scriptRuns({ pendingInMs: 30 });
    const second = await submit({ notebook_task });
    workspace.pass(5000);
    const seen = workspace.twin.loadedSources().map(({ run, at }) => [run, at - Date.UTC(2026, 0, 1)]);
    expect(seen).toEqual([
      [first, 10],
      [second, 30],
      [first, 100],
    ]);
  });

  test('a source that is gone in the middle fails the task', async () => {
    workspace.twin.scriptRuns({ durationInMs: 1000, loads: [{ path: '/Shared/module', afterInMs: 500 }] });
    const run = await submit({ notebook_task });
    await post('/api/2.0/workspace/delete', { path: '/Shared/module' });
    workspace.pass(2000);
    const answer = await workspace.call('GET', '/api/2.2/jobs/runs/get', { query: { run_id: run } });
    expect(answer.body).toMatchObject({ status: { termination_details: { code: 'RESOURCE_NOT_FOUND' } } });
  });

  test('a running cluster keeps the wheel that it has installed, until it restarts', async () => {
    const whl = '/Workspace/Shared/pkg.whl';
    const cluster_id = String((await post('/api/2.1/clusters/create', { spark_version: '15.4' })).cluster_id);
    await post('/api/2.0/libraries/install', { cluster_id, libraries: [{ whl }] });
    workspace.pass(300);
    await put('/Shared/pkg.whl', 'wheel 2');
    await post('/api/2.0/libraries/install', { cluster_id, libraries: [{ whl }] });
    const task = { notebook_task, existing_cluster_id: cluster_id, libraries: [{ whl }] };
    const stale = await submit(task);
    workspace.pass(300);
    await post('/api/2.1/clusters/restart', { cluster_id });
    workspace.pass(300);
    const fresh = await submit(task);
    workspace.pass(300);
    expect(loadedBy(stale).filter(([path]) => path === whl)).toEqual([[whl, sha256('wheel 1')]]);
    expect(loadedBy(fresh).filter(([path]) => path === whl)).toEqual([[whl, sha256('wheel 2')]]);
  });

  test('a stopped cluster is started for a task, which waits for it', async () => {
    const cluster_id = String((await post('/api/2.1/clusters/create', { spark_version: '15.4' })).cluster_id);
    await post('/api/2.1/clusters/delete', { cluster_id });
    workspace.pass(100);
    const run = await submit({ notebook_task, existing_cluster_id: cluster_id });
    workspace.pass(199);
    expect(loadedBy(run)).toEqual([]);
    workspace.pass(1);
    expect(loadedBy(run)).toHaveLength(1);
  });

  test('libraries of a task and of its environment are loaded afresh by each run', async () => {
    const wheel = await submit({
      python_wheel_task: { package_name: 'p', entry_point: 'main' },
      new_cluster: { spark_version: '15.4' },
      libraries: [{ whl: '/Workspace/Shared/pkg.whl' }],
    });
    const environments = [
      {
        environment_key: 'e',
        spec: { client: '2', dependencies: ['/Workspace/Shared/pkg.whl', 'pandas==2'] },
      },
    ];
    const tasks = [
      { task_key: 'a', spark_python_task: { python_file: '/Shared/main' }, environment_key: 'e' },
    ];
    const serverless = String((await post('/api/2.2/jobs/runs/submit', { tasks, environments })).run_id);
    workspace.pass(200);
    expect(loadedBy(wheel)).toEqual([['/Workspace/Shared/pkg.whl', sha256('wheel 1')]]);
    expect(loadedBy(serverless).map(([path]) => path)).toEqual([
      '/Shared/main',
      '/Workspace/Shared/pkg.whl',
      'pandas==2',
    ]);
  });

  test('a missing library fails the task', async () => {
    const run = await submit({ notebook_task, libraries: [{ whl: '/Volumes/main/x/y/none.whl' }] });
    workspace.pass(200);
    const answer = await workspace.call('GET', '/api/2.2/jobs/runs/get', { query: { run_id: run } });
    expect(answer.body).toMatchObject({
      status: { termination_details: { code: 'LIBRARY_INSTALLATION_ERROR' } },
    });
  });
});

test('jobs, clusters and policies are part of the inventory', async () => {
  await post('/api/2.2/jobs/create', { name: 'etl', tasks: [{ task_key: 'a', notebook_task }] });
  await post('/api/2.1/clusters/create', { cluster_name: 'c', spark_version: '15.4' });
  await post('/api/2.0/policies/clusters/create', { name: 'p', definition: '{}' });
  const before = workspace.twin.inventory();
  expect(before.map(({ kind }) => kind)).toEqual([
    'cluster',
    'file',
    'job',
    'notebook',
    'notebook',
    'policy',
  ]);
  workspace.pass(500);
  expect(workspace.twin.inventory()).toEqual(before);
});
