import type { Json } from '../release/canonical-json.ts';
import { inParallel } from './in-parallel.ts';
import type { StepContext, StepOutcome } from './step.ts';

/** A piece of a step's work. It may be done again, when it is not known whether it was done. */
export interface Task {
  /** Tasks of a phase run in parallel, and begin when all of the phase before have ended. */
  readonly phase: number;
  /** @returns null when it is done, else why it cannot be, for people. */
  readonly run: () => Promise<string | null>;
}

/** Work that is not over after this time is cut: what is left is done by another invocation. */
const LONGEST_IN_MS = 60_000;
/** As many as the limit of a Databricks workspace lets through at once. */
const IN_FLIGHT = 10;

/**
 * Does tasks in the order of their phases. Called again with the memo that it returned, it goes on from there,
 * so the tasks must then be the same ones in the same order.
 * @returns null when all is done.
 */
export async function workThrough(
  { clock, signal, memo }: Pick<StepContext, 'clock' | 'signal' | 'memo'>,
  tasks: readonly Task[],
): Promise<Exclude<StepOutcome, { readonly done: unknown }> | null> {
  const end = clock.now() + LONGEST_IN_MS;
  const refusals: string[] = [];
  const mayGoOn = () => refusals.length === 0 && !signal.aborted && clock.now() < end;
  let done = doneIn(memo);
  while (done < tasks.length && mayGoOn()) {
    const phase = tasks.slice(done, endOfPhase(tasks, done));
    done += await inParallel(phase, { inFlight: IN_FLIGHT, mayGoOn }, async (task) => {
      const why = await task.run();
      if (why !== null) refusals.push(why);
    });
  }
  if (refusals.length > 0) return { refused: refusals.join(' ') };
  if (done === tasks.length) return null;
  if (signal.aborted) throw new Error('the run was cancelled');
  return { waiting: { until: clock.now(), memo: { done } } };
}

function doneIn(memo: Json): number {
  const isMemo = typeof memo === 'object' && memo !== null && 'done' in memo;
  return isMemo && typeof memo.done === 'number' ? memo.done : 0;
}

function endOfPhase(tasks: readonly Task[], start: number): number {
  const { phase } = tasks[start] ?? { phase: 0 };
  const end = tasks.findIndex((task, index) => index >= start && task.phase !== phase);
  return end === -1 ? tasks.length : end;
}
