import * as z from 'zod';
import type { ApiObject, JobRun, JobRuns } from '../../engine/databricks-jobs-client.ts';
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
  /** Whether none of its tasks had begun by then: there was no compute for it. */
  readonly wasIdle: boolean;
  /** Since when the results are being published. */
  readonly publishing: number | null;
  /** Since when an earlier run is being ended that leaves its results at the same place. */
  readonly clearing: number | null;
}

const progressShape = z.strictObject({
  attempt: z.number(),
  run: z.string().nullable(),
  since: z.number(),
  stopping: z.number().nullable(),
  wasIdle: z.boolean().default(false),
  publishing: z.number().nullable(),
  clearing: z.number().nullable().default(null),
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
  context: StepContext,
  { runs, suite, progress }: { readonly runs: JobRuns; readonly suite: Suite; readonly progress: Progress },
): Promise<StepOutcome> {
  const { clock, key, project, signal } = context;
  if (signal.aborted) throw new Error('the run was cancelled');
  // Projects of several organisations may share a workspace, and names of runs.
  const token = sha256(canonicalJson([project, key, progress.attempt]));
  const run = await runs.submit(marked(suite, markOf(context)), token);
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
    const refused = `${tooLong(suite)}, and did not end in ${minutes(LONGEST_STOP_IN_MS)} more. ${see(run)}`;
    return progress.wasIdle ? { refused, provesNothing: true } : { refused };
  }
  if (now - progress.since > suite.limitInMs) {
    await runs.cancel(run.id);
    return waitUntil(now + SHORTEST_PAUSE_IN_MS, { ...progress, stopping: now, wasIdle: isIdle(run) });
  }
  return waitUntil(now + pauseAfter(now - progress.since), progress);
}

/** Whether none of its tasks was ever worked at. */
export function isIdle({ tasks }: JobRun): boolean {
  return !tasks.some(({ hasBegun }) => hasBegun);
}

function pauseAfter(timeInMs: number): number {
  return Math.round(Math.min(Math.max(timeInMs / 2, SHORTEST_PAUSE_IN_MS), LONGEST_PAUSE_IN_MS));
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

/** How a run says whose it is, in the description of its first task: nobody may know its id yet. */
const MARK = 'Slipway';

function markOf({ project, key }: StepContext): string {
  return `${MARK} ${project} ${key}:`;
}

function marked({ submit, results }: Suite, mark: string): ApiObject {
  const tasks: readonly unknown[] = Array.isArray(submit.tasks) ? submit.tasks : [];
  const [first, ...others] = tasks;
  const task = typeof first === 'object' && first !== null ? first : {};
  const own = 'description' in task ? `${task.description}\n` : '';
  return { ...submit, tasks: [{ ...task, description: `${own}${mark} ${results}` }, ...others] };
}

/** An active one-time run with a text in what it is made of. */
async function findActive(
  runs: JobRuns,
  isIt: (run: JobRun, text: string) => boolean,
): Promise<JobRun | null> {
  const active = await runs.active();
  const textOf = ({ tasks }: JobRun) => JSON.stringify(tasks.map(({ task }) => task));
  return active.find((run) => run.job === null && isIt(run, textOf(run))) ?? null;
}

/** As a text stands in JSON. */
function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** A run of this suite that goes on from an earlier attempt or round, and would leave its results in place of ours. */
export function findEarlier(runs: JobRuns, { submit, results }: Suite): Promise<JobRun | null> {
  return findActive(
    runs,
    ({ name }, text) =>
      text.includes(inJson(results)) && (name === submit.run_name || text.includes(`${MARK} `)),
  );
}

/** Ends an earlier run, since no file could be told to be ours while it goes on. */
export async function clear(
  { clock, attempt }: StepContext,
  about: { readonly runs: JobRuns; readonly earlier: JobRun; readonly progress: Progress | null },
): Promise<StepOutcome | 'stuck'> {
  const now = clock.now();
  const clearing = about.progress?.clearing ?? now;
  if (now - clearing > LONGEST_STOP_IN_MS) return 'stuck';
  await about.runs.cancel(about.earlier.id);
  return waitUntil(now + pauseAfter(now - clearing), { ...NOT_STARTED, attempt, since: now, clearing });
}

const NOT_STARTED = { run: null, stopping: null, wasIdle: false, publishing: null, clearing: null };

/** The step has begun, and the next call starts the run. */
export function aboutToStart({ clock, attempt }: StepContext): StepOutcome {
  const now = clock.now();
  return waitUntil(now, { ...NOT_STARTED, attempt, since: now });
}

/**
 * Stops the run of the step and waits until it is over. Its id may have been lost with the function that started it, or
 * be that of an earlier attempt; it is then known by its mark.
 */
export async function stop(context: StepContext, runs: JobRuns): Promise<StepOutcome> {
  const { clock, attempt } = context;
  const now = clock.now();
  const progress = progressIn(context) ?? { ...NOT_STARTED, attempt, since: now };
  const mark = inJson(markOf(context));
  const told = progress.run === null ? null : await runs.get(progress.run);
  const run = told?.end === null ? told : await findActive(runs, (_run, text) => text.includes(mark));
  if (run === null) return { done: {} };
  const stopping = progress.stopping ?? now;
  if (now - stopping > LONGEST_STOP_IN_MS)
    return {
      refused: `The run ${run.id} did not end in ${minutes(LONGEST_STOP_IN_MS)} after it was cancelled. ${see(run)}`,
    };
  if (progress.stopping === null || run.id !== progress.run) await runs.cancel(run.id);
  return waitUntil(now + SHORTEST_PAUSE_IN_MS, { ...progress, run: run.id, stopping });
}
