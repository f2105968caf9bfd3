import { ONE_APPROVAL, pipeline, remoteStep, stage, step, twoEnvironments } from '../../release/pipelines.ts';
import type { Sabotage } from '../simulator/app.ts';
import type { Fault } from '../simulator/faults.ts';
import { play } from '../simulator/play.ts';
import type { Scenario } from '../simulator/scenario.ts';
import { OPERATOR, scenario } from '../simulator/scenario.ts';
import { START_AT } from '../simulator/world.ts';
import { singles } from './schedules.ts';
import type { Measure } from './sweep.ts';
import { check, measureOf } from './sweep.ts';

const MINUTE = 60_000;
/** A prime: each step of it leads to another call. */
const STRIDE = 389;
/** Whoever hangs for longer than a gate stays open hangs for good. */
const LIMIT_IN_MS = 26 * 60 * MINUTE;

const FREEZE = {
  type: 'freeze-set',
  id: 'f',
  from: START_AT + 10_000,
  to: START_AT + 20 * MINUTE,
  why: 'fair',
  by: OPERATOR,
};
const TESTS = {
  stage: 'production',
  step: 'smoke',
  release: 'build-2',
  how: 'refuses',
  mendedAfterInMs: null,
} as const;

/** Something that cannot be stopped once it is started, and what comes after it. */
const CHAIN = [
  step('infrastructure'),
  remoteStep('deployment', { phase: 'apply', cancels: false, after: ['infrastructure'] }),
  step('notebooks', { after: ['deployment'] }),
];

/** Scenarios in which each of the promises is put to the test; all without surprises for the engine as it is. */
export const TRIALS: readonly { readonly name: string; readonly scenario: Scenario }[] = [
  { name: 'one release', scenario: scenario({ pipeline: twoEnvironments() }) },
  {
    name: 'three releases',
    scenario: scenario({
      pipeline: twoEnvironments(),
      runs: ['release-1', 'release-2', 'release-3'],
      gapInMs: 3_000,
    }),
  },
  {
    name: 'a release cancelled at work',
    scenario: scenario({
      pipeline: pipeline([stage('staging', { steps: CHAIN })]),
      deeds: [
        { afterInMs: 10_000, run: 'release-1', event: { type: 'cancel-requested', by: OPERATOR, why: 'no' } },
      ],
    }),
  },
  {
    name: 'a freeze before the approval',
    scenario: scenario({
      pipeline: twoEnvironments(),
      deeds: [{ afterInMs: 10_000, environment: 'staging', event: FREEZE }],
    }),
  },
  {
    name: 'a failed test, rolled back',
    scenario: scenario({
      pipeline: twoEnvironments(),
      runs: ['release-1', 'release-2'],
      gapInMs: 5 * MINUTE,
      behaviour: [TESTS],
    }),
  },
  {
    name: 'a failed test beside one that passes, retried',
    scenario: scenario({
      pipeline: pipeline([
        stage('staging', {
          gate: ONE_APPROVAL,
          steps: [step('deploy'), remoteStep('api'), remoteStep('data')],
        }),
      ]),
      behaviour: [
        { stage: 'staging', step: 'data', release: null, how: 'refuses', mendedAfterInMs: 2.5 * MINUTE },
      ],
      retries: 1,
    }),
  },
];

/** What came of trying an engine. */
export interface Trial {
  readonly histories: number;
  /** Numbers of the invariants that did not hold, in the first history in which one did not; empty: none. */
  readonly caughtBy: readonly string[];
  readonly scenario: string;
  readonly faults: readonly Fault[];
}

/**
 * Plays every scenario without faults, then `aimedAt` with single faults, until the invariant `wanted` does not hold;
 * with `wanted` null, until any does not.
 */
export async function tryOut(
  sabotage: Sabotage | undefined,
  {
    wanted,
    aimedAt,
    most,
  }: { readonly wanted: string | null; readonly aimedAt: string; readonly most: number },
): Promise<Trial> {
  let histories = 0;
  for (const { name, scenario: what, schedules } of await pieces(aimedAt, most)) {
    for (const faults of schedules) {
      histories += 1;
      const how = { faults, sabotage, seed: 1, limitInMs: LIMIT_IN_MS };
      const found = await check(what, how, await measured(what));
      const caughtBy = [...new Set(found.map((line) => line.slice(0, line.indexOf(' '))))];
      const isCaught = wanted === null ? caughtBy.length > 0 : caughtBy.includes(wanted);
      if (isCaught) return { histories, caughtBy, scenario: name, faults };
    }
  }
  return { histories, caughtBy: [], scenario: '', faults: [] };
}

interface Piece {
  readonly name: string;
  readonly scenario: Scenario;
  readonly schedules: readonly (readonly Fault[])[];
}

/** Every scenario as it is, then one with single faults, in an order that soon comes to every kind of call. */
async function pieces(aimedAt: string, most: number): Promise<Piece[]> {
  const found: Piece[] = TRIALS.map((trial) => ({ ...trial, schedules: [[]] }));
  for (const trial of TRIALS.filter(({ name }) => name === aimedAt)) {
    const all = singles((await play(trial.scenario)).world.calls);
    const mixed = all.map((_, index) => all[(index * STRIDE) % all.length] ?? []);
    found.push({ ...trial, schedules: mixed.slice(0, most) });
  }
  return found;
}

const measures = new Map<Scenario, Measure>();

/** What the scenario takes when nothing goes wrong with the engine as it is. */
async function measured(what: Scenario): Promise<Measure> {
  const known = measures.get(what) ?? measureOf(await play(what), 3);
  measures.set(what, known);
  return known;
}
