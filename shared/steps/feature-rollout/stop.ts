import type { AppConfigurationClient } from '../../engine/app-configuration-client.ts';
import type { JobRun } from '../../engine/databricks-jobs-client.ts';
import { TransientFailure } from '../../errors.ts';
import type { DeclaredFlag } from '../feature-flags/file.ts';
import { whatStoodBeforeRollout } from '../feature-flags/inventory.ts';
import type { FlagMarks } from '../feature-flags/setting.ts';
import { describeStep, FLAG_KEY_PREFIX, marksOf, standingOf } from '../feature-flags/setting.ts';
import type { StepContext } from '../step.ts';
import { workspaceOf } from '../workspace.ts';
import type { RolloutMemo } from './memo.ts';
import type { JobWatch } from './watch.ts';
import { lookAtRuns, watchFrom } from './watch.ts';

/** Results of runs that stop a rollout. One that somebody cancelled says nothing about the feature. */
const FAILURES = ['FAILED', 'TIMEDOUT', 'INTERNAL_ERROR'];

/** A flag on its way, with where it is. */
export interface Moving {
  readonly flag: DeclaredFlag;
  readonly marks: FlagMarks;
}

/** Why flags have to go back, and which. */
export interface Stop {
  readonly why: string;
  readonly flags: string[];
}

/** What a look at the jobs has found. */
export interface JobSight {
  /** Null when none failed; the text alone when a job is not there to be watched. */
  readonly failure: Stop | string | null;
  /** How far each job has been looked at, by id. */
  readonly watches: Readonly<Record<string, JobWatch>>;
}

/**
 * Whether a job failed that stops one of the flags, in a run that began since the flag's rollout did. Runs that began
 * under an earlier step count, too, and those under an earlier run of ours: they may take longer than either.
 */
export async function failureOf(
  context: StepContext,
  moving: readonly Moving[],
  { begunAt, watches }: Pick<RolloutMemo, 'begunAt' | 'watches'>,
): Promise<JobSight> {
  const names = [...new Set(moving.flatMap(({ flag }) => flag.stopWhenRunsFail))].sort();
  const known: Record<string, JobWatch> = { ...watches };
  if (names.length === 0) return { failure: null, watches: known };
  const { client } = await workspaceOf(context);
  const since = ({ marks }: Moving) => marks.begun ?? begunAt;
  for (const name of names) {
    const watching = moving.filter(({ flag }) => flag.stopWhenRunsFail.includes(name));
    const jobs = await client.jobs.find(name);
    if (jobs.length === 0) return { failure: notThere(name, watching), watches: known };
    const failed: JobRun[] = [];
    for (const { id } of jobs) {
      const watch = known[id] ?? watchFrom(Math.min(...watching.map(since)));
      const { seen, next } = await lookAtRuns(client.runs, id, watch);
      known[id] = next;
      failed.push(...seen.filter(({ end }) => end !== null && FAILURES.includes(end.result)));
    }
    for (const run of failed.toSorted((left, right) => left.startedAt - right.startedAt)) {
      const hit = watching.filter((each) => since(each) <= run.startedAt);
      if (hit.length > 0) return { failure: stopFor(hit, failedRun(name, run)), watches: known };
    }
  }
  return { failure: null, watches: known };
}

function stopFor(hit: readonly Moving[], failed: string): Stop {
  return { why: `${namesOf(hit)}: ${failed}.`, flags: hit.map(({ flag }) => flag.id) };
}

function notThere(job: string, watching: readonly Moving[]): string {
  return (
    `The rollout of ${namesOf(watching)} was stopped: the job ${job}, whose failing runs should stop it, is not in ` +
    'the workspace. The flags stay where they are. Deploy the job, then retry the stage.'
  );
}

/** `forecast at 10 %, map at 50 %`. */
export function namesOf(moving: readonly Moving[]): string {
  return moving.map(({ flag, marks }) => `${flag.id} at ${describeStep(flag, marks.step)}`).join(', ');
}

function failedRun(job: string, { id, startedAt, end }: JobRun): string {
  const message = end?.message ? ` (${end.message.replace(/\.$/, '')})` : '';
  const began = new Date(startedAt).toISOString();
  return `run ${id} of the job ${job}, which began at ${began}, ended ${end?.result}${message}`;
}

const TRIES = 4;

/**
 * Puts a flag back to what it was before its rollout began, if it is still this rollout's. Doing it again changes
 * nothing.
 * @returns what came of it, for people.
 */
export async function putBack(
  context: StepContext,
  { client, label }: { readonly client: AppConfigurationClient; readonly label: string },
  flag: DeclaredFlag,
): Promise<string> {
  const place = { key: `${FLAG_KEY_PREFIX}${flag.id}`, label };
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const current = await client.get(place);
    if (current === null) return `${flag.id} is not in the store, as before`;
    const marks = marksOf(current);
    if (marks?.declaration !== flag.declaration)
      return `${flag.id} is as it was before, or another release has taken it over`;
    if (standingOf(current, context.project) !== 'as-written')
      return `${flag.id} was changed or turned off by hand, and is left so`;
    const before = await whatStoodBeforeRollout(context, flag, current);
    const result =
      before === null
        ? await client.remove(place, current.etag)
        : await client.put(place, before, current.etag);
    if (result === 'locked') return `${flag.id} is locked in the store and could not be put back`;
    if (result !== 'changed') return `${flag.id} is as it was before`;
  }
  throw new TransientFailure(`${flag.id} is being changed by somebody else all the time`);
}
