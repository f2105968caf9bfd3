import { describe, expect, test } from '@jest/globals';
import { explain } from '../../shared/release/explain.ts';
import { ALEX, Driver, MINUTE, NINE, RILEY } from './driver.ts';
import { ONE_APPROVAL, pipeline, remoteStep, stage } from './pipelines.ts';

const ABOUT = { stage: 'staging', step: 'deploy', claim: 0 } as const;

/** What a run waits for, as it is told to people. */
function obstacles(driver: Driver, id = 'release-1') {
  return explain(driver.run(id), driver.environments, driver.at);
}

function requested(change = {}): Driver {
  const driver = new Driver();
  driver.request(pipeline([stage('staging', change)]));
  return driver;
}

/** One build at work, a second and a third that wait for it. */
function queue(): Driver {
  const driver = requested();
  for (const order of [1, 2, 3]) {
    const id = `release-${order}`;
    if (order > 1)
      driver.request(pipeline([stage('staging')]), { release: { name: `build-${order}`, order } });
    driver.finish('staging', 'deploy', driver.planned({ ...ABOUT, claim: 1 }, id), id);
    if (order === 1) driver.claim('staging', 'deploy');
  }
  return driver;
}

describe('a run says what it waits for', () => {
  test('a free function', () => {
    expect(obstacles(requested())).toEqual([
      {
        stage: 'staging',
        blockedBy: 'put step deploy is in the queue',
        unblockedBy: 'a free function',
        until: null,
      },
    ]);
  });

  test('the result of a step', () => {
    const driver = requested();
    driver.claim('staging', 'deploy');
    expect(obstacles(driver)).toEqual([
      {
        stage: 'staging',
        blockedBy: 'put step deploy runs (claim 1)',
        unblockedBy: 'its result, or the end of its lease',
        until: NINE + 150_000,
      },
    ]);
  });

  test('the next attempt', () => {
    const driver = requested();
    driver.finish('staging', 'deploy', { type: 'step-failed', error: 'throttled', ...ABOUT });
    expect(obstacles(driver)).toEqual([
      {
        stage: 'staging',
        blockedBy: 'put step deploy failed: throttled',
        unblockedBy: 'attempt 2 then',
        until: driver.step('staging', 'deploy').dueAt,
      },
    ]);
  });

  test('what it has started outside', () => {
    const driver = requested({ steps: [remoteStep('tests')] });
    driver.finish('staging', 'tests', { type: 'step-waited', until: NINE + 20_000, memo: 'r', ...ABOUT });
    expect(obstacles(driver)[0]).toMatchObject({
      blockedBy: 'remote step tests waits for what it started',
      until: NINE + 20_000,
    });
  });

  test('approvals, of whom, and until when', () => {
    const driver = requested({ gate: { ...ONE_APPROVAL, approvals: 2, approvers: ['alex', 'sam'] } });
    driver.work();
    const hash = driver.stage('staging').plan?.hash.slice(0, 12);
    const expected = {
      stage: 'staging',
      unblockedBy: 'an approval by alex, sam; without one the stage times out',
      until: NINE + 24 * 60 * MINUTE,
    };
    expect(obstacles(driver)).toEqual([{ ...expected, blockedBy: `2 approvals of plan ${hash} missing` }]);
    driver.approve('staging', 'release-1', ALEX);
    expect(obstacles(driver)).toEqual([{ ...expected, blockedBy: `1 approval of plan ${hash} missing` }]);
  });

  test('the run that holds the environment', () => {
    expect(obstacles(queue(), 'release-2')).toEqual([
      {
        stage: 'staging',
        blockedBy: 'staging is held by run release-1 (staging)',
        unblockedBy: 'the end of run release-1 there',
        until: null,
      },
    ]);
  });

  test('the message that the environment is free', () => {
    const driver = queue();
    driver.tell('release-1', { type: 'step-succeeded', ...ABOUT, claim: 2, output: {} });
    expect(obstacles(driver, 'release-2')[0]?.blockedBy).toBe('the message about staging under way');
  });

  test('the end of a freeze', () => {
    const driver = requested();
    const freeze = { id: 'f', from: NINE, to: NINE + MINUTE, why: 'a fair', by: RILEY };
    driver.tellEnvironment('staging', { type: 'freeze-set', at: NINE, ...freeze });
    driver.work();
    expect(obstacles(driver)[0]).toMatchObject({
      blockedBy: 'staging is frozen: a fair',
      until: NINE + MINUTE,
    });
  });

  test('a person who lifts the hold', () => {
    const driver = requested();
    const hold = { why: 'tests of build-0 failed', run: 'release-0', at: NINE };
    driver.environments.set('staging', { ...driver.environment('staging'), hold });
    driver.work();
    expect(obstacles(driver)[0]).toMatchObject({
      blockedBy: 'staging is on hold: tests of build-0 failed',
      unblockedBy: 'a person who lifts the hold',
    });
  });

  test('nothing, when it is over', () => {
    const driver = requested();
    driver.work();
    expect(obstacles(driver)).toEqual([]);
  });
});
