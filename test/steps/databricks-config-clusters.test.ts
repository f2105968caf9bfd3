import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { databricksConfig } from '../../shared/steps/databricks-config.ts';
import { CLUSTER, linesOf, openConfig, POLICY } from './databricks-config-world.ts';
import { plan } from './step-runner.ts';

let config = openConfig();
beforeEach(async () => {
  config = openConfig();
  await config.call('POST', '/api/2.0/workspace/import', {
    ...{ path: '/Shared/nb', format: 'SOURCE', language: 'PYTHON', overwrite: true },
    content: Buffer.from('# Databricks notebook source\n1').toString('base64'),
  });
});
afterEach(() => expect(config.twin.violations()).toEqual([]));

const wheel = (version: string) => ({ whl: `/Workspace/Shared/load-${version}.whl` });
const want = (more: object = {}) =>
  config.release({ policies: [POLICY], clusters: [{ ...CLUSTER, ...more }] });
const first = async (more: object = {}) => {
  want(more);
  expect((await config.deploy()).refused).toBeNull();
  await config.pass(1_000);
};
const cluster = async () => (await config.call('GET', '/api/2.1/clusters/list')).clusters[0];
const act = async (verb: string) =>
  config.call('POST', `/api/2.1/clusters/${verb}`, { cluster_id: (await cluster()).cluster_id });
const stop = async () => {
  await act('delete');
  await config.pass(1_000);
};
const libraries = async () => {
  const { cluster_id } = await cluster();
  const path = `/api/2.0/libraries/cluster-status?cluster_id=${cluster_id}`;
  const { library_statuses = [] } = await config.call('GET', path);
  return library_statuses.map(({ library, status }: { library: { whl: string }; status: string }) =>
    [library.whl.replace(/.*load-(.*).whl/, '$1'), status].join(' '),
  );
};
const putWheels = async (...versions: string[]) => {
  for (const version of versions)
    await config.call('POST', '/api/2.0/workspace/import', {
      ...{ path: `/Shared/load-${version}.whl`, format: 'RAW', overwrite: true },
      content: Buffer.from(version).toString('base64'),
    });
};
/** Starts a run on the cluster, alone or in a loop around its task. @returns its id. */
const runOnIt = async (
  durationInMs: number,
  { inLoop = false, id }: { inLoop?: boolean; id?: string } = {},
): Promise<bigint> => {
  config.twin.scriptRuns({ durationInMs });
  const existing_cluster_id = id ?? (await cluster()).cluster_id;
  const task = { task_key: 'a', existing_cluster_id, notebook_task: { notebook_path: '/Shared/nb' } };
  const loop = { task_key: 'loop', for_each_task: { inputs: '[1]', task } };
  const body = { run_name: 'nightly', tasks: [inLoop ? loop : task] };
  const { run_id } = await config.call('POST', '/api/2.2/jobs/runs/submit', body);
  await config.pass(1_000);
  return run_id;
};
const resultOf = async (run_id: bigint) =>
  (await config.call('GET', `/api/2.2/jobs/runs/get?run_id=${run_id}`)).state.result_state;
const HOUR_IN_MS = 60 * 60_000;

describe('a cluster that nobody uses', () => {
  test('takes new settings by one edit', async () => {
    await first();
    want({ num_workers: 2 });
    expect(linesOf((await config.redeploy()).changes)).toEqual([
      'update cluster shared: changes num_workers',
    ]);
    expect(config.written()).toEqual({ 'Clusters.edit': 1 });
    expect(await cluster()).toMatchObject({ num_workers: 2, policy_id: (await cluster()).policy_id });
  });

  test('is not started by new settings when it is stopped', async () => {
    await first();
    await stop();
    want({ num_workers: 2, libraries: [wheel('1')] });
    await config.redeploy();
    expect(config.written()).toEqual({ 'Clusters.edit': 1, 'Libraries.install': 1 });
    expect(await cluster()).toMatchObject({ state: 'TERMINATED', num_workers: 2 });
  });

  test('that is on its way is waited for', async () => {
    await first();
    await stop();
    await act('start');
    want({ num_workers: 2 });
    const { calls, refused } = await config.redeploy();
    expect([calls, refused]).toEqual([2, null]);
    expect(await cluster()).toMatchObject({ num_workers: 2 });
  });

  test('of a new policy gets its id, and its plan is the same before and after the policy is made', async () => {
    await first();
    const big = { name: 'big', definition: {} };
    const policy_id = CLUSTER.policy_id.replace('small', 'big');
    config.release({ policies: [POLICY, big], clusters: [{ ...CLUSTER, policy_id }] });
    const [create, update] = await plan(databricksConfig, config.world);
    expect(linesOf(create && update ? [create, update] : [])).toEqual([
      'create cluster policy big: with definition',
      'update cluster shared: changes policy_id',
    ]);
    config.release({ policies: [POLICY, big], clusters: [CLUSTER] });
    await config.deploy();
    config.release({ clusters: [{ ...CLUSTER, policy_id }] });
    expect(await plan(databricksConfig, config.world)).toEqual([update]);
    await config.deploy();
    const { policies } = await config.call('GET', '/api/2.0/policies/clusters/list');
    expect((await cluster()).policy_id).toBe(policies[1].policy_id);
  });

  test('is neither pinned to its start nor made again when others have stopped it', async () => {
    await first();
    await stop();
    expect((await config.redeploy()).changes).toEqual([]);
  });
});

