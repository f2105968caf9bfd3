import type { Sabotage } from '../simulator/app.ts';
import type { Fault } from '../simulator/faults.ts';
import { violations } from '../simulator/invariants/violations.ts';
import type { History } from '../simulator/play.ts';
import { play } from '../simulator/play.ts';
import type { Scenario } from '../simulator/scenario.ts';
import { START_AT } from '../simulator/world.ts';
import { mutantNamed } from './mutants.ts';
import type { SweepOptions } from './options.ts';
import { faultsText, readFaults } from './options.ts';
import {
  HISTORIES_A_SCENARIO,
  mixed,
  pairs,
  plainScenario,
  randomFaults,
  scenarioOfBlock,
  singles,
} from './schedules.ts';

/** A history in which an invariant does not hold, and how to play it again. */
export interface Finding {
  readonly violations: readonly string[];
  readonly faults: string;
  readonly replay: string;
}

/** What a sweep, or one process's part of it, came to. */
export interface SweepResult {
  readonly histories: number;
  readonly findings: readonly Finding[];
}

/** Which share of a sweep to do: every `parts`-th piece, beginning with `part`. */
export interface Share {
  readonly part: number;
  readonly parts: number;
  readonly progress?: (histories: number, all: number) => void;
}

/** Plays a sweep's histories and measures each against the invariants. */
export function sweep(options: SweepOptions, share: Share): Promise<SweepResult> {
  return options.mode === 'random' ? sweepRandom(options, share) : sweepPlain(options, share);
}

/** The history without faults that others are measured against. */
export interface Measure {
  readonly calls: number;
  readonly lastsInMs: number;
  readonly callsAFault: number;
}

/** Three for a fault on its own. Several may hit many steps at once, and push a run into a freeze. */
const CALLS_A_FAULT = 3;
const CALLS_OF_SEVERAL = 100;

export function measureOf({ world, runs }: History, callsAFault: number): Measure {
  const lasts = runs.map(({ endedAt }) => (endedAt ?? world.clock.now()) - START_AT);
  return { calls: world.calls.length, lastsInMs: Math.max(0, ...lasts), callsAFault };
}

async function sweepPlain(options: SweepOptions, share: Share): Promise<SweepResult> {
  const sabotage = sabotageOf(options);
  const findings: Finding[] = [];
  let histories = 0;
  for (const timer of options.timers ?? [false]) {
    const scenario = plainScenario(options, timer);
    const base = await play(scenario, { sabotage });
    const faultFree = measureOf(base, options.mode === 'singles' ? CALLS_A_FAULT : CALLS_OF_SEVERAL);
    const schedules = [[], ...(options.mode === 'pairs' ? pairs : singles)(base.world.calls)];
    const chosen = options.only === null ? schedules : [readFaults(options.only)];
    for (const [index, faults] of chosen.entries()) {
      if (index % share.parts !== share.part) continue;
      const found = await check(scenario, { faults, sabotage, seed: 1 }, faultFree);
      if (found.length > 0)
        findings.push({ violations: found, ...replayOf({ ...options, timers: [timer] }, faults) });
      histories += 1;
      share.progress?.(histories, Math.ceil(chosen.length / share.parts));
    }
  }
  return { histories, findings };
}

async function sweepRandom(options: SweepOptions, share: Share): Promise<SweepResult> {
  const sabotage = sabotageOf(options);
  const findings: Finding[] = [];
  let histories = 0;
  for (const { block, numbers } of blocksOf(options)) {
    if (block % share.parts !== share.part) continue;
    const scenario = scenarioOfBlock(options, block);
    const seed = mixed(options.seed, block);
    const base = await play(scenario, { sabotage, seed });
    const faultFree = measureOf(base, CALLS_OF_SEVERAL);
    for (const number of numbers) {
      const isBase = number % HISTORIES_A_SCENARIO === 0;
      const faults = isBase ? [] : randomFaults(options.seed, number, faultFree.calls);
      const history = isBase ? base : await play(scenario, { faults, sabotage, seed: seed + number });
      const found = problemsOf(history, scenario, { faults: faults.length, faultFree });
      if (found.length > 0) findings.push({ violations: found, ...replayOf(options, faults, number) });
      histories += 1;
      share.progress?.(histories, Math.ceil(options.histories / share.parts));
    }
  }
  return { histories, findings };
}

function* blocksOf({ histories, only }: SweepOptions): Generator<{ block: number; numbers: number[] }> {
  if (only !== null)
    return yield { block: Math.floor(Number(only) / HISTORIES_A_SCENARIO), numbers: [Number(only)] };
  for (let from = 0; from < histories; from += HISTORIES_A_SCENARIO) {
    const length = Math.min(HISTORIES_A_SCENARIO, histories - from);
    yield { block: from / HISTORIES_A_SCENARIO, numbers: Array.from({ length }, (_, index) => from + index) };
  }
}

/** Plays one history and measures it. */
export async function check(
  scenario: Scenario,
  how: {
    readonly faults: readonly Fault[];
    readonly sabotage?: Sabotage | undefined;
    readonly seed: number;
    readonly limitInMs?: number;
  },
  faultFree: Measure,
): Promise<string[]> {
  return problemsOf(await play(scenario, how), scenario, { faults: how.faults.length, faultFree });
}

function problemsOf(
  history: History,
  scenario: Scenario,
  { faults, faultFree }: { readonly faults: number; readonly faultFree: Measure },
): string[] {
  return violations(history, {
    scenario,
    faults,
    faultFree,
    callsAFault: faultFree.callsAFault,
  });
}

function sabotageOf({ mutant }: SweepOptions): Sabotage | undefined {
  return mutant === null ? undefined : mutantNamed(mutant).sabotage;
}

function replayOf(
  { mode, seed, pipeline, timers, mutant }: SweepOptions,
  faults: readonly Fault[],
  number = 0,
): Pick<Finding, 'faults' | 'replay'> {
  const text = faultsText(faults);
  const mutantOption = mutant === null ? '' : ` --mutant ${mutant}`;
  const timer = timers?.length === 1 ? ` --timer ${timers[0] ? 'on' : 'off'}` : '';
  const which =
    mode === 'random' ? `--random 1 --seed ${seed} --only ${number}` : `--${mode} --only '${text}'`;
  return { faults: text, replay: `npm run sweep -- ${which} --pipeline ${pipeline}${timer}${mutantOption}` };
}
