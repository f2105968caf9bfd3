import { describe, expect, test } from '@jest/globals';
import { pipeline, stage, step, twoEnvironments } from '../release/pipelines.ts';
import { violations } from './simulator/invariants/violations.ts';
import type { History } from './simulator/play.ts';
import { play } from './simulator/play.ts';
import type { Scenario } from './simulator/scenario.ts';
import { scenario } from './simulator/scenario.ts';
import { measureOf } from './sweep/sweep.ts';

const TEN = Array.from({ length: 10 }, (_, index) => `release-${index + 1}`);

function problems(history: History, what: Scenario): string[] {
  return violations(history, { scenario: what, faults: 0, faultFree: measureOf(history, 0), callsAFault: 0 });
}

/** In which order runs did something to the environment. */
function orderIn({ outside }: History, environment: string): string[] {
  const runs = outside.effects.filter((effect) => effect.environment === environment).map(({ run }) => run);
  return runs.filter((run, index) => run !== runs[index - 1]);
}

/** Commits that lost a race, and all of them. */
function racesOf({ world }: History): { readonly lost: number; readonly commits: number } {
  const commits = world.calls.filter(({ name }) => name === 'store.commit').length;
  return { lost: world.races.lost, commits };
}

describe('ten runs of one project at once', () => {
  test('all end, one after the other in each environment', async () => {
    const what = scenario({ pipeline: twoEnvironments(), runs: TEN });
    const history = await play(what);
    expect(problems(history, what)).toEqual([]);
    expect(history.runs.map(({ status }) => status)).toEqual(TEN.map(() => 'succeeded'));
    for (const environment of ['staging', 'production']) {
      expect(orderIn(history, environment)).toHaveLength(TEN.length);
    }
  });

  test('lose fewer races than they win', async () => {
    const history = await play(scenario({ pipeline: twoEnvironments(), runs: TEN }));
    const { lost, commits } = racesOf(history);
    console.log(`ten runs of one project: ${lost} of ${commits} commits lost a race`);
    expect(lost / commits).toBeLessThan(0.5);
    expect(Math.max(...racesByInvocation(history))).toBeLessThanOrEqual(8);
  });

  test('end with the newest release live where older ones are retired', async () => {
    const table = pipeline([stage('production', { steps: [step('deploy')] })], 'latest');
    const what = scenario({ pipeline: table, runs: TEN });
    const history = await play(what);
    expect(problems(history, what)).toEqual([]);
    expect((await history.world.store.environments('parking-sensors'))[0]?.live?.release).toBe('build-10');
  });
});

/** How many races each execution of a function lost. */
function racesByInvocation({ world }: History): number[] {
  const lost = new Map<string, number>();
  for (const { text, invocation } of world.log) {
    if (text.startsWith('lost a race')) lost.set(invocation, (lost.get(invocation) ?? 0) + 1);
  }
  return [0, ...lost.values()];
}

test('ten projects at once do not get into each other’s way', async () => {
  const projects = Array.from({ length: 10 }, (_, index) => `project-${index + 1}`);
  const what = scenario({ pipeline: twoEnvironments(), projects });
  const history = await play(what);
  expect(problems(history, what)).toEqual([]);
  expect(history.runs).toHaveLength(10);
  const alone = racesOf(await play(scenario({ pipeline: twoEnvironments() })));
  const together = racesOf(history);
  console.log(
    `ten projects: ${together.lost} of ${together.commits} commits lost a race; one alone: ${alone.lost} of ${alone.commits}`,
  );
  expect(together.lost).toBeLessThanOrEqual(10 * (alone.lost + 8));
});
