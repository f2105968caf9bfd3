import * as z from 'zod';
import type { JobRun, JobRuns } from '../../engine/databricks-jobs-client.ts';
import type { Instant } from '../../release/model.ts';

/** So many runs of a job are listed at once; what is left of many is for the next look. */
const MOST_RUNS = 500;
/** A run may be listed a moment later than another one that began after it. */
const OVERLAP_IN_MS = 60_000;

const between = z.strictObject({ from: z.number(), to: z.number() });

/** How far the runs of a job have been looked at. */
export const watchShape = z.strictObject({
  /** Runs that began earlier are known. */
  from: z.number(),
  /** Ids of known runs that had not ended. */
  open: z.array(z.string()),
  /** When those began that are still to be looked at, after there were too many at once. */
  older: between.nullable(),
});

export type JobWatch = z.infer<typeof watchShape>;

/** A watch that has seen nothing yet of the runs that began since then. */
export function watchFrom(from: Instant): JobWatch {
  return { from, open: [], older: null };
}

/**
 * Looks at the runs of a job that may have ended since the last look: those that are new, those that were open, and
 * some that were left. A look takes a bounded number of requests, however many runs there have been.
 */
export async function lookAtRuns(
  runs: JobRuns,
  job: string,
  watch: JobWatch,
): Promise<{ readonly seen: readonly JobRun[]; readonly next: JobWatch }> {
  const fresh = await runs.ofJob(job, { from: watch.from }, MOST_RUNS);
  const left = await lookBack(runs, job, { watch, fresh });
  const listed = [...fresh.runs, ...left.runs];
  const ids = new Set(listed.map(({ id }) => id));
  const open = await Promise.all(watch.open.filter((id) => !ids.has(id)).map((id) => runs.get(id)));
  const seen = [...listed, ...open.filter((run) => run !== null)];
  const stillOpen = new Set(seen.filter(({ end }) => end === null).map(({ id }) => id));
  const newest = fresh.runs[0]?.startedAt ?? 0;
  const from = Math.max(watch.from, newest - OVERLAP_IN_MS);
  return { seen, next: { from, open: [...stillOpen].sort(), older: left.older } };
}

type Listed = Awaited<ReturnType<JobRuns['ofJob']>>;

/** What was left of the looks before, or by this one. */
async function lookBack(
  runs: JobRuns,
  job: string,
  { watch, fresh }: { readonly watch: JobWatch; readonly fresh: Listed },
): Promise<Pick<Listed, 'runs'> & Pick<JobWatch, 'older'>> {
  const { from, older } = watch;
  if (!fresh.isAll) return { runs: [], older: { from: older?.from ?? from, to: oldestIn(fresh, from) } };
  if (older === null) return { runs: [], older };
  const back = await runs.ofJob(job, older, MOST_RUNS);
  return {
    runs: back.runs,
    older: back.isAll ? null : { ...older, to: oldestIn(back, older.from) },
  };
}

function oldestIn({ runs }: Listed, otherwise: Instant): Instant {
  return runs.at(-1)?.startedAt ?? otherwise;
}
