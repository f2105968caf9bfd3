import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Json } from '../../shared/release/canonical-json.ts';
import { integrationTests } from '../../shared/steps/integration-tests.ts';
import { callTwin, WORKSPACE } from './databricks-world.ts';
import { contextOf } from './step-runner.ts';
import type { Calls, TestsWorld } from './tests-world.ts';
import {
  applyWithRetries,
  holdContracts,
  junit,
  leaves,
  runsIn,
  suiteFile,
  testCase,
  testsWorld,
} from './tests-world.ts';

let site: TestsWorld;

beforeEach(async () => {
  site = await testsWorld();
});
holdContracts(() => site);

const run = (calls: Calls = {}) => applyWithRetries(integrationTests, site.world, calls);
const submits = () => site.twin.log.count('Jobs.submit');
const passing = junit(testCase('test_a'), testCase('test_b'));

describe('a run that somebody else ends', () => {
  /** Does something to the run while the step waits for it. */
  const during = async (act: (id: string) => Promise<void>) => {
    leaves(site, passing, { durationInMs: 10 * 60_000 });
    let acting: Promise<void> | null = null;
    const ended = await run({
      before: (number, memo) => {
        if (number === 4) acting = runsIn(site.twin).then(([first]) => act(String(first?.run_id)));
        return memo;
      },
    });
    await acting;
    return ended;
  };
  /** Ids are written as they are: they do not fit into a JavaScript number. */
  const order = async (path: string, id: string) => {
    const body = Buffer.from(`{"run_id":${id}}`);
    const { status } = await site.twin.handle({
      method: 'POST',
      url: `${WORKSPACE}${path}`,
      headers: {},
      body,
    });
    expect(status).toBe(200);
  };

  test('by a cancel refuses the stage, and is not started again', async () => {
    const { refused, attempts } = await during((id) => order('/api/2.2/jobs/runs/cancel', id));
    expect(refused).toMatch(
      /^Somebody cancelled the run of the integration tests in Databricks \(CANCELED, USER_CANCELED: Run cancelled\)\. Retry the stage to test again\. See /,
    );
    expect([attempts, submits()]).toEqual([1, 1]);
  });

  test('by deleting it refuses the stage', async () => {
    const { refused } = await during(async (id) => {
      await order('/api/2.2/jobs/runs/cancel', id);
      await site.world.clock.sleep(1_000);
      await order('/api/2.2/jobs/runs/delete', id);
    });
    expect(refused).toMatch(
      /^The run \d+ of the integration tests is gone from Databricks\. Retry the stage to test again\.$/,
    );
  });
});

type Code = 'CLUSTER_ERROR' | 'CLOUD_FAILURE' | 'INTERNAL_ERROR' | 'DRIVER_ERROR';

describe('compute that breaks', () => {
  const broken = (code: Code, type: 'CLIENT_ERROR' | 'CLOUD_FAILURE' | 'INTERNAL_ERROR') =>
    ({ result: 'FAILED', code, type, message: 'The cluster was lost.' }) as const;

  test.each([
    ['CLUSTER_ERROR', 'CLIENT_ERROR'],
    ['CLOUD_FAILURE', 'CLOUD_FAILURE'],
    ['INTERNAL_ERROR', 'INTERNAL_ERROR'],
    ['DRIVER_ERROR', 'CLIENT_ERROR'],
  ] as const)('%s is no result of the tests: the next attempt runs them anew', async (code, type) => {
    leaves(site, passing);
    leaves(site, null, { ending: broken(code, type), times: 1 });
    const { done, attempts } = await run();
    expect(done).toMatchObject({ passed: 2 });
    expect([attempts, submits()]).toEqual([2, 2]);
  });

  test('every time ends after five runs, and proves nothing', async () => {
    leaves(site, null, { ending: broken('CLUSTER_ERROR', 'CLOUD_FAILURE') });
    const { failed, refused, provesNothing, attempts } = await run();
    expect([failed, provesNothing]).toEqual([null, true]);
    expect(refused).toMatch(
      /^The run of the integration tests broke off \(FAILED, CLUSTER_ERROR: .*The cluster was lost\), which says nothing/,
    );
    expect([attempts, submits()]).toEqual([5, 5]);
  });

  test('what a run left before it broke off is not taken for the result of the next one', async () => {
    leaves(site, null);
    leaves(site, passing, { ending: broken('CLUSTER_ERROR', 'CLOUD_FAILURE'), times: 1 });
    expect((await run()).refused).toContain('there is no file at');
  });
});

