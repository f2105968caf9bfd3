import { describe, expect, test } from '@jest/globals';
import type { StepOutcome } from '../../shared/steps/step.ts';
import { FORECAST, flagWrites, KEY, LABEL, ROLLOUT, shareOf } from './app-configuration-world.ts';
import type { RolloutWorld } from './rollout-world.ts';
import { rolloutWorld } from './rollout-world.ts';

const JOB = 'parking-sensors-load';
const WATCHED = { ...FORECAST, stop_when_runs_fail: [JOB] };
const SECOND = { ...FORECAST, id: 'map' };

/** A world whose workspace has the job. */
async function withJob(ids?: readonly string[]) {
  const site = rolloutWorld(ids);
  await site.makeJob(JOB);
  return site;
}

function ending(outcome: StepOutcome): string {
  if ('refused' in outcome) return outcome.refused;
  return 'done' in outcome ? 'done' : 'waiting';
}

describe('a rollout', () => {
  test('goes to each step when the one before has had its time, and ends at the last one', async () => {
    const site = rolloutWorld();
    await site.deploy('r1', [FORECAST]);
    const outcome = await site.rollout().toEnd();
    expect(site.shares).toEqual([
      [0, 'forecast', 10],
      [30, 'forecast', 50],
      [90, 'forecast', 100],
    ]);
    expect(outcome).toEqual({ done: { flags: { forecast: 'is on for 100 %' } } });
    expect(site.flag('forecast')?.tags).toMatchObject({ 'slipway-step': '3', 'slipway-run': 'r1' });
    expect(site.store.violations()).toEqual([]);
  });

  test('holds no function: each look takes no time, and the next one is at most five minutes away', async () => {
    const site = rolloutWorld();
    await site.deploy('r1', [FORECAST]);
    const rollout = site.rollout();
    const untils: number[] = [];
    for (let looks = 0; looks < 8; looks += 1) {
      const before = site.world.clock.now();
      const outcome = await rollout.look();
      expect(site.world.clock.now() - before).toBeLessThan(2_000);
      if (!('waiting' in outcome)) throw new Error(ending(outcome));
      untils.push(Math.round((outcome.waiting.until - before) / 60_000));
      await site.pass(untils.at(-1) ?? 0);
    }
    expect(untils).toEqual([0, 5, 5, 5, 5, 5, 5, 5]);
  });

  test('a look that is late moves one step only, which then has its whole time', async () => {
    const site = rolloutWorld();
    await site.deploy('r1', [FORECAST]);
    const rollout = site.rollout();
    await rollout.look();
    await site.pass(500);
    await rollout.look();
    await rollout.look();
    expect(shareOf(site, 'forecast')).toBe(50);
    await rollout.toEnd();
    expect(site.shares.map(([minute]) => minute)).toEqual([0, 500, 560]);
  });

  test('moves several flags, each at its own pace, and asks the store once a look', async () => {
    const site = rolloutWorld(['forecast', 'map']);
    const slow = { default: [{ percentage: 1, wait_in_minutes: 600 }, { percentage: 2 }] };
    await site.deploy('r1', [FORECAST, { ...SECOND, rollout: slow }]);
    site.store.log.clear();
    const outcome = await site.rollout().toEnd();
    expect(outcome).toEqual({ done: { flags: { forecast: 'is on for 100 %', map: 'is on for 2 %' } } });
    expect(site.shares.map(([minute, id]) => `${minute} ${id}`).slice(2)).toEqual([
      '30 forecast',
      '90 forecast',
      '600 map',
    ]);
    expect(flagWrites(site.store)).toBe(3);
    expect(site.store.log.count('GetKeyValues')).toBeLessThanOrEqual(600 / 5 + 4);
  });

  test('has nothing to do where no flag has more steps, where none is on, and in a rollback', async () => {
    const site = rolloutWorld();
    await site.deploy('r1', [
      { ...FORECAST, enabled: false },
      { id: 'map', enabled: true },
    ]);
    expect(await site.rollout().look()).toEqual({ done: { flags: {} } });
    await site.deploy('r2', [{ ...FORECAST, rollout: { prod: [{ percentage: 30 }] } }]);
    expect(await site.rollout().look()).toEqual({ done: { flags: { forecast: 'is on for 30 %' } } });
    await site.deploy('r3', [FORECAST]);
    site.rollBackTo('r3');
    expect(await site.rollout().look()).toEqual({ done: { flags: {} } });
    await site.deploy('r4', null);
    expect(await site.rollout().look()).toEqual({ done: { flags: {} } });
  });

  test('stands where it is when its run is cancelled', async () => {
    const site = rolloutWorld();
    await site.deploy('r1', [FORECAST]);
    const rollout = site.rollout();
    await rollout.look();
    await site.pass(40);
    rollout.world.abort.abort();
    await expect(rollout.look()).rejects.toThrow('the run was cancelled');
    expect(shareOf(site, 'forecast')).toBe(10);
  });
});

