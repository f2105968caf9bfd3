import type { DatabricksContext } from './context.ts';
import type { JobSettings } from './contract/job-settings.ts';
import type { Due } from './run-life.ts';
import type { Job } from './run-model.ts';
import { addRun } from './runs.ts';

/** How long a continuous job takes to begin again after a run of it has ended; the service says under a minute. */
const PAUSE_IN_MS = 10_000;

/**
 * The next run of every continuous job that is not paused and has none: it begins with the settings of that time. So
 * a cancelled run is followed by another one, and a run that goes on keeps its old settings.
 */
export function dueOfContinuous(context: DatabricksContext): Due[] {
  const live = [...context.state.jobs.values()].filter(({ settings }) => isLive(settings));
  return live.flatMap((job) => {
    const runs = [...context.state.runs.values()].filter(({ jobId }) => jobId === job.id);
    if (runs.some(({ endedAt }) => endedAt === undefined)) return [];
    const ends = runs.map(({ endedAt = 0 }) => endedAt + PAUSE_IN_MS);
    const at = Math.max(job.changedAt ?? job.createdAt, ...ends);
    return [{ at, happen: () => begin(context, job, at) }];
  });
}

function isLive({ continuous }: JobSettings): boolean {
  return continuous !== undefined && continuous.pause_status !== 'PAUSED';
}

function begin(context: DatabricksContext, job: Job, at: number): void {
  const { settings, creator } = job;
  const name = settings.name ?? 'Untitled';
  addRun(
    context,
    { ...{ job, name, settings, creator, at }, trigger: 'CONTINUOUS', mayQueue: false },
    undefined,
  );
}
