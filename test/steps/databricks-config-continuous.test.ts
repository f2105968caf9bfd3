import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Json } from '../../shared/release/canonical-json.ts';
import type { Change } from '../../shared/release/plan.ts';
import { databricksConfig } from '../../shared/steps/databricks-config.ts';
import { CLUSTER, linesOf, openConfig, POLICY } from './databricks-config-world.ts';
import { contextOf, plan } from './step-runner.ts';
import { underVirtualTime } from './virtual-time.ts';

let config = openConfig();
const open = async () => {
  config = openConfig();
  await config.call('POST', '/api/2.0/workspace/import', {
    ...{ path: '/Shared/nb', format: 'SOURCE', language: 'PYTHON', overwrite: true },
    content: Buffer.from('# Databricks notebook source\n1').toString('base64'),
  });
  config.twin.scriptRuns({ durationInMs: 30 * 24 * 60 * 60_000 });
};
beforeEach(open);
afterEach(() => expect(config.twin.violations()).toEqual([]));

const stream = (task_key: string, pause_status = 'UNPAUSED') => ({
  ...{ name: 'stream', continuous: { pause_status } },
  tasks: [{ task_key, notebook_task: { notebook_path: '/Shared/nb' } }],
});
/** The runs of all jobs, oldest first: the key of their first task, and how they ended. */
const runs = async () => {
  const { runs: all = [] } = await config.call('GET', '/api/2.2/jobs/runs/list?expand_tasks=true');
  type Listed = { tasks: { task_key: string }[]; state: { result_state?: string } };
  return [...all]
    .reverse()
    .map(({ tasks, state }: Listed) => `${tasks[0]?.task_key} ${state.result_state ?? 'runs'}`);
};
const first = async (job: object = stream('old')) => {
  config.release({ jobs: [job] });
  expect((await config.deploy()).refused).toBeNull();
  await config.pass(60_000);
};

describe('a continuous job', () => {
  test('that changes gets its active run ended, so that the next one has the new settings', async () => {
    await first();
    expect(await runs()).toEqual(['old runs']);
    config.release({ jobs: [stream('new')] });
    expect(linesOf((await config.redeploy()).changes)).toEqual([
      'update job stream: changes tasks; ends its active run, and a new one begins',
    ]);
    expect(config.written()).toEqual({ 'Jobs.reset': 1, 'Jobs.cancel_run': 1 });
    await config.pass(60_000);
    expect(await runs()).toEqual(['old CANCELED', 'new runs']);
    expect((await config.redeploy()).changes).toEqual([]);
    expect(await runs()).toEqual(['old CANCELED', 'new runs']);
  });

  test.each([
    ['is paused in the file', stream('old', 'PAUSED')],
    ['is not continuous any more', { ...stream('old'), continuous: undefined }],
  ])('that %s stops', async (_what, job) => {
    await first();
    config.release({ jobs: [job] });
    const [line] = linesOf((await config.redeploy()).changes);
    expect(line).toMatch(/; ends its active run$/);
    await config.pass(60_000);
    expect(await runs()).toEqual(['old CANCELED']);
  });

  test('that was paused keeps the run that somebody started by hand', async () => {
    await first(stream('old', 'PAUSED'));
    const [{ job_id }] = (await config.call('GET', '/api/2.2/jobs/list?name=stream')).jobs;
    await config.call('POST', '/api/2.2/jobs/run-now', { job_id });
    config.release({ jobs: [stream('new', 'PAUSED')] });
    await config.redeploy();
    await config.pass(60_000);
    expect(await runs()).toEqual(['old runs']);
  });

  test('that leaves the file is paused, its run ended, and then it goes', async () => {
    await first();
    config.release({ jobs: [] });
    const { changes, refused, calls } = await config.redeploy();
    expect(linesOf(changes)).toEqual([
      'delete job stream: is not in jobs.json any more; is paused, and its active run ended',
    ]);
    expect([refused, calls]).toEqual([null, 2]);
    await config.pass(60_000);
    expect([await runs(), config.names('job')]).toEqual([['old CANCELED'], []]);
  });

  test('that was taken over runs with its former settings again when it leaves the file', async () => {
    await config.call('POST', '/api/2.2/jobs/create', stream('theirs'));
    await first(stream('ours'));
    expect(await runs()).toEqual(['theirs CANCELED', 'ours runs']);
    config.release({ jobs: [] });
    expect(linesOf((await config.redeploy()).changes)[0]).toMatch(
      /before Slipway took it over; ends its active run$/,
    );
    await config.pass(60_000);
    expect(await runs()).toEqual(['theirs CANCELED', 'ours CANCELED', 'theirs runs']);
  });
});