describe('a job that fails', () => {
  test('stops the rollout, puts the flag back to what it was before, and says which run it was', async () => {
    const site = await withJob();
    await site.deploy('r1', [{ ...FORECAST, rollout: { prod: [{ percentage: 5 }] } }]);
    const before = site.flag('forecast');
    await site.deploy('r2', [WATCHED]);
    let isRun = false;
    const outcome = await site.rollout().toEnd(async (minute) => {
      if (minute < 40 || isRun) return;
      isRun = true;
      await site.runJob(JOB, 'FAILED');
    });
    expect(ending(outcome)).toMatch(
      /^The rollout was stopped\. forecast at 50 %: run \d+ of the job parking-sensors-load, which began at 2026-11-23T09:40:00\.000Z, ended FAILED \(Task a failed .*\)\. forecast is as it was before\.$/,
    );
    expect(site.flag('forecast')).toMatchObject({ value: before?.value, tags: before?.tags });
    expect(site.shares.map(([, , share]) => share)).toEqual([5, 10, 50, 5]);
    expect([...site.store.violations(), ...site.workspace.violations()]).toEqual([]);
  });

  test('takes a flag away that was not there before', async () => {
    const site = await withJob();
    await site.deploy('r1', [WATCHED]);
    await site.runJob(JOB, 'FAILED');
    expect(ending(await site.rollout().toEnd())).toContain('forecast at 10 %: run ');
    expect(shareOf(site, 'forecast')).toBe('none');
  });

  test('counts by when it began: not one of before the rollout, but one that outlasts its step', async () => {
    const site = await withJob();
    await site.runJob(JOB, 'FAILED');
    await site.deploy('r1', [WATCHED]);
    const rollout = site.rollout();
    await rollout.look();
    await site.runJob(JOB, 'FAILED', 45);
    await rollout.toEnd();
    expect(site.shares).toEqual([
      [0, 'forecast', 10],
      [30, 'forecast', 50],
      [50, 'forecast', 'none'],
    ]);
  });

  test('is no reason to stop when it succeeded, or when it is another job', async () => {
    const site = await withJob();
    await site.deploy('r1', [WATCHED]);
    await site.runJob(JOB, 'SUCCESS');
    await site.runJob('another-job', 'FAILED');
    expect(ending(await site.rollout().toEnd())).toBe('done');
    expect(shareOf(site, 'forecast')).toBe(100);
  });

  test('leaves the flags alone that do not name it, and those that have arrived', async () => {
    const site = await withJob(['forecast', 'map']);
    const slow = { default: [{ percentage: 1, wait_in_minutes: 600 }, { percentage: 2 }] };
    await site.deploy('r1', [WATCHED, { ...SECOND, rollout: slow }]);
    let isRun = false;
    const outcome = await site.rollout().toEnd(async (minute) => {
      if (minute < 100 || isRun) return;
      isRun = true;
      await site.runJob(JOB, 'FAILED');
    });
    expect(ending(outcome)).toBe('done');
    expect([shareOf(site, 'forecast'), shareOf(site, 'map')]).toEqual([100, 2]);
  });

  test('must be there to be watched', async () => {
    const site = await withJob();
    await site.deploy('r1', [WATCHED]);
    const file = JSON.stringify({
      endpoint: 'https://appcs-parking-sensors-dev.azconfig.io',
      feature_flags: [{ ...FORECAST, stop_when_runs_fail: ['nowhere'] }],
    });
    site.world.artifacts = { 'databricks-config': { 'feature-flags.json': file } };
    const outcome = await site.rollout().toEnd();
    expect(ending(outcome)).toBe(
      'The rollout of forecast at 10 % was stopped: the job nowhere, whose failing runs should stop it, is not in the ' +
        'workspace. The flags stay where they are. Deploy the job, then retry the stage.',
    );
    await expect(site.deploy('r2', [{ ...FORECAST, stop_when_runs_fail: ['nowhere'] }])).rejects.toThrow(
      'stop_when_runs_fail names the job nowhere, which is neither in jobs.json nor in the workspace.',
    );
  });

  test('stops for good also when the function dies after the flag was put back', async () => {
    const site = await withJob();
    await site.deploy('r1', [WATCHED]);
    await site.runJob(JOB, 'FAILED');
    const rollout = site.rollout();
    for (let looks = 0; looks < 2; looks += 1) await rollout.look();
    const first = ending(await rollout.look());
    expect(first).toContain('forecast is as it was before');
    const again = ending(await rollout.lookAgain());
    expect(again).toContain('ended FAILED');
    expect(shareOf(site, 'forecast')).toBe('none');
    expect(ending(await site.rollout().look())).toBe('waiting');
  });

  test('after which a redeploy begins the rollout anew', async () => {
    const site = await withJob();
    await site.deploy('r1', [{ ...FORECAST, rollout: { prod: [{ percentage: 5 }] } }]);
    await site.deploy('r2', [WATCHED]);
    await site.runJob(JOB, 'FAILED');
    await site.rollout().toEnd();
    expect(ending(await site.rollout().look())).toContain('Redeploy the release to begin it anew.');
    site.world.run = 'redeploy-of-r2';
    await site.deploy('r2', [WATCHED]);
    expect(shareOf(site, 'forecast')).toBe(10);
    expect(ending(await site.rollout().toEnd())).toBe('done');
    expect(shareOf(site, 'forecast')).toBe(100);
  });
});

