import type { ApiObject, JobRun, JobRuns } from '../../engine/databricks-jobs-client.ts';

/** Active runs that would be hurt if a cluster restarted or went away, in words; empty for none. */
export async function runsOnCluster(runs: JobRuns, id: string): Promise<string[]> {
  const active = await runs.active();
  return inWords(
    active.filter(({ tasks }) => tasks.some(({ task, end }) => end === null && usesCluster(task, id))),
  );
}

/** Active runs of a job, in words: they would end with it. */
export async function runsOfJob(runs: JobRuns, id: string): Promise<string[]> {
  return inWords((await runs.active()).filter(({ job }) => job === id));
}

/** A loop is a task around a task. */
function usesCluster(task: ApiObject, id: string): boolean {
  const { existing_cluster_id, for_each_task } = task;
  if (existing_cluster_id === id) return true;
  if (typeof for_each_task !== 'object' || for_each_task === null || !('task' in for_each_task)) return false;
  const inner = for_each_task.task;
  return typeof inner === 'object' && inner !== null && usesCluster({ ...inner }, id);
}

function inWords(runs: readonly JobRun[]): string[] {
  const advice = (trigger: string) =>
    trigger.startsWith('CONTINUOUS') ? ', of a continuous job: pause it' : '';
  return runs.map(({ id, name, trigger }) => `${name} (run ${id}${advice(trigger)})`).sort();
}
