import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { FaultRequest } from '../../sandbox/twin/faults.ts';
import { databricksConfig } from '../../shared/steps/databricks-config.ts';
import { CLUSTER, type ConfigFiles, JOB, openConfig, POLICY } from './databricks-config-world.ts';
import { apply, plan } from './step-runner.ts';

let config = openConfig();
beforeEach(() => {
  config = openConfig();
});
afterEach(() => expect(config.twin.violations()).toEqual([]));

const wheel = (version: string) => ({ pypi: { package: `load==${version}` } });
const access = (group_name: string, permission_level: string) => ({
  access_control_list: [{ group_name, permission_level }],
});

const A: ConfigFiles = {
  policies: [{ ...POLICY, ...access('ops', 'CAN_USE') }],
  clusters: [{ ...CLUSTER, libraries: [wheel('1')], ...access('ops', 'CAN_RESTART') }],
  jobs: [{ ...JOB, ...access('ops', 'CAN_VIEW') }, { name: 'leaves' }],
  folders: [{ path: '/Shared', ...access('ops', 'CAN_READ') }],
};

const B: ConfigFiles = {
  policies: [POLICY, { name: 'big', definition: {} }],
  clusters: [
    { ...CLUSTER, num_workers: 3, libraries: [wheel('2')], ...access('dev', 'CAN_RESTART') },
    { ...CLUSTER, cluster_name: 'second' },
  ],
  jobs: [
    { ...JOB, max_concurrent_runs: 2, ...access('ops', 'CAN_MANAGE') },
    { ...JOB, name: 'new' },
  ],
  folders: [{ path: '/Shared', ...access('dev', 'CAN_RUN') }],
};

const deploy = async (files: ConfigFiles) => {
  config.release({ ...files });
  expect((await config.deploy()).refused).toBeNull();
  await config.pass(1_000);
};
const withoutFaults = async () => {
  await deploy(A);
  await deploy(B);
  return config.twin.inventory();
};
/** What is there is what the release wants, each thing once, and Slipway knows it. */
const expectSettled = async (expected: unknown) => {
  config.twin.faults.clear();
  await config.pass(1_000);
  expect(config.twin.inventory()).toEqual(expected);
  await config.deploy();
  expect((await config.redeploy()).changes).toEqual([]);
  expect(config.writes()).toBe(0);
};

describe.each(['before', 'after'] as const)('the function dies %s a request has its effect', (when) => {
  test.each(['the same plan is applied again', 'a new release is planned'])(
    '%s',
    async (way) => {
      const expected = await withoutFaults();
      let interrupted = 0;
      for (let skip = 0, isHit = true; isHit; skip += 1) {
        config = openConfig();
        await deploy(A);
        config.release({ ...B });
        const changes = await plan(databricksConfig, config.world);
        config.twin.faults.add({ kind: 'drop', when, skip, times: 4 });
        const died = await apply(databricksConfig, config.world, changes).then(
          () => false,
          () => true,
        );
        isHit = config.twin.faults.list().every((fault) => fault.skip === 0);
        config.twin.faults.clear();
        if (died) interrupted += 1;
        if (died && way === 'the same plan is applied again')
          await apply(databricksConfig, config.world, changes);
        else if (died) await config.deploy();
        await expectSettled(expected);
        expect(config.twin.violations()).toEqual([]);
      }
      expect(interrupted).toBeGreaterThan(15);
    },
    120_000,
  );
});

describe('a lost answer', () => {
  test.each([
    ['ClusterPolicies.create', 'policy', 'small'],
    ['Clusters.create', 'cluster', 'shared'],
    ['Jobs.create', 'job', 'load'],
  ])('of %s never makes a second %s', async (match, kind, name) => {
    config.release({ policies: [POLICY], clusters: [CLUSTER], jobs: [JOB] });
    const changes = await plan(databricksConfig, config.world);
    config.twin.faults.add({ kind: 'drop', when: 'after', match, times: 1 });
    await expect(apply(databricksConfig, config.world, changes)).rejects.toMatchObject({
      name: 'TransientFailure',
    });
    const { refused } = await apply(databricksConfig, config.world, changes);
    expect(refused).toBeNull();
    expect(config.names(kind)).toEqual([name]);
    expect(config.twin.log.count(match)).toBe(1);
  });

  test('of a job is not taken for the job of somebody else, and goes when its release is undone', async () => {
    config.twin.faults.add({ kind: 'drop', when: 'after', match: 'Jobs.create' });
    config.release({ jobs: [{ name: 'load' }] });
    await expect(config.deploy()).rejects.toMatchObject({ name: 'TransientFailure' });
    config.twin.faults.clear();
    expect(await config.planned()).toEqual([
      'update job load: makes sure of it after an interrupted deployment',
    ]);
    config.release({ jobs: [] });
    expect(await config.planned()).toEqual(['delete job load: is not in jobs.json any more']);
    await config.deploy();
    expect(config.names('job')).toEqual([]);
  });
});

test.each<[string, FaultRequest]>([
  ['429', { kind: 'status', status: 429, retryAfterInSeconds: 2, probability: 0.3 }],
  ['503', { kind: 'status', status: 503, probability: 0.3 }],
])('a workspace that answers %s now and then only takes longer', async (_name, fault) => {
  const expected = await withoutFaults();
  config = openConfig();
  await deploy(A);
  config.release({ ...B });
  config.twin.faults.add(fault);
  for (let tries = 0; tries < 20; tries += 1) {
    const done = await config.deploy().then(
      () => true,
      () => false,
    );
    if (done) break;
  }
  await expectSettled(expected);
});

test('a cancel stops between two changes, and the next deployment goes on from there', async () => {
  await deploy(A);
  config.release({ ...B });
  config.world.abort.abort();
  await expect(config.deploy()).rejects.toThrow('the run was cancelled');
  config.world.abort = new AbortController();
  await config.deploy();
  expect(config.names('job')).toEqual(['load', 'new']);
});

test('a cluster that is made anew has its new id in what is done by a later invocation', async () => {
  await deploy(A);
  const [{ cluster_id }] = (await config.call('GET', '/api/2.1/clusters/list')).clusters;
  await config.call('POST', '/api/2.1/clusters/permanent-delete', { cluster_id });
  config.twin.faults.add({ kind: 'latency', latencyInMs: 25_000 });
  const { calls } = await config.deploy();
  expect(calls).toBeGreaterThan(1);
  config.twin.faults.clear();
  const [made] = (await config.call('GET', '/api/2.1/clusters/list')).clusters;
  const { jobs } = await config.call('GET', '/api/2.2/jobs/list?expand_tasks=true&name=load');
  expect(made.cluster_id).not.toBe(cluster_id);
  expect(jobs[0].settings.tasks[0].existing_cluster_id).toBe(made.cluster_id);
});

test('more work than fits into a minute is cut, and everything is made once', async () => {
  const jobs = Array.from({ length: 300 }, (_one, index) => ({ name: `job-${index}` }));
  config.release({ jobs });
  config.twin.faults.add({ kind: 'latency', latencyInMs: 2_000 });
  const { calls, refused, output } = await config.deploy();
  expect([refused, calls > 2]).toEqual([null, true]);
  expect(Object.keys(Object(output?.jobs))).toHaveLength(300);
  expect(config.twin.log.count('Jobs.create')).toBe(300);
});