describe('what people do by hand', () => {
  test.each([
    [
      'turned off',
      (value: object) => ({ ...value, enabled: false }),
      'somebody turned the flag off. It stays off',
    ],
    [
      'changed',
      (value: object) => ({ ...value, description: 'x' }),
      'somebody changed the flag by hand. It is left',
    ],
  ])('a flag that was %s ends the rollout, and is left as it is', async (_what, change, why) => {
    const site = rolloutWorld(['forecast', 'map']);
    await site.deploy('r1', [FORECAST, SECOND]);
    const rollout = site.rollout();
    await rollout.look();
    await site.pass(35);
    await rollout.look();
    site.byHand('forecast', change);
    const { value } = site.flag('forecast') ?? {};
    await site.pass(100);
    const text = ending(await rollout.look());
    expect(text).toContain(`The rollout of forecast was stopped at 50 %: ${why}`);
    expect(text).toContain('The others stay where they are: map at 50 %.');
    expect(site.flag('forecast')?.value).toBe(value);
  });

  test('a flag that was turned off before another run began is left, and the others go on', async () => {
    const site = rolloutWorld(['forecast', 'map']);
    await site.deploy('r1', [FORECAST]);
    site.byHand('forecast', (value) => ({ ...value, enabled: false }));
    await site.deploy('r2', [FORECAST, SECOND]);
    expect(await site.rollout().toEnd()).toEqual({
      done: {
        flags: {
          forecast: 'was changed or turned off by hand, and is left as it is',
          map: 'is on for 100 %',
        },
      },
    });
  });

  test('a locked flag ends the rollout', async () => {
    const site = rolloutWorld();
    await site.deploy('r1', [FORECAST]);
    const { value = '', tags = {} } = site.flag('forecast') ?? {};
    site.store.putSetting(`${KEY}forecast`, value ?? '', { label: LABEL, tags, locked: true });
    expect(ending(await site.rollout().toEnd())).toContain('somebody locked the flag.');
  });

  test('a flag that somebody removed ends the rollout at the second look', async () => {
    const site = rolloutWorld();
    await site.deploy('r1', [FORECAST]);
    const rollout = site.rollout();
    await rollout.look();
    site.store.removeSetting(`${KEY}forecast`, LABEL);
    expect(ending(await rollout.look())).toBe('waiting');
    expect(ending(await rollout.look())).toContain('is not in the store any more. Redeploy the release');
  });
});