describe('a run that never ends', () => {
  test('is cancelled ten minutes after its own limit, and refuses the stage', async () => {
    leaves(site, passing, { durationInMs: 20 * 3_600_000 });
    const before = site.world.clock.now();
    const { refused } = await run();
    expect(refused).toMatch(
      /^The integration tests did not end in 70 minutes and were cancelled\. Make them faster, or raise timeout_seconds of integration_tests in tests\.json\. See /,
    );
    expect(site.twin.log.count('Jobs.cancel_run')).toBe(1);
    expect(await runsIn(site.twin)).toMatchObject([{ state: { result_state: 'CANCELED' } }]);
    const took = site.world.clock.now() - before;
    expect(took).toBeGreaterThan(70 * 60_000);
    expect(took).toBeLessThan(73 * 60_000);
  });

  test.each([[undefined], [0]])(
    'is cancelled after two hours where its limit is %p',
    async (timeout_seconds) => {
      site = await testsWorld(suiteFile({ timeout_seconds }));
      leaves(site, passing, { durationInMs: 20 * 3_600_000 });
      expect((await run()).refused).toMatch(
        /^The integration tests did not end in 120 minutes and were cancelled/,
      );
    },
  );

  test.each([
    ['until Slipway cancels it', { pendingInMs: 20 * 3_600_000 }],
    [
      'until its own limit',
      {
        pendingInMs: 3_600_000,
        durationInMs: 0,
        ending: { result: 'TIMEDOUT', code: 'CANCELED', type: 'CLIENT_ERROR', message: 'Timed out' },
      },
    ],
  ] as const)('but only waits for compute %s says nothing of the release', async (_until, script) => {
    leaves(site, null, script);
    const { refused, provesNothing } = await run();
    expect(provesNothing).toBe(true);
    expect(refused).toMatch(
      /^The integration tests waited for compute until their time was over, which says nothing of the release\. See that there is some, then retry the stage\. See /,
    );
  });

  test('is cancelled again where the request to do so is lost', async () => {
    leaves(site, passing, { durationInMs: 20 * 3_600_000 });
    site.twin.faults.add({ kind: 'status', status: 500, match: 'Jobs.cancel_run', times: 4 });
    const { refused } = await run();
    expect(refused).toContain('were cancelled. Make them faster');
  });

  test('and that a cancel does not end either is left after a quarter of an hour', async () => {
    site = await testsWorld(suiteFile(), { cancelInMs: 24 * 3_600_000 });
    leaves(site, passing, { durationInMs: 20 * 3_600_000 });
    const { refused } = await run();
    expect(refused).toMatch(
      /^The integration tests did not end in 70 minutes and were cancelled, and did not end in 15 minutes more\. See /,
    );
  });

  test('and ends well while it is being cancelled has passed', async () => {
    site = await testsWorld(suiteFile({ timeout_seconds: 60 }), { taskPendingInMs: 0 });
    leaves(site, passing, { durationInMs: 20 * 60_000 });
    site.twin.faults.add({ kind: 'drop', match: 'Jobs.cancel_run', when: 'before' });
    expect((await run({ attempts: 30 })).done).toMatchObject({ passed: 2 });
  });
});

