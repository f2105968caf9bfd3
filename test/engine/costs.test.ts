import { describe, expect, test } from '@jest/globals';
import type { Pipeline } from '../../shared/release/pipeline.ts';
import {
  pipeline,
  remoteStep,
  stage,
  step,
  threeEnvironments,
  twoEnvironments,
} from '../release/pipelines.ts';
import type { CallName } from './simulator/faults.ts';
import { play } from './simulator/play.ts';
import { PROJECT, scenario } from './simulator/scenario.ts';

/** What one release costs. A step run is one execution of a step: a plan, an apply, or a look at something remote. */
interface Costs {
  readonly stepRuns: number;
  readonly loads: number;
  readonly commits: number;
  readonly lostRaces: number;
  readonly clears: number;
  readonly sends: number;
  readonly settles: number;
  readonly executions: number;
}

async function costsOf(table: Pipeline): Promise<Costs> {
  const { world } = await play(scenario({ pipeline: table }));
  const events = [...world.store.partition(PROJECT).events.values()];
  const count = (name: CallName) => world.calls.filter((call) => call.name === name).length;
  return {
    stepRuns: events.filter(({ event }) => event.type === 'step-claimed').length,
    loads: count('store.load'),
    commits: count('store.commit'),
    lostRaces: world.races.lost,
    clears: count('store.clear'),
    sends: count('bus.send'),
    settles: count('bus.complete'),
    executions: world.executions,
  };
}

/** Puts in a row, which cannot race with each other. */
function row(length: number): Pipeline {
  const steps = Array.from({ length }, (_, index) =>
    step(`step-${index}`, { plans: false, after: index === 0 ? [] : [`step-${index - 1}`] }),
  );
  return pipeline([stage('staging', { steps })]);
}

/** Durable Functions: nine storage operations and two executions an activity, by count of its own traffic. */
const DURABLE = { storage: 9, executions: 2 };

test('one more step run costs a load, two commits, a clear, a send, a settle and an execution', async () => {
  const [four, five] = [await costsOf(row(4)), await costsOf(row(5))];
  const more = Object.fromEntries(
    (Object.keys(four) as (keyof Costs)[]).map((name) => [name, five[name] - four[name]]),
  );
  const table = { loads: 1, commits: 2, lostRaces: 0, clears: 1 };
  expect(more).toEqual({ stepRuns: 1, ...table, sends: 1, settles: 1, executions: 1 });
  expect(table.loads + table.commits + table.clears).toBeLessThan(DURABLE.storage);
});

describe('a release costs less than with Durable Functions', () => {
  test.each([
    ['two environments', twoEnvironments()],
    ['three environments', threeEnvironments()],
    ['one remote run', pipeline([stage('staging', { steps: [remoteStep('tests')] })])],
  ])('of %s', async (name, table) => {
    const costs = await costsOf(table);
    const { stepRuns, loads, commits, lostRaces, clears, sends, settles, executions } = costs;
    const storage = loads + commits + clears;
    console.log(
      `${name}: ${stepRuns} step runs, ${executions} executions; ${storage} table operations: ${loads} loads, ` +
        `${commits} commits (${lostRaces} lost races), ${clears} clears; ${sends} sends, ${settles} settles`,
    );
    expect(storage).toBeLessThan(DURABLE.storage * stepRuns);
    expect(executions).toBeLessThanOrEqual(DURABLE.executions * stepRuns);
    expect(settles).toBe(executions);
    // What is not settled when the run ends are wake-ups for later times, at most one a stage.
    expect(sends - settles).toBeLessThanOrEqual(table.stages.length);
  });
});
