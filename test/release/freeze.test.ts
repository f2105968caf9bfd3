import { describe, expect, test } from '@jest/globals';
import { freezeInForce } from '../../shared/release/freeze.ts';
import { newEnvironment } from '../../shared/release/model.ts';
import type { WeeklyFreeze } from '../../shared/release/pipeline.ts';
import { Driver, MINUTE, NINE, RILEY } from './driver.ts';
import { pipeline, remoteStep, stage } from './pipelines.ts';

const DAY = 24 * 60 * MINUTE;
/** Monday, midnight. */
const MONDAY = NINE - 9 * 60 * MINUTE;
const FRIDAY_18 = 4 * 24 * 60 + 18 * 60;

/** Until when a weekly window lasts that is in force then; null: none is. */
function untilAt(window: Omit<WeeklyFreeze, 'why'>, at: number): number | null {
  const rules = {
    name: 'production',
    policy: 'latest',
    freezeWindows: [{ ...window, why: 'weekly' }],
  } as const;
  return freezeInForce(newEnvironment('production'), rules, at)?.until ?? null;
}

describe('a weekly window', () => {
  const weekend = { from: FRIDAY_18, to: 6 * 60 };
  const lunch = { from: 12 * 60, to: 13 * 60 };

  test.each([
    ['before it begins', lunch, MONDAY + 12 * 60 * MINUTE - 1, null],
    ['at its first instant', lunch, MONDAY + 12 * 60 * MINUTE, MONDAY + 13 * 60 * MINUTE],
    ['at its last instant', lunch, MONDAY + 13 * 60 * MINUTE - 1, MONDAY + 13 * 60 * MINUTE],
    ['at its end', lunch, MONDAY + 13 * 60 * MINUTE, null],
    ['on another day', lunch, MONDAY + DAY + 12 * 60 * MINUTE, null],
    ['a week later', lunch, MONDAY + 7 * DAY + 12 * 60 * MINUTE, MONDAY + 7 * DAY + 13 * 60 * MINUTE],
    [
      'on Saturday, when it goes over Sunday night',
      weekend,
      MONDAY + 5 * DAY,
      MONDAY + 7 * DAY + 6 * 60 * MINUTE,
    ],
    ['on Monday before six', weekend, MONDAY + 5 * 60 * MINUTE, MONDAY + 6 * 60 * MINUTE],
    ['on Monday at six', weekend, MONDAY + 6 * 60 * MINUTE, null],
    [
      'in a year before 1970',
      lunch,
      -3 * DAY + 12 * 60 * MINUTE - 7 * DAY,
      -3 * DAY + 13 * 60 * MINUTE - 7 * DAY,
    ],
    ['that is as long as nothing', { from: 60, to: 60 }, MONDAY + 60 * MINUTE, null],
  ])('%s', (_when, window, at, until) => {
    expect(untilAt(window, at)).toBe(until);
  });
});

describe('a freeze that a person has set', () => {
  const freeze = { id: 'fair', from: NINE, to: NINE + 10 * MINUTE, why: 'fair', by: RILEY };
  const rules = { name: 'production', policy: 'latest', freezeWindows: [] } as const;

  test.each([
    [NINE - 1, null],
    [NINE, NINE + 10 * MINUTE],
    [NINE + 10 * MINUTE - 1, NINE + 10 * MINUTE],
    [NINE + 10 * MINUTE, null],
  ])('at %i lasts until %p', (at, until) => {
    const environment = { ...newEnvironment('production'), freezes: [freeze] };
    expect(freezeInForce(environment, rules, at)?.until ?? null).toBe(until);
  });

  test('gives way to another that lasts longer', () => {
    const longer = { ...freeze, id: 'storm', to: NINE + 20 * MINUTE, why: 'storm' };
    const environment = { ...newEnvironment('production'), freezes: [longer, freeze] };
    expect(freezeInForce(environment, rules, NINE)).toEqual({ until: NINE + 20 * MINUTE, why: 'storm' });
  });
});

/** Freezes the environment for ten minutes, before anything is asked for. */
function frozen(): Driver {
  const driver = new Driver();
  const freeze = { id: 'fair', from: NINE, to: NINE + 10 * MINUTE, why: 'fair', by: RILEY };
  driver.tellEnvironment('staging', { type: 'freeze-set', at: NINE, ...freeze });
  return driver;
}