describe('a newer run', () => {
  test('that declares the flag anew ends the older rollout well', async () => {
    const site = rolloutWorld();
    await site.deploy('r1', [FORECAST]);
    const older = site.rollout();
    await older.look();
    await site.deploy('r2', [
      { ...FORECAST, rollout: { prod: [{ percentage: 3, wait_in_minutes: 5 }, { percentage: 4 }] } },
    ]);
    expect(await older.look()).toEqual({ done: { flags: { forecast: 'was taken over by r2 (run r2)' } } });
    expect(ending(await site.rollout().toEnd())).toBe('done');
    expect(shareOf(site, 'forecast')).toBe(4);
  });

  test('with the same flags takes the rollout over where it is, and the older one ends', async () => {
    const site = rolloutWorld();
    await site.deploy('r1', [FORECAST]);
    const older = site.rollout();
    await older.look();
    await site.pass(35);
    await older.look();
    await site.deploy('r2', [FORECAST]);
    const newer = site.rollout();
    await newer.look();
    expect(await older.look()).toEqual({ done: { flags: { forecast: 'was taken over by run r2' } } });
    await newer.toEnd();
    expect(site.shares).toEqual([
      [0, 'forecast', 10],
      [35, 'forecast', 50],
      [95, 'forecast', 100],
    ]);
  });

  /** A run of the job that began before a newer run takes the flags over, and fails after it. */
  const takenOverUnder = async (flags: readonly object[], between: (site: RolloutWorld) => void) => {
    const site = await withJob(['forecast', 'map']);
    await site.deploy('r1', [WATCHED]);
    await site.rollout().look();
    await site.pass(5);
    await site.runJob(JOB, 'FAILED', 20);
    await site.pass(1);
    between(site);
    await site.deploy('r2', flags);
    const outcome = await site.rollout().toEnd();
    return { site, outcome };
  };

  test('that takes a rollout over answers for job runs that began before it did', async () => {
    const { site, outcome } = await takenOverUnder([WATCHED], () => {});
    expect(ending(outcome)).toContain('The rollout was stopped. forecast at 10 %: run ');
    expect(shareOf(site, 'forecast')).toBe('none');
  });

  test('answers for them only where the flag was already on its way', async () => {
    const second = { ...SECOND, stop_when_runs_fail: [JOB] };
    const { site, outcome } = await takenOverUnder([WATCHED, second], () => {});
    expect(ending(outcome)).toContain('The rollout was stopped. forecast at 10 %: run ');
    expect([shareOf(site, 'forecast'), shareOf(site, 'map')]).toEqual(['none', 10]);
  });

  test('takes flags over that do not say when their rollout began, from where it stands', async () => {
    const { site, outcome } = await takenOverUnder([WATCHED], ({ store, flag }) => {
      const { value, tags: { 'slipway-begun': _begun, ...tags } = {} } = flag('forecast') ?? {};
      const contentType = flag('forecast')?.content_type ?? '';
      store.putSetting(`${KEY}forecast`, value ?? '', { label: LABEL, tags, contentType });
    });
    expect(ending(outcome)).toBe('done');
    expect(shareOf(site, 'forecast')).toBe(100);
  });

  test('that takes the flag away, or is just doing so, is not taken for a person', async () => {
    const site = rolloutWorld();
    await site.deploy('r1', [FORECAST]);
    const older = site.rollout();
    await older.look();
    const { inventories } = site.world;
    const deploying = {
      ...inventories['feature-flags'],
      digest: inventories['feature-flags']?.digest ?? null,
    };
    site.store.removeSetting(`${KEY}forecast`, LABEL);
    site.world.inventories = { 'feature-flags': { ...deploying, uncertain: ['plan'] } };
    for (let looks = 0; looks < 3; looks += 1) expect(ending(await older.look())).toBe('waiting');
    site.world.inventories = inventories;
    await site.deploy('r2', []);
    site.world.inventories = { 'feature-flags': { digest: null, uncertain: [] } };
    expect(await older.look()).toEqual({ done: { flags: { forecast: 'was taken away by a rollback' } } });
  });

  test('that rolls back ends the rollout well', async () => {
    const site = rolloutWorld();
    await site.deploy('r1', [{ ...FORECAST, rollout: { prod: [{ percentage: 5 }] } }]);
    await site.deploy('r2', [FORECAST]);
    const rollout = site.rollout();
    await rollout.look();
    await site.rollBack('r1');
    expect(await rollout.look()).toEqual({ done: { flags: { forecast: 'was taken over by r1 (run r1)' } } });
    expect(shareOf(site, 'forecast')).toBe(5);
  });
});

