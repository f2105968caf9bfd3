import { substitute } from '../../project/substitute.ts';
import { configurationFile } from '../configuration-file.ts';
import { referenceValues } from '../reference-values.ts';
import type { StepContext } from '../step.ts';
import { workspaceOf } from '../workspace.ts';
import type { DeclaredFlag } from './file.ts';

/**
 * Jobs that should stop a rollout and that nobody would ever see fail: neither the release nor the workspace has
 * them. Asks the workspace only for those that the release has not.
 * @returns one sentence a job.
 */
export async function unknownJobs(context: StepContext, flags: readonly DeclaredFlag[]): Promise<string[]> {
  const named = new Set(flags.flatMap(({ stopWhenRunsFail }) => stopWhenRunsFail));
  const own = await jobsOfRelease(context);
  const others = [...named].filter((name) => !own.has(name)).sort();
  if (others.length === 0) return [];
  const { client } = await workspaceOf(context);
  const found = await Promise.all(others.map(async (name) => (await client.jobs.find(name)).length > 0));
  const missing = others.filter((_, index) => found[index] === false);
  return missing.map(
    (name) =>
      `stop_when_runs_fail names the job ${name}, which is neither in jobs.json nor in the workspace.`,
  );
}

async function jobsOfRelease(context: StepContext): Promise<ReadonlySet<string>> {
  const file = substitute(
    await configurationFile(context, 'jobs.json'),
    await referenceValues(context),
  ).value;
  const jobs = typeof file === 'object' && file !== null && 'jobs' in file ? file.jobs : [];
  const names = Array.isArray(jobs) ? jobs.map((job: unknown) => nameOf(job)) : [];
  return new Set(names.filter((name) => name !== null));
}

function nameOf(job: unknown): string | null {
  return typeof job === 'object' && job !== null && 'name' in job && typeof job.name === 'string'
    ? job.name
    : null;
}