describe('one run, whatever happens', () => {
  beforeEach(() => leaves(site, passing));
  const expectOne = async (ended: Awaited<ReturnType<typeof run>>) => {
    expect(ended.done).toMatchObject({ passed: 2, testRun: '31' });
    expect(await runsIn(site.twin)).toHaveLength(1);
    expect(site.azureDevOps.service.log.count('TestRuns.Create')).toBe(1);
  };

  test.each(['before', 'after'] as const)(
    'an answer of the start that is lost %s its effect',
    async (when) => {
      site.twin.faults.add({ kind: 'drop', match: 'Jobs.submit', times: 1, when });
      await expectOne(await run());
    },
  );

  test('a start that never gets an answer is asked for by the next attempt', async () => {
    site.twin.faults.add({ kind: 'drop', match: 'Jobs.submit', times: 4, when: 'after' });
    const ended = await run();
    await expectOne(ended);
    expect(ended.attempts).toBe(2);
  });

  test('a workspace that answers 429 is asked again when it says so', async () => {
    site.twin.faults.add({ kind: 'status', status: 429, retryAfterInSeconds: 3, match: '*', times: 2 });
    const ended = await run();
    await expectOne(ended);
    expect(ended.attempts).toBe(1);
  });

  test('looking that fails for minutes costs attempts, not a second run', async () => {
    site.twin.faults.add({ kind: 'status', status: 500, match: 'Jobs.get_run', skip: 1, times: 10 });
    const ended = await run();
    await expectOne(ended);
    expect(ended.attempts).toBeGreaterThan(1);
  });

  test('a file that cannot be read for a while is read by the next attempt', async () => {
    site.twin.faults.add({ kind: 'status', status: 500, match: 'Files.download', times: 4 });
    await expectOne(await run());
  });

  test('a function that dies after each call, before its result was saved, is repeated without harm', async () => {
    let last: Json = null;
    const before: Calls['before'] = (number, memo) => {
      if (number % 2 === 1) last = memo;
      return last;
    };
    await expectOne(await run({ before }));
  });

  test('a project whose runs have the same names has a run of its own in a workspace that both use', async () => {
    await expectOne(await run());
    site.world.project = 'other-project';
    await run();
    expect(await runsIn(site.twin)).toHaveLength(2);
  });

  test('a round that a person asks for is a new run', async () => {
    await expectOne(await run());
    site.world.run = 'release-1/2';
    await run();
    expect(await runsIn(site.twin)).toHaveLength(2);
  });
});

