import { start } from './clusters.ts';
import type { DatabricksContext } from './context.ts';
import type { Task } from './contract/job-settings.ts';
import {
  CANCELLED,
  EXCLUDED,
  failedBecause,
  SUCCEEDED,
  TIMED_OUT,
  UPSTREAM_FAILED,
  WORKLOAD_FAILED,
} from './run-endings.ts';
import type { Ending, RunScript, TaskMoment, TaskRun } from './run-model.ts';
import { loadAtStart, loadPath, writePath } from './run-sources.ts';
import { viewOf } from './task-view.ts';

/** Why a task does not run after its upstream has ended; `undefined` when it runs. */
export function hindrance(
  { run_if: condition = 'ALL_SUCCESS' }: Task,
  upstream: readonly Ending[],
): Ending | undefined {
  if (upstream.length === 0) return undefined;
  const failed = upstream.filter(({ result }) => result !== 'SUCCESS' && result !== 'EXCLUDED').length;
  switch (condition) {
    case 'ALL_SUCCESS':
    case 'NONE_FAILED':
      return failed > 0 ? UPSTREAM_FAILED : undefined;
    case 'AT_LEAST_ONE_SUCCESS':
      return failed === upstream.length ? UPSTREAM_FAILED : undefined;
    case 'ALL_FAILED':
      return failed < upstream.length ? EXCLUDED : undefined;
    case 'AT_LEAST_ONE_FAILED':
      return failed === 0 ? EXCLUDED : undefined;
    case 'ALL_DONE':
      return undefined;
  }
}

/** Gives a task its script and its compute; a stopped cluster is started for it. */
export function beginTask(context: DatabricksContext, moment: TaskMoment): void {
  const { taskRun, at } = moment;
  taskRun.state = 'PENDING';
  taskRun.pendingAt = at;
  taskRun.script = takeScript(context, moment);
  taskRun.endsAt = at + (taskRun.script.pendingInMs ?? context.options.taskPendingInMs ?? 50);
  const clusterId = taskRun.task.existing_cluster_id;
  if (clusterId === undefined) return;
  const cluster = context.state.clusters.get(clusterId);
  if (!cluster) {
    return endTask(moment, failedBecause('INVALID_CLUSTER_REQUEST', `Cluster ${clusterId} does not exist.`));
  }
  if (cluster.state === 'TERMINATED' || cluster.state === 'TERMINATING') start(context, cluster, at);
  taskRun.endsAt = Math.max(taskRun.endsAt, cluster.endsAt ?? 0);
}

/** What a task waits for has come: its compute is there, its work is done, or its cancel has come through. */
export function passOn(context: DatabricksContext, moment: TaskMoment): void {
  const { state } = moment.taskRun;
  if (state === 'TERMINATING') return endTask(moment, CANCELLED);
  if (state === 'RUNNING') return endTask(moment, workEnding(context, moment));
  const { taskRun, at } = moment;
  taskRun.state = 'RUNNING';
  taskRun.runningAt = at;
  taskRun.endsAt = at + Math.min(workInMs(context, taskRun), timeoutInMs(taskRun));
  const failure = loadAtStart(context, moment);
  if (failure) endTask(moment, failure);
}

/** When the next source that the script names is loaded; `undefined` when there is none before the task ends. */
export function nextLoadAt({ endsAt, runningAt, script, loadsDone, state }: TaskRun): number | undefined {
  const load = script.loads?.[loadsDone];
  if (state !== 'RUNNING' || !load || runningAt === undefined || endsAt === undefined) return undefined;
  const at = runningAt + load.afterInMs;
  return at <= endsAt ? at : undefined;
}

/** Loads the next source that the script names. */
export function loadNext(context: DatabricksContext, moment: TaskMoment): void {
  const { taskRun } = moment;
  const load = taskRun.script.loads?.[taskRun.loadsDone];
  taskRun.loadsDone++;
  const failure = load && loadPath(context, moment, load.path);
  if (failure) endTask(moment, failure);
}

/** Ends a task. */
export function endTask({ taskRun, at }: TaskMoment, ending: Ending): void {
  taskRun.state = 'TERMINATED';
  taskRun.endedAt = at;
  taskRun.ending = ending;
  delete taskRun.endsAt;
}

/** The newest script that matches; one with `times` is used up. */
function takeScript(context: DatabricksContext, { run, taskRun: { task } }: TaskMoment): RunScript {
  const { state, options } = context;
  const found = state.scripts.findLast(
    (script) => (script.job ?? run.name) === run.name && (script.task ?? task.task_key) === task.task_key,
  );
  if (found?.times !== undefined) {
    found.times--;
    if (found.times === 0) state.scripts = state.scripts.filter((script) => script !== found);
  }
  return { ...(found ?? options.work?.(task, viewOf(context))) };
}

function workInMs({ options }: DatabricksContext, { script }: TaskRun): number {
  return script.durationInMs ?? options.taskDurationInMs ?? 100;
}

function timeoutInMs({ task }: TaskRun): number {
  return task.timeout_seconds ? task.timeout_seconds * 1000 : Number.POSITIVE_INFINITY;
}

function workEnding(context: DatabricksContext, moment: TaskMoment): Ending {
  const { taskRun } = moment;
  if (workInMs(context, taskRun) > timeoutInMs(taskRun)) return TIMED_OUT;
  const { ending, result, writes = [] } = taskRun.script;
  for (const { path, content } of writes) {
    const failure = writePath(context, moment, { path, content });
    if (failure) return failure;
  }
  return ending ?? (result === 'FAILED' ? WORKLOAD_FAILED : SUCCEEDED);
}
