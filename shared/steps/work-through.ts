import type { Json } from '../release/canonical-json.ts';
import type { Instant } from '../release/model.ts';
import { inParallel } from './in-parallel.ts';
import type { StepContext, StepOutcome } from './step.ts';

/** What became of a task: done, impossible, or impossible so far. The texts are for people. */
export type TaskEnd = null | { readonly refused: string } | { readonly later: string };

/** The end of a task that is done, or says why it cannot be. */
export function refusedIf(why: string | null): TaskEnd {
  return why === null ? null : { refused: why };
}

/** A piece of a step's work. It may be done again, when it is not known whether it was done. */
export interface Task {
  /** Tasks of a phase run in parallel, and begin when all of the phase before have ended. */
  readonly phase: number;
  readonly run: () => Promise<TaskEnd>;
}

/** Work that is not over after this time is cut: what is left is done by another invocation. */
const LONGEST_IN_MS = 60_000;
/** As many as the limit of a Databricks workspace lets through at once. */
const IN_FLIGHT = 10;
/** How long to wait for something outside, and how often to look. */
export interface Patience {
  readonly pauseInMs: number;
  readonly longestInMs: number;
}

/** Role assignments in Azure may take this long to work. */
const USUAL_PATIENCE: Patience = { pauseInMs: 30_000, longestInMs: 10 * 60_000 };

/** How far the work is, and since when tasks wait for something outside, by their number. */
interface Progress {
  readonly done: number;
  readonly waiting: ReadonlyMap<number, Instant>;
}

type Unfinished = Exclude<StepOutcome, { readonly done: unknown }>;

/**
 * Does tasks in the order of their phases. Called again with the memo that it returned, it goes on from there,
 * so the tasks must then be the same ones in the same order.
 * @returns null when all is done.
 */
export async function workThrough(
  { clock, signal, memo }: Pick<StepContext, 'clock' | 'signal' | 'memo'>,
  tasks: readonly Task[],
  patience = USUAL_PATIENCE,
): Promise<Unfinished | null> {
  const end = clock.now() + LONGEST_IN_MS;
  const progress = readProgress(memo);
  const refused: string[] = [];
  const later = new Map<number, string>();
  const mayGoOn = () => refused.length + later.size === 0 && !signal.aborted && clock.now() < end;
  let { done } = progress;
  while (done < tasks.length && mayGoOn()) {
    const numbered = tasks
      .slice(done, endOfPhase(tasks, done))
      .map((task, index) => [task, done + index] as const);
    done += await inParallel(numbered, { inFlight: IN_FLIGHT, mayGoOn }, async ([task, number]) => {
      const result = await task.run();
      if (result !== null && 'refused' in result) refused.push(result.refused);
      else if (result !== null) later.set(number, result.later);
    });
  }
  if (refused.length > 0) return { refused: refused.join(' ') };
  if (signal.aborted && done < tasks.length) throw new Error('the run was cancelled');
  if (later.size > 0) return waitFor(later, { ...progress, ...patience }, clock.now());
  if (done === tasks.length) return null;
  return { waiting: { until: clock.now(), memo: { done } } };
}

/**
 * Goes on with the first task that has to wait; those after it may be done once more. Each may wait as long as the
 * patience lasts, from when it first had to.
 */
function waitFor(
  later: ReadonlyMap<number, string>,
  { waiting, pauseInMs, longestInMs }: Progress & Patience,
  now: Instant,
): Unfinished {
  const since = new Map([...later.keys()].map((number) => [number, waiting.get(number) ?? now]));
  const tooLong = [...later].filter(([number]) => now - (since.get(number) ?? now) >= longestInMs);
  if (tooLong.length > 0) {
    const why = tooLong.map(([, text]) => text).join(' ');
    return { refused: `${why} (Slipway waited ${longestInMs / 60_000} minutes for it.)` };
  }
  const memo = { done: Math.min(...later.keys()), waiting: Object.fromEntries(since) };
  return { waiting: { until: now + pauseInMs, memo } };
}

function readProgress(memo: Json): Progress {
  if (typeof memo !== 'object' || memo === null || !('done' in memo)) return { done: 0, waiting: new Map() };
  const { done: noted, waiting, waitingSince } = memo;
  const done = typeof noted === 'number' ? noted : 0;
  // Before tasks had times of their own, there was one for the first that waited.
  const times = typeof waiting === 'object' && waiting !== null ? waiting : { [done]: waitingSince };
  const entries = Object.entries(times).map(([number, since]) => [Number(number), since] as const);
  const known = entries.flatMap(([number, since]) =>
    typeof since === 'number' ? [[number, since] as const] : [],
  );
  return { done, waiting: new Map(known) };
}

function endOfPhase(tasks: readonly Task[], start: number): number {
  const { phase } = tasks[start] ?? { phase: 0 };
  const end = tasks.findIndex((task, index) => index >= start && task.phase !== phase);
  return end === -1 ? tasks.length : end;
}