describe('a cluster in use', () => {
  test.each([false, true])('keeps its settings until its runs have ended (in a loop: %s)', async (inLoop) => {
    await first();
    const run = await runOnIt(150_000, { inLoop });
    want({ num_workers: 2 });
    const { refused, calls } = await config.redeploy();
    expect(refused).toBeNull();
    expect(calls).toBe(4);
    expect(config.written()).toEqual({ 'Clusters.edit': 1 });
    expect(await resultOf(run)).toBe('SUCCESS');
    expect(await cluster()).toMatchObject({ num_workers: 2 });
  });

  test('keeps its libraries until its runs have ended, and then restarts once', async () => {
    await putWheels('1', '2');
    await first({ libraries: [wheel('1')] });
    const run = await runOnIt(150_000);
    want({ libraries: [wheel('2')] });
    const { changes, refused } = await config.redeploy();
    expect(linesOf(changes)).toEqual([
      'update cluster shared: installs /Workspace/Shared/load-2.whl; uninstalls /Workspace/Shared/load-1.whl',
    ]);
    expect(refused).toBeNull();
    expect(config.written()).toEqual({
      ...{ 'Libraries.install': 1, 'Libraries.uninstall': 1, 'Clusters.restart': 1 },
    });
    expect(await resultOf(run)).toBe('SUCCESS');
    await config.pass(1_000);
    expect(await libraries()).toEqual(['2 INSTALLED']);
    expect((await config.redeploy()).changes).toEqual([]);
  });

  test('takes one more library at once, which needs no restart', async () => {
    await putWheels('1', '2');
    await first({ libraries: [wheel('1')] });
    const run = await runOnIt(HOUR_IN_MS);
    want({ libraries: [wheel('1'), wheel('2')] });
    const { calls } = await config.redeploy();
    expect([calls, config.written()]).toEqual([2, { 'Libraries.install': 1 }]);
    await config.pass(2 * HOUR_IN_MS);
    expect(await resultOf(run)).toBe('SUCCESS');
  });

  test('that never gets free is refused after an hour, with the runs that use it', async () => {
    await first();
    const run = await runOnIt(24 * HOUR_IN_MS);
    want({ num_workers: 2 });
    const { refused } = await config.redeploy();
    expect(refused).toBe(
      `cluster shared (${(await cluster()).cluster_id}) must restart to take its change, and nightly (run ${run}) ` +
        'uses it. Cancel what is not needed, or wait for its end, then retry the stage. (Slipway waited 60 minutes for it.)',
    );
    expect(config.written()).toEqual({});
    const [looks, calls] = [config.twin.log.count('Jobs.list_runs'), 61];
    expect(looks).toBe(calls);
  });

  test('is not removed before its runs have ended', async () => {
    await first();
    const run = await runOnIt(150_000);
    config.release({ clusters: [] });
    expect((await config.redeploy()).refused).toBeNull();
    expect(config.names('cluster')).toEqual([]);
    expect(await resultOf(run)).toBe('SUCCESS');
  });

  test('does not keep another cluster waiting or restarting again and again', async () => {
    want();
    config.release({ clusters: [CLUSTER, { ...CLUSTER, cluster_name: 'other' }] });
    await config.deploy();
    await config.pass(1_000);
    await runOnIt(150_000);
    const more = { num_workers: 2 };
    config.release({
      clusters: [
        { ...CLUSTER, ...more },
        { ...CLUSTER, cluster_name: 'other', ...more },
      ],
    });
    await config.redeploy();
    expect(config.written()).toEqual({ 'Clusters.edit': 2 });
  });
});

