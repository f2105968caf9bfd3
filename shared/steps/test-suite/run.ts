import * as z from 'zod';
import type { JobRun, JobRuns } from '../../engine/databricks-jobs-client.ts';
import { UnreadableInput } from '../../errors.ts';
import type { Json } from '../../release/canonical-json.ts';
import { canonicalJson, sha256 } from '../../release/canonical-json.ts';
import type { StepContext, StepOutcome } from '../step.ts';
import type { Suite } from './file.ts';

const SHORTEST_PAUSE_IN_MS = 500;
const LONGEST_PAUSE_IN_MS = 60_000;
/** A cancel takes seconds; what lasts longer than that is stuck. */
const LONGEST_STOP_IN_MS = 15 * 60_000;

/** How far the step is. */
export interface Progress {
  /** Attempt of the step that the run belongs to: its token follows from it. */
  readonly attempt: number;
  /** Id of the run; null while it is about to be started. */
  readonly run: string | null;
  readonly since: number;
  /** Since when the run is being cancelled. */
  readonly stopping: number | null;
  /** Since when the results are being published. */
  readonly publishing: number | null;
}

const progressShape = z.strictObject({
  attempt: z.number(),
  run: z.string().nullable(),
  since: z.number(),
  stopping: z.number().nullable(),
  publishing: z.number().nullable(),
});

/** Null before the step has begun. */
export function progressIn({ memo }: Pick<StepContext, 'memo'>): Progress | null {
  if (memo === null) return null;
  const read = progressShape.safeParse(memo);
  if (read.success) return read.data;
  throw new UnreadableInput(`memo of a test step: ${z.prettifyError(read.error)}`);
}

/** Asks to be called again with this progress; null begins anew. */
export function waitUntil(until: number, progress: Progress | null): StepOutcome {
  const memo: Json = progress === null ? null : { ...progress };
  return { waiting: { until, memo } };
}

/**
 * Starts the run. A repetition finds the run that was started before by its token, so there is never a second one.
 */
export async function start(
  { clock, key, project, signal }: StepContext,
  { runs, suite, progress }: { readonly runs: JobRuns; readonly suite: Suite; readonly progress: Progress },
): Promise<StepOutcome> {
  if (signal.aborted) throw new Error('the run was cancelled');
  // Projects of several organisations may share a workspace, and names of runs.
  const token = sha256(canonicalJson([project, key, progress.attempt]));
  const run = await runs.submit(suite.submit, token);
  const now = clock.now();
  return waitUntil(now + SHORTEST_PAUSE_IN_MS, { ...progress, run, since: now });
}

/** Looks again at a run that is not over: more rarely the longer it takes. After its limit it is cancelled. */
export async function goOn(
  { clock }: StepContext,
  asked: { readonly runs: JobRuns; readonly suite: Suite; readonly progress: Progress; readonly run: JobRun },
): Promise<StepOutcome> {
  const { runs, suite, progress, run } = asked;
  const now = clock.now();
  if (progress.stopping !== null) {
    if (now - progress.stopping <= LONGEST_STOP_IN_MS) return waitUntil(now + SHORTEST_PAUSE_IN_MS, progress);
    return {
      refused: `${tooLong(suite)}, and did not end in ${minutes(LONGEST_STOP_IN_MS)} more. ${see(run)}`,
    };
  }
  if (now - progress.since > suite.limitInMs) {
    await runs.cancel(run.id);
    return waitUntil(now + SHORTEST_PAUSE_IN_MS, { ...progress, stopping: now });
  }
  const pause = Math.min(Math.max((now - progress.since) / 2, SHORTEST_PAUSE_IN_MS), LONGEST_PAUSE_IN_MS);
  return waitUntil(now + Math.round(pause), progress);
}

/** What a run says that was cancelled at its limit. */
export function tooLong({ title, limitInMs }: Suite): string {
  return `The ${title} did not end in ${minutes(limitInMs)} and were cancelled`;
}

function minutes(timeInMs: number): string {
  return `${Math.round(timeInMs / 60_000)} minutes`;
}

/** Where to look. The page is Databricks' own. */
export function see({ id, page }: JobRun): string {
  return page === '' ? `See the run ${id} in Databricks.` : `See ${page}`;
}

/**
 * Stops the run of the step and waits until it is over. Its id may have been lost with the function that started it;
 * then it is an active one-time run of this name that is told of this result file.
 */
export async function stop({ clock, memo }: StepContext, runs: JobRuns, suite: Suite): Promise<StepOutcome> {
  const progress = progressIn({ memo });
  if (progress === null) return { done: {} };
  const run = progress.run === null ? await findLost(runs, suite) : await runs.get(progress.run);
  if (run === null || run.end !== null) return { done: {} };
  const now = clock.now();
  const stopping = progress.stopping ?? now;
  if (now - stopping > LONGEST_STOP_IN_MS)
    return {
      refused: `The run ${run.id} did not end in ${minutes(LONGEST_STOP_IN_MS)} after it was cancelled. ${see(run)}`,
    };
  if (progress.stopping === null) await runs.cancel(run.id);
  return waitUntil(now + SHORTEST_PAUSE_IN_MS, { ...progress, run: run.id, stopping });
}

async function findLost(runs: JobRuns, { submit, results }: Suite): Promise<JobRun | null> {
  const active = await runs.active();
  const isOurs = ({ job, name, tasks }: JobRun) =>
    job === null &&
    name === submit.run_name &&
    tasks.some(({ task }) => JSON.stringify(task).includes(results));
  return active.find(isOurs) ?? null;
}