describe('trouble on the way', () => {
  test('a lost answer moves nothing twice', async () => {
    const site = rolloutWorld();
    await site.deploy('r1', [FORECAST]);
    site.store.faults.add({ kind: 'drop', match: 'PutKeyValue', when: 'after', times: 4 });
    await site.rollout().toEnd();
    expect(site.shares.map(([minute]) => minute)).toEqual([0, 30, 90]);
    expect(site.store.violations()).toEqual([]);
  });

  test('a store that does not answer for half an hour is waited for; one that is silent for an hour ends it', async () => {
    const site = rolloutWorld();
    await site.deploy('r1', [FORECAST]);
    const rollout = site.rollout();
    await rollout.look();
    site.store.faults.add({ kind: 'status', match: '*', status: 500 });
    const outcome = rollout.toEnd((minute) => {
      if (minute > 30) site.store.faults.clear();
    });
    expect(ending(await outcome)).toBe('done');
    const other = rolloutWorld();
    await other.deploy('r1', [FORECAST]);
    const silent = other.rollout();
    await silent.look();
    other.store.faults.add({ kind: 'status', match: '*', status: 500 });
    await expect(silent.toEnd()).rejects.toMatchObject({ name: 'TransientFailure' });
    expect(other.minute()).toBeGreaterThanOrEqual(60);
    expect(shareOf(other, 'forecast')).toBe(10);
  });

  test('the same look twice, as after a crash, moves the flag once', async () => {
    const site = rolloutWorld();
    await site.deploy('r1', [FORECAST]);
    const rollout = site.rollout();
    await rollout.look();
    await site.pass(30);
    await rollout.look();
    await rollout.lookAgain();
    expect(shareOf(site, 'forecast')).toBe(50);
    expect(site.shares).toHaveLength(2);
  });
});

test('how long a step lasts may come from a variable of the environment', async () => {
  const site = rolloutWorld();
  site.world.values.variables.wait = '90';
  const wait_in_minutes = ['$', '{wait}'].join('');
  const prod = [{ percentage: 10, wait_in_minutes }, { percentage: 100 }];
  await site.deploy('r1', [{ ...FORECAST, rollout: { prod } }]);
  await site.rollout().toEnd();
  expect(site.shares.map(([minute]) => minute)).toEqual([0, 90]);
  site.world.values.variables.wait = 'long';
  await expect(site.deploy('r2', [{ ...FORECAST, rollout: { prod } }])).rejects.toThrow('wait_in_minutes: ');
});

test('the rollout of the file decides: the default counts where the environment has none', async () => {
  const site = rolloutWorld();
  const { default: steps } = ROLLOUT;
  await site.deploy('r1', [{ ...FORECAST, rollout: { default: steps } }]);
  expect(ending(await site.rollout().toEnd())).toBe('done');
  expect(site.shares).toEqual([[0, 'forecast', 100]]);
});