describe('several clusters', () => {
  const both = (more: object = {}) =>
    config.release({
      policies: [POLICY],
      clusters: [
        { ...CLUSTER, cluster_name: 'another', ...more },
        { ...CLUSTER, ...more },
      ],
    });
  const runOnShared = async (durationInMs: number) => {
    const { clusters } = await config.call('GET', '/api/2.1/clusters/list');
    type Listed = { cluster_name: string; cluster_id: string };
    return runOnIt(durationInMs, {
      id: clusters.find(({ cluster_name }: Listed) => cluster_name === 'shared').cluster_id,
    });
  };

  test('are left alone until all of them are free, so that none has what its jobs do not know', async () => {
    both();
    await config.deploy();
    await config.pass(1_000);
    const run = await runOnShared(24 * HOUR_IN_MS);
    config.release({ policies: [POLICY, { name: 'new', definition: {} }] });
    both({ num_workers: 2 });
    const { refused, calls } = await config.redeploy();
    expect(refused).toContain(`cluster shared (`);
    expect(refused).toContain(`nightly (run ${run}) uses it.`);
    expect([config.written(), calls]).toEqual([{}, 61]);
  });

  test('change one after the other when all are free', async () => {
    both();
    await config.deploy();
    await config.pass(1_000);
    const run = await runOnShared(150_000);
    both({ num_workers: 2 });
    expect((await config.redeploy()).refused).toBeNull();
    expect(config.written()).toEqual({ 'Clusters.edit': 2 });
    expect(await resultOf(run)).toBe('SUCCESS');
  });
});

describe('libraries', () => {
  test('that others installed stay', async () => {
    await putWheels('1', '9');
    await first({ libraries: [wheel('1')] });
    const { cluster_id } = await cluster();
    await config.call('POST', '/api/2.0/libraries/install', { cluster_id, libraries: [wheel('9')] });
    await config.pass(1_000);
    expect((await config.redeploy()).changes).toEqual([]);
    want();
    expect(linesOf((await config.redeploy()).changes)).toEqual([
      'update cluster shared: uninstalls /Workspace/Shared/load-1.whl',
    ]);
    await config.pass(1_000);
    expect(await libraries()).toEqual(['9 INSTALLED']);
  });

  test('that somebody removed are installed again', async () => {
    await putWheels('1');
    await first({ libraries: [wheel('1')] });
    await stop();
    const { cluster_id } = await cluster();
    await config.call('POST', '/api/2.0/libraries/uninstall', { cluster_id, libraries: [wheel('1')] });
    await config.redeploy();
    expect(await libraries()).toEqual(['1 PENDING']);
  });

  test('that are marked to go come back after a restart', async () => {
    await putWheels('1');
    await first({ libraries: [wheel('1')] });
    const { cluster_id } = await cluster();
    await config.call('POST', '/api/2.0/libraries/uninstall', { cluster_id, libraries: [wheel('1')] });
    const { refused, calls } = await config.redeploy();
    expect([refused, calls]).toEqual([null, 3]);
    expect(await libraries()).toEqual(['1 INSTALLED']);
    expect(config.written()).toEqual({ 'Clusters.restart': 1, 'Libraries.install': 1 });
  });

  test('that cannot be installed on a running cluster are refused with the words of Databricks', async () => {
    await first();
    want({ libraries: [wheel('1')] });
    const { refused } = await config.redeploy();
    const why = 'Library file /Workspace/Shared/load-1.whl does not exist.';
    expect(refused).toBe(
      `cluster shared (${(await cluster()).cluster_id}) could not install /Workspace/Shared/load-1.whl (${why}). ` +
        'Correct that, then retry the stage.',
    );
  });

  test.each([
    ['runs', { 'Libraries.uninstall': 1, 'Clusters.restart': 1, 'Libraries.install': 1 }],
    ['is stopped', { 'Libraries.uninstall': 1, 'Libraries.install': 1 }],
  ])('that could not be installed are installed again when the cluster %s', async (state, written) => {
    await first({ libraries: [wheel('1')] });
    expect(await libraries()).toEqual(['1 FAILED']);
    await putWheels('1');
    if (state === 'is stopped') await stop();
    const { changes, refused } = await config.redeploy();
    expect(linesOf(changes)).toEqual(['update cluster shared: installs /Workspace/Shared/load-1.whl']);
    expect([refused, config.written()]).toEqual([null, written]);
    expect(await libraries()).toEqual([state === 'runs' ? '1 INSTALLED' : '1 PENDING']);
    expect((await config.redeploy()).changes).toEqual([]);
  });

  test('that could not be installed do not take a cluster from its runs', async () => {
    await first({ libraries: [wheel('1')] });
    await putWheels('1');
    const run = await runOnIt(150_000);
    expect((await config.redeploy()).refused).toBeNull();
    expect([await resultOf(run), await libraries()]).toEqual(['SUCCESS', ['1 INSTALLED']]);
  });

  test('of a new cluster are installed with it', async () => {
    await putWheels('1');
    want({ libraries: [wheel('1')] });
    expect(linesOf((await config.deploy()).changes)[1]).toMatch(
      /; installs \/Workspace\/Shared\/load-1.whl$/,
    );
    await config.pass(1_000);
    expect(await libraries()).toEqual(['1 INSTALLED']);
  });

  test('are not compared by their order', async () => {
    await putWheels('1', '2');
    await first({ libraries: [wheel('1'), wheel('2')] });
    want({ libraries: [wheel('2'), wheel('1')] });
    expect((await config.redeploy()).changes).toEqual([]);
  });
});
