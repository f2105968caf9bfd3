import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { StepOutcome } from '../../shared/steps/step.ts';
import { FORECAST, shareOf } from './app-configuration-world.ts';
import type { Rollout, RolloutWorld } from './rollout-world.ts';
import { rolloutWorld } from './rollout-world.ts';

const JOB = 'parking-sensors-load';
const DAYS = [{ percentage: 10, wait_in_minutes: 10_000 }, { percentage: 100 }];
const SLOW = { ...FORECAST, rollout: { prod: DAYS }, stop_when_runs_fail: [JOB] };

let site: RolloutWorld;

beforeEach(async () => {
  site = rolloutWorld();
  await site.makeJob(JOB);
  await site.deploy('r1', [SLOW]);
});
afterEach(() => expect(site.workspace.violations()).toEqual([]));

/** Requests to the workspace for a look. */
async function requestsOf(rollout: Rollout): Promise<number> {
  const before = site.workspace.log.count();
  await rollout.look();
  return site.workspace.log.count() - before;
}

/** Looks until the rollout waits for its usual time again, and gives the requests of each look. */
async function catchUp(rollout: Rollout): Promise<number[]> {
  const requests: number[] = [];
  for (let looks = 0; looks < 20; looks += 1) {
    const before = site.workspace.log.count();
    const outcome = await rollout.look();
    requests.push(site.workspace.log.count() - before);
    if (!('waiting' in outcome) || outcome.waiting.until - site.world.clock.now() > 60_000) break;
    await site.pass(1);
  }
  return requests;
}

const why = (outcome: StepOutcome) => ('refused' in outcome ? outcome.refused : Object.keys(outcome)[0]);

describe('a job that has run thousands of times since the rollout began', () => {
  test('costs a look no more than one that has run a few times', async () => {
    const rollout = site.rollout();
    await rollout.look();
    for (let looks = 0; looks < 100; looks += 1) {
      await site.runOften(JOB, 20);
      expect(await requestsOf(rollout)).toBeLessThanOrEqual(4);
    }
  });

  test('is looked at in parts by a run that takes the rollout over, and all of it', async () => {
    await site.runJob(JOB, 'FAILED', 24 * 60);
    await site.runOften(JOB, 1_200);
    site.world.run = 'r2';
    const newer = site.rollout();
    await newer.look();
    const requests = await catchUp(newer);
    expect(Math.max(...requests)).toBeLessThanOrEqual(42);
    expect(requests.length).toBeGreaterThan(2);
    await site.runOften(JOB, 20);
    expect(await requestsOf(newer)).toBeLessThanOrEqual(4);
    await site.pass(24 * 60);
    expect(why(await newer.toEnd())).toMatch(
      /^The rollout was stopped\. forecast at 10 %: run \d+ of the job/,
    );
    expect(shareOf(site, 'forecast')).toBe('none');
  });

  test('stops the rollout by a run that began long ago, whenever that fails', async () => {
    const rollout = site.rollout();
    await rollout.look();
    await site.runJob(JOB, 'FAILED', 300);
    for (let looks = 0; looks < 4; looks += 1) {
      await site.runOften(JOB, 200);
      expect(await requestsOf(rollout)).toBeLessThanOrEqual(12);
    }
    await site.pass(200);
    expect(why(await rollout.toEnd())).toContain('The rollout was stopped.');
  });
});

test('a rollout that began under an older Slipway is watched on', async () => {
  const rollout = site.rollout();
  await rollout.look();
  await site.runJob(JOB, 'FAILED');
  rollout.changeMemo(({ watches: _watches, ...memo }) => memo);
  expect(why(await rollout.toEnd())).toContain('The rollout was stopped.');
});
