import type { DatabricksContext } from './context.ts';
import type { JobSettings, Task } from './contract/job-settings.ts';
import { refusal } from './errors.ts';
import type { Job } from './run-model.ts';

/** The job with an id; refuses in the words of the service when there is none. */
export function jobOf({ state, options }: DatabricksContext, id: bigint): Job {
  const found = state.jobs.get(String(id));
  if (found) return found;
  throw refusal('INVALID_PARAMETER_VALUE', `Job ${id} does not exist.`, {
    status: options.notFoundStatus ?? 400,
  });
}

/** Refuses tasks for a cluster that does not exist, also inside of a loop. */
export function refuseUnknownClusters(
  { state, options }: Pick<DatabricksContext, 'state' | 'options'>,
  tasks: readonly object[],
): void {
  for (const task of tasks) {
    const { existing_cluster_id: id, for_each_task: loop } = Object(task);
    if (typeof id === 'string' && !state.clusters.has(id))
      throw refusal('INVALID_PARAMETER_VALUE', `Cluster ${id} does not exist.`, {
        status: options.notFoundStatus ?? 400,
      });
    if (loop?.task) refuseUnknownClusters({ state, options }, [loop.task]);
  }
}

/** Fills in what the server fills in, and refuses tasks that do not fit together. */
export function completeSettings(settings: JobSettings): JobSettings {
  refuseBadTasks(settings.tasks ?? []);
  return {
    format: 'MULTI_TASK',
    name: 'Untitled',
    max_concurrent_runs: 1,
    timeout_seconds: 0,
    email_notifications: {},
    ...settings,
    ...(settings.tasks ? { tasks: settings.tasks.map(completeTask) } : {}),
    ...(settings.job_clusters ? { job_clusters: settings.job_clusters.map(withoutDefaultsFlag) } : {}),
  };
}

/** A task with the defaults of the server. */
export function completeTask(task: Task): Task {
  return { run_if: 'ALL_SUCCESS', timeout_seconds: 0, email_notifications: {}, ...withoutDefaultsFlag(task) };
}

/** `apply_policy_default_values` is taken and never given back. */
function withoutDefaultsFlag<Holder extends { new_cluster?: Task['new_cluster'] }>(holder: Holder): Holder {
  if (!holder.new_cluster) return holder;
  const { apply_policy_default_values: _notEchoed, ...new_cluster } = holder.new_cluster;
  return { ...holder, new_cluster };
}

/** Refuses tasks with the same key, and dependencies on tasks that do not exist. */
export function refuseBadTasks(tasks: readonly Task[]): void {
  const keys = tasks.map(({ task_key }) => task_key);
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice !== undefined) throw refusal('INVALID_PARAMETER_VALUE', `Duplicate task key '${twice}'.`);
  for (const { task_key, depends_on = [] } of tasks) {
    const unknown = depends_on.find((other) => !keys.includes(other.task_key));
    if (!unknown) continue;
    throw refusal(
      'INVALID_PARAMETER_VALUE',
      `Task '${task_key}' depends on unknown task '${unknown.task_key}'.`,
    );
  }
}

/** Lists whose entries an update replaces one by one, with the field that names an entry. */
const KEYED = {
  tasks: 'task_key',
  job_clusters: 'job_cluster_key',
  environments: 'environment_key',
  parameters: 'name',
};

/** An update: fields are replaced as a whole, keyed lists entry by entry; then fields are removed, as `tasks/key` or by name. */
export function updatedSettings(
  old: JobSettings,
  given: JobSettings,
  removed: readonly string[],
): JobSettings {
  const merged: Record<string, unknown> = { ...old, ...given };
  for (const [list, key] of Object.entries(KEYED)) {
    const entries = mergeKeyed(entriesOf(old, list), entriesOf(given, list), key);
    const kept = entries.filter((entry) => !removed.includes(`${list}/${String(entry[key])}`));
    if (kept.length > 0) merged[list] = kept;
  }
  for (const field of removed) if (!field.includes('/')) delete merged[field];
  return completeSettings(merged);
}

type Entry = Record<string, unknown>;

function entriesOf(settings: JobSettings, list: string): Entry[] {
  const found: unknown = Reflect.get(settings, list);
  return Array.isArray(found) ? found : [];
}

function mergeKeyed(old: readonly Entry[], given: readonly Entry[], key: string): Entry[] {
  const replaced = old.map((entry) => given.find((other) => other[key] === entry[key]) ?? entry);
  return [...replaced, ...given.filter((entry) => !old.some((other) => other[key] === entry[key]))];
}