describe('a function that dies while it changes a continuous job', () => {
  /** Applies as the engine does: what dies is tried again a minute later, with the last memo. */
  const applyAgainAndAgain = async (
    changes: readonly Change[],
    afterDeath: () => Promise<unknown> = async () => null,
  ): Promise<number> => {
    let [deaths, memo]: [number, Json] = [0, null];
    for (;;) {
      const context = await contextOf(databricksConfig, config.world, memo);
      const call = databricksConfig.apply(context, changes);
      const outcome = await underVirtualTime(config.world.clock, call).catch(() => null);
      if (outcome === null) {
        deaths += 1;
        await afterDeath();
        config.twin.faults.clear();
      }
      if (outcome !== null && 'done' in outcome) return deaths;
      if (outcome !== null && 'waiting' in outcome) memo = outcome.waiting.memo;
      if (outcome !== null && 'refused' in outcome) throw new Error(outcome.refused);
      if (outcome === null) await config.pass(60_000);
    }
  };

  test.each(['before', 'after'] as const)(
    '%s a request ends no run that began with the new settings',
    async (when) => {
      let deaths = 0;
      for (let skip = 0; skip < 8; skip += 1) {
        await open();
        await first();
        config.release({ jobs: [stream('new')] });
        const changes = await plan(databricksConfig, config.world);
        config.twin.log.clear();
        config.twin.faults.add({ kind: 'drop', when, skip, times: 4 });
        deaths += await applyAgainAndAgain(changes);
        config.twin.faults.clear();
        await config.pass(60_000);
        expect(await runs()).toEqual(['old CANCELED', 'new runs']);
      }
      expect(deaths).toBeGreaterThan(2);
    },
  );

  test('before the change also ends the run that has begun since with the old settings', async () => {
    await first();
    config.release({ jobs: [stream('new')] });
    const changes = await plan(databricksConfig, config.world);
    config.twin.faults.add({ kind: 'drop', when: 'before', match: 'Jobs.reset', times: 4 });
    await applyAgainAndAgain(changes, async () => {
      const { runs: active } = await config.call('GET', '/api/2.2/jobs/runs/list?active_only=true');
      await config.call('POST', '/api/2.2/jobs/runs/cancel', { run_id: active[0].run_id });
    });
    await config.pass(60_000);
    expect(await runs()).toEqual(['old CANCELED', 'old CANCELED', 'new runs']);
  });

  test('and is not tried again leaves that to the next release, which sees it', async () => {
    await first();
    config.release({ jobs: [stream('new')] });
    config.twin.faults.add({ kind: 'drop', when: 'before', match: 'Jobs.cancel_run', times: 4 });
    await expect(config.deploy()).rejects.toMatchObject({ name: 'TransientFailure' });
    config.twin.faults.clear();
    await config.deploy();
    await config.pass(60_000);
    expect(await runs()).toEqual(['old CANCELED', 'new runs']);
  });
});

test('a cluster that a continuous job keeps busy is refused with the advice to pause the job', async () => {
  config.release({ policies: [POLICY], clusters: [CLUSTER] });
  await config.deploy();
  const [{ cluster_id: existing_cluster_id }] = (await config.call('GET', '/api/2.1/clusters/list')).clusters;
  const tasks = [{ ...stream('a').tasks[0], existing_cluster_id }];
  await config.call('POST', '/api/2.2/jobs/create', { ...stream('a'), tasks });
  await config.pass(1_000);
  config.release({ clusters: [{ ...CLUSTER, num_workers: 2 }] });
  expect((await config.deploy()).refused).toMatch(
    /, and stream \(run \d+, of a continuous job: pause it\) uses it\. Cancel what is not needed, or wait/,
  );
});
