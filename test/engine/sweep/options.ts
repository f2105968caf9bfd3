import { parseArgs } from 'node:util';
import type { Fault } from '../simulator/faults.ts';
import { FAULT_KINDS } from '../simulator/faults.ts';

export type PipelineChoice = 'small' | 'large' | 'random';

/** What to sweep. */
export interface SweepOptions {
  readonly mode: 'singles' | 'pairs' | 'random';
  /** Random histories in all. */
  readonly histories: number;
  readonly seed: number;
  readonly pipeline: PipelineChoice;
  /** Whether the safety net's timer runs; random histories draw it, unless told. */
  readonly timers: readonly boolean[] | null;
  /** Name of a mutant: an engine with one seeded defect. */
  readonly mutant: string | null;
  /** Just this history: faults as `12:crash-after,40:delay`, or the number of a random one. */
  readonly only: string | null;
}

export const USAGE = `npm run sweep -- --singles | --pairs | --random N [--seed S]
  [--pipeline small|large|random] [--timer on|off|both] [--mutant NAME] [--only HISTORY]`;

/**
 * Reads the command line.
 * @throws Error that says what is wrong with it.
 */
export function readOptions(args: readonly string[]): SweepOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      singles: { type: 'boolean', default: false },
      pairs: { type: 'boolean', default: false },
      random: { type: 'string' },
      seed: { type: 'string', default: '1' },
      pipeline: { type: 'string' },
      timer: { type: 'string' },
      mutant: { type: 'string' },
      only: { type: 'string' },
    },
  });
  const mode = values.random !== undefined ? 'random' : values.pairs ? 'pairs' : 'singles';
  if (mode === 'singles' && !values.singles) throw new Error('say what to sweep');
  return {
    mode,
    histories: mode === 'random' ? wholeNumber('--random', values.random ?? '') : 0,
    seed: wholeNumber('--seed', values.seed),
    pipeline: pipelineChoice(values.pipeline ?? (mode === 'random' ? 'random' : 'small'), mode),
    timers: timersOf(values.timer, mode),
    mutant: values.mutant ?? null,
    only: values.only ?? null,
  };
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${name} takes a whole number, not "${text}"`);
  return Number(text);
}

function pipelineChoice(text: string, mode: SweepOptions['mode']): PipelineChoice {
  if (text === 'small' || text === 'large') return text;
  if (text === 'random' && mode === 'random') return text;
  throw new Error(`--pipeline takes small or large, and random with --random; not "${text}"`);
}

function timersOf(text: string | undefined, mode: SweepOptions['mode']): readonly boolean[] | null {
  if (text === undefined) return mode === 'random' ? null : mode === 'pairs' ? [false] : [false, true];
  if (text === 'both') return [false, true];
  if (text === 'on' || text === 'off') return [text === 'on'];
  throw new Error(`--timer takes on, off or both, not "${text}"`);
}

/** Faults as they stand on a command line: `12:crash-after,40:delay`. */
export function readFaults(text: string): Fault[] {
  return text.split(',').map((item) => {
    const [call = '', name = ''] = item.split(':');
    const kind = FAULT_KINDS.find((each) => each === name);
    if (kind === undefined || !/^\d+$/.test(call)) throw new Error(`not a fault: "${item}"`);
    return { call: Number(call), kind };
  });
}

export function faultsText(faults: readonly Fault[]): string {
  return faults.map(({ call, kind }) => `${call}:${kind}`).join(',');
}
