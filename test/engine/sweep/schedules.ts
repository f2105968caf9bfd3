import type { Pipeline } from '../../../shared/release/pipeline.ts';
import { threeEnvironments, twoEnvironments } from '../../release/pipelines.ts';
import type { Fault, FaultKind } from '../simulator/faults.ts';
import { FAULT_KINDS, kindsAt } from '../simulator/faults.ts';
import { Random } from '../simulator/random.ts';
import { randomScenario } from '../simulator/random-scenario.ts';
import type { Scenario } from '../simulator/scenario.ts';
import { scenario } from '../simulator/scenario.ts';
import type { Call } from '../simulator/world.ts';
import type { SweepOptions } from './options.ts';

/** Random histories that share one scenario, and with it the history without faults that they are measured against. */
export const HISTORIES_A_SCENARIO = 10;
const MOST_FAULTS = 8;
/** How far apart the two faults of a pair are at most, in calls. */
export const PAIR_REACH = 12;

export function fixedPipeline(options: SweepOptions): Pipeline | null {
  if (options.pipeline === 'random') return null;
  return options.pipeline === 'small' ? twoEnvironments() : threeEnvironments();
}

/** One release without troubles: the scenario of single faults and of pairs. */
export function plainScenario(options: SweepOptions, timer: boolean): Scenario {
  return scenario({ pipeline: fixedPipeline(options) ?? twoEnvironments(), timer });
}

/** Every fault at every call. */
export function singles(calls: readonly Call[]): Fault[][] {
  return calls.flatMap(({ number, name }) => kindsAt(name).map((kind) => [{ call: number, kind }]));
}

/**
 * Two faults within reach of each other. The calls after a fault differ from those of the history without it, so
 * the second fault may be any of the kinds that mean something at most calls.
 */
export function pairs(calls: readonly Call[]): Fault[][] {
  const found: Fault[][] = [];
  for (const [first] of singles(calls)) {
    if (first === undefined) continue;
    for (let distance = 1; distance <= PAIR_REACH; distance += 1) {
      for (const kind of SECOND_KINDS) found.push([first, { call: first.call + distance, kind }]);
    }
  }
  return found;
}

const SECOND_KINDS: readonly FaultKind[] = ['crash-before', 'crash-after', 'server-error', 'timeout-after'];

/** The scenario of a block of random histories. */
export function scenarioOfBlock(options: SweepOptions, block: number): Scenario {
  const random = new Random(mixed(options.seed, block));
  const made = randomScenario(random, fixedPipeline(options));
  const [timer] = options.timers?.length === 1 ? options.timers : [];
  return timer === undefined ? made : { ...made, timer };
}

/** One to eight faults anywhere in a history, a little beyond its usual end included. */
export function randomFaults(seed: number, history: number, calls: number): Fault[] {
  const random = new Random(mixed(seed + 0x5bd1, history));
  const faults = new Map<number, FaultKind>();
  for (let left = random.between(1, MOST_FAULTS); left > 0; left -= 1) {
    faults.set(random.between(1, Math.ceil(calls * 1.1)), random.pick(FAULT_KINDS));
  }
  return [...faults].sort(([left], [right]) => left - right).map(([call, kind]) => ({ call, kind }));
}

/** Two numbers into one seed, so that neighbours have nothing in common. */
export function mixed(seed: number, number: number): number {
  let hash = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(number + 1, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 12)) >>> 0;
}