describe('a run of Slipway that is cancelled', () => {
  const cancel = async (memo: Json) =>
    integrationTests.cancel?.(await contextOf(integrationTests, site.world, memo));
  /** Applies until the run is started, and gives the memo of this and of the call before. */
  const started = async () => {
    leaves(site, passing, { durationInMs: 30 * 60_000 });
    const memos: Json[] = [];
    const stopped = run({
      before: (number, memo) => {
        memos.push(memo);
        if (number === 3) throw new Error('enough');
        return memo;
      },
    });
    await expect(stopped).rejects.toThrow('enough');
    return { ofRun: memos[2] ?? null, beforeRun: memos[1] ?? null };
  };

  test('cancels its run in Databricks once, and waits until it has ended', async () => {
    const { ofRun } = await started();
    const first = await cancel(ofRun);
    expect(first).toMatchObject({ waiting: { memo: { stopping: expect.any(Number) } } });
    const memo = first !== undefined && 'waiting' in first ? first.waiting.memo : null;
    await Promise.all([
      site.world.clock.sleep(5_000),
      site.world.clock.runUntil(() => false, site.world.clock.now() + 5_000),
    ]);
    expect(await cancel(memo)).toEqual({ done: {} });
    expect(site.twin.log.count('Jobs.cancel_run')).toBe(1);
    expect(await runsIn(site.twin)).toMatchObject([{ state: { result_state: 'CANCELED' } }]);
  });

  test('also where the function died before it could say which run it is', async () => {
    const { beforeRun } = await started();
    expect(beforeRun).toMatchObject({ run: null });
    expect(await cancel(beforeRun)).toMatchObject({ waiting: {} });
    expect(site.twin.log.count('Jobs.cancel_run')).toBe(1);
  });

  test.each([
    ['was never told', null],
    ['is that of an earlier attempt', { attempt: 1, run: '1', since: 0, stopping: null, publishing: null }],
  ])('also where its memo %s', async (_what, memo) => {
    await started();
    expect(await cancel(memo)).toMatchObject({ waiting: { memo: { run: expect.any(String) } } });
    expect(site.twin.log.count('Jobs.cancel_run')).toBe(1);
  });

  test('leaves a run of the next round alone', async () => {
    const { beforeRun } = await started();
    site.world.run = 'release-1/2';
    expect(await cancel(beforeRun)).toEqual({ done: {} });
    expect(site.twin.log.count('Jobs.cancel_run')).toBe(0);
  });

  test('leaves the runs of others alone', async () => {
    const submit = (parts: object) =>
      callTwin(site.twin, '/api/2.2/jobs/runs/submit', {
        run_name: 'parking-sensors tests',
        tasks: [
          {
            task_key: 'a',
            spark_python_task: {
              python_file: '/Workspace/Shared/parking-sensors-tests/run_suite.py',
              parameters: ['/Volumes/elsewhere'],
            },
          },
        ],
        ...parts,
      });
    await submit({});
    await submit({ run_name: 'another' });
    const memo = { attempt: 1, run: null, since: 0, stopping: null, publishing: null };
    expect(await cancel(memo)).toEqual({ done: {} });
    expect(site.twin.log.count('Jobs.cancel_run')).toBe(0);
  });

  test('has nothing to stop before anything was started, and starts nothing any more', async () => {
    expect(await cancel(null)).toEqual({ done: {} });
    site.world.abort.abort();
    await expect(run()).rejects.toThrow('the run was cancelled');
    expect(submits()).toBe(0);
  });
});

describe('a run of an earlier round that still goes on', () => {
  /** Starts a run that leaves a good file later, and forgets it, as a step does that was given up. */
  const forgotten = async (options: Parameters<typeof testsWorld>[1] = {}) => {
    site = await testsWorld(suiteFile({}, SHARED), options);
    leaves(site, null);
    site.twin.scriptRuns({
      durationInMs: 30 * 60_000,
      writes: [{ path: SHARED_FILE, content: passing }],
      times: 1,
    });
    const stopped = run({
      before: (number, memo) => {
        if (number === 3) throw new Error('given up');
        return memo;
      },
    });
    await expect(stopped).rejects.toThrow('given up');
    site.world.run = 'release-1/2';
  };
  const SHARED = `/Volumes/\${unityCatalogName}/utilities/test_results/results.xml`;
  const SHARED_FILE = '/Volumes/parking_sensors_catalog_dev/utilities/test_results/results.xml';

  test('is ended first, and its results are never taken for those of the new one', async () => {
    await forgotten();
    const { refused } = await run();
    expect(refused).toContain(`there is no file at ${SHARED_FILE}`);
    const results = (await runsIn(site.twin)).map(({ state }) => state);
    expect(results).toMatchObject([{ result_state: 'SUCCESS' }, { result_state: 'CANCELED' }]);
  });

  test('and cannot be ended keeps the tests from being started, which proves nothing', async () => {
    await forgotten({ cancelInMs: 24 * 3_600_000 });
    const { refused, provesNothing } = await run();
    expect(refused).toMatch(
      /^An earlier run of the integration tests, which leaves its results at the same place, does not end\. End it in Databricks, then retry the stage\. See /,
    );
    expect([provesNothing, submits()]).toEqual([true, 1]);
  });

  test('is left alone where it leaves its results elsewhere', async () => {
    await forgotten();
    const other = JSON.stringify(suiteFile());
    site.world.artifacts = { ...site.world.artifacts, 'databricks-config': { 'tests.json': other } };
    site.world.run = 'release-1';
    leaves(site, passing);
    await run();
    expect(site.twin.log.count('Jobs.cancel_run')).toBe(0);
  });
});