describe('in a frozen environment', () => {
  test('a stage is planned but not applied', () => {
    const driver = frozen();
    driver.request(pipeline([stage('staging')]));
    driver.work();
    expect(driver.statuses()).toBe('staging waiting-for-environment');
    driver.at = NINE + 3 * MINUTE;
    for (const { at } of driver.open('wake-run')) driver.tell('release-1', { type: 'time-passed', wake: at });
    expect(driver.open('wake-run').map(({ at }) => at)).toContain(NINE + 10 * MINUTE);
  });

  test('a run that was told to go through with it is applied', () => {
    const driver = frozen();
    driver.request(pipeline([stage('staging')]), { overridesFreeze: true });
    driver.work();
    expect(driver.run().status).toBe('succeeded');
  });

  test('a stage goes on at the end of the freeze', () => {
    const driver = frozen();
    driver.request(pipeline([stage('staging')]));
    driver.work();
    driver.at = NINE + 10 * MINUTE;
    driver.tell('release-1', { type: 'time-passed', wake: null });
    driver.work();
    expect(driver.run().status).toBe('succeeded');
  });

  test('a stage goes on when the freeze is lifted', () => {
    const driver = frozen();
    driver.request(pipeline([stage('staging')]));
    driver.work();
    driver.tellEnvironment('staging', {
      type: 'freeze-lifted',
      at: NINE,
      id: 'fair',
      why: 'rain',
      by: RILEY,
    });
    driver.work();
    expect(driver.run().status).toBe('succeeded');
  });

  test('a stage steps back that was allowed to begin but had not begun', () => {
    const driver = new Driver();
    driver.request(pipeline([stage('staging')]));
    driver.finish('staging', 'deploy', driver.planned({ stage: 'staging', step: 'deploy', claim: 1 }));
    expect(driver.statuses()).toBe('staging applying');
    const freeze = { id: 'fair', from: NINE, to: NINE + 10 * MINUTE, why: 'fair', by: RILEY };
    driver.tellEnvironment('staging', { type: 'freeze-set', at: NINE, ...freeze });
    driver.claim('staging', 'deploy');
    expect(driver.statuses()).toBe('staging waiting-for-environment');
    expect(driver.environment('staging').lock).toBeNull();
  });

  test('a stage that had begun is finished', () => {
    const driver = new Driver();
    driver.request(pipeline([stage('staging', { steps: [...stage('x').steps, remoteStep('tests')] })]));
    driver.finish('staging', 'deploy', driver.planned({ stage: 'staging', step: 'deploy', claim: 1 }));
    driver.claim('staging', 'deploy');
    const freeze = { id: 'fair', from: NINE, to: NINE + 10 * MINUTE, why: 'fair', by: RILEY };
    driver.tellEnvironment('staging', { type: 'freeze-set', at: NINE, ...freeze });
    driver.tell('release-1', {
      type: 'step-succeeded',
      stage: 'staging',
      step: 'deploy',
      claim: 2,
      output: {},
    });
    driver.work();
    expect(driver.run().status).toBe('succeeded');
  });
});

describe('what people do to freezes and holds', () => {
  test.each([
    [
      { type: 'freeze-set', at: NINE, id: 'f', from: NINE, to: NINE, why: '', by: RILEY },
      'the freeze would end before it begins',
    ],
    [{ type: 'freeze-lifted', at: NINE, id: 'f', why: '', by: RILEY }, 'there is no freeze f'],
    [{ type: 'hold-lifted', at: NINE, why: '', by: RILEY }, 'the environment is not on hold'],
  ] as const)('%o changes nothing', (event, why) => {
    expect(new Driver().tellEnvironment('staging', event)).toBe(why);
  });

  test('a freeze that is set again has its new times only', () => {
    const driver = frozen();
    const again = { id: 'fair', from: NINE + MINUTE, to: NINE + 2 * MINUTE, why: 'fair', by: RILEY };
    driver.tellEnvironment('staging', { type: 'freeze-set', at: NINE, ...again });
    expect(driver.environment('staging').freezes).toEqual([again]);
  });
});
