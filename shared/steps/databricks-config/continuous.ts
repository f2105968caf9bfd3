import * as z from 'zod';
import type { ApiObject, JobRuns } from '../../engine/databricks-jobs-client.ts';
import type { Json } from '../../release/canonical-json.ts';
import type { Instant } from '../../release/model.ts';
import type { Change } from '../../release/plan.ts';
import type { StepContext, StepOutcome } from '../step.ts';
import type { Patience, Task } from '../work-through.ts';
import { workThrough } from '../work-through.ts';
import { thingData } from './memory.ts';

type Unfinished = Exclude<StepOutcome, { readonly done: unknown }>;

/** Runs to be ended, by the id of their job. */
export type EndingRuns = Readonly<Record<string, readonly string[]>>;

/** A task, and whether it gives a job its settings. */
export interface ConfigTask extends Task {
  readonly switches: boolean;
  /** How soon to look again when it has to wait; the patience of the step where absent. */
  readonly pauseInMs?: number;
}

/** Whether Databricks begins a run of a job with these settings whenever there is none. */
export function isLive({ continuous }: ApiObject): boolean {
  if (typeof continuous !== 'object' || continuous === null) return false;
  return !('pause_status' in continuous) || continuous.pause_status !== 'PAUSED';
}

/** The settings of a continuous job with which Databricks begins no more runs of it. */
export function paused(settings: ApiObject): ApiObject {
  return { ...settings, continuous: { ...Object(settings.continuous), pause_status: 'PAUSED' } };
}

/** What a change of a live job means for its run; empty for other jobs. */
export function endOfRun(before: ApiObject, after: ApiObject): string[] {
  if (!isLive(before)) return [];
  return [isLive(after) ? 'ends its active run, and a new one begins' : 'ends its active run'];
}

/**
 * Works through the tasks of a step. The active run of a continuous job goes on with its old settings until it is
 * cancelled, and then another one begins. So the runs that are to end are noted in the memo before any job changes:
 * whoever goes on after a crash does not end one that has begun with the new settings.
 */
export async function workWithStreams(
  context: StepContext,
  { tasks, changes, runs }: { tasks: readonly ConfigTask[]; changes: readonly Change[]; runs: JobRuns },
  patience: Patience,
): Promise<Unfinished | null> {
  const jobs = changes.flatMap((change) => (change.action === 'update' ? streamOf(change) : []));
  const noted = notedRuns(context.memo);
  if (jobs.length > 0 && noted === null) {
    const before = tasks.slice(
      0,
      tasks.findIndex(({ switches }) => switches),
    );
    const unfinished = soon(await workThrough(context, before, patience), tasks, context.clock.now());
    if (unfinished !== null) return unfinished;
    const progress = { done: before.length, waitingSince: null };
    return {
      waiting: { until: context.clock.now(), memo: { ...progress, ending: await activeOfAll(jobs, runs) } },
    };
  }
  const unfinished = soon(await workThrough(context, tasks, patience), tasks, context.clock.now());
  if (unfinished === null || !('waiting' in unfinished) || noted === null) return unfinished;
  const { until, memo } = unfinished.waiting;
  return { waiting: { until, memo: { ...Object(memo), ending: noted } } };
}

/** Looks again as soon as the task that has to wait wants it. */
function soon(outcome: Unfinished | null, tasks: readonly ConfigTask[], now: Instant): Unfinished | null {
  if (outcome === null || !('waiting' in outcome)) return outcome;
  const { until, memo } = outcome.waiting;
  const { pauseInMs } = tasks[Object(memo).done] ?? {};
  return { waiting: { until: pauseInMs === undefined ? until : Math.min(until, now + pauseInMs), memo } };
}

const shape = z.object({ ending: z.record(z.string(), z.array(z.string())) });

/** The runs that were noted; null when none were yet. */
export function notedRuns(memo: Json): Record<string, string[]> | null {
  return shape.safeParse(memo).data?.ending ?? null;
}

function streamOf(change: Change): string[] {
  const data = thingData(change);
  return data?.continuous === true && data.id !== undefined ? [data.id] : [];
}

/** Ids of the active runs of a job. */
export async function activeOf(job: string, runs: JobRuns): Promise<string[]> {
  return (await runs.active()).flatMap((run) => (run.job === job ? [run.id] : []));
}

async function activeOfAll(jobs: readonly string[], runs: JobRuns): Promise<Record<string, string[]>> {
  const active = await runs.active();
  const idsOf = (wanted: string) => active.flatMap(({ id, job }) => (job === wanted ? [id] : []));
  return Object.fromEntries(jobs.map((job) => [job, idsOf(job)]));
}
