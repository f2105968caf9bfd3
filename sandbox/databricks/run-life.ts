import type { DatabricksContext } from './context.ts';
import { CLUSTER_LOST, SUCCEEDED } from './run-endings.ts';
import type { Ending, Run, TaskRun } from './run-model.ts';
import { beginTask, endTask, hindrance, loadNext, nextLoadAt, passOn } from './task-life.ts';

/** Something that is due at a time. */
export interface Due {
  at: number;
  happen(): void;
}

/** The last attempt at each task, in the order of the tasks. */
export function currentTasks(run: Run): TaskRun[] {
  return [...new Map(run.tasks.map((taskRun) => [taskRun.task.task_key, taskRun])).values()];
}

/** Starts every task whose upstream has ended; when no task is left, the run has ended. */
export function advanceRun(context: DatabricksContext, run: Run, at: number): void {
  for (let ready = readyTask(run); ready; ready = readyTask(run)) {
    const { taskRun, upstream } = ready;
    const reason = hindrance(taskRun.task, upstream);
    if (reason) endTask({ run, taskRun, at }, reason);
    else beginTask(context, { run, taskRun, at });
  }
  const isOver = currentTasks(run).every(({ state }) => state === 'TERMINATED');
  if (isOver && run.endedAt === undefined) endRun(context, run, at);
}

/** What is due next in a run: a task gets its compute, loads a source, or ends. */
export function dueInRun(context: DatabricksContext, run: Run): Due[] {
  if (run.endedAt !== undefined) return [];
  return currentTasks(run).flatMap((taskRun) => {
    const loadAt = nextLoadAt(taskRun);
    const at = loadAt ?? taskRun.endsAt;
    if (at === undefined) return [];
    const happen = () => {
      const move = loadAt === undefined ? passOn : loadNext;
      move(context, { run, taskRun, at });
      advanceRun(context, run, at);
    };
    return [{ at, happen }];
  });
}

/** Ends a run soon; a cancel is not waited for. Tasks that have not begun end with it. */
export function cancelRun({ options }: DatabricksContext, run: Run, at: number): void {
  run.queued = false;
  for (const taskRun of currentTasks(run)) {
    if (taskRun.state === 'TERMINATED') continue;
    taskRun.state = 'TERMINATING';
    taskRun.endsAt = at + (options.cancelInMs ?? 50);
  }
}

/** Fails the tasks that run on a cluster which goes away or restarts. */
export function loseCluster(context: DatabricksContext, clusterId: string): void {
  const at = context.clock.now();
  for (const run of context.state.runs.values()) {
    if (run.endedAt !== undefined) continue;
    for (const taskRun of currentTasks(run)) {
      const isLost = taskRun.state === 'RUNNING' && taskRun.task.existing_cluster_id === clusterId;
      if (isLost) endTask({ run, taskRun, at }, CLUSTER_LOST);
    }
    advanceRun(context, run, at);
  }
}

/** The runs of a job that hold one of its places. */
export function activeRuns({ state }: DatabricksContext, jobId: bigint): Run[] {
  return [...state.runs.values()].filter(
    (run) => run.jobId === jobId && run.endedAt === undefined && !run.queued,
  );
}

/** A blocked task of a run that has begun, whose upstream has ended. */
function readyTask(run: Run): { taskRun: TaskRun; upstream: Ending[] } | undefined {
  if (run.queued) return undefined;
  const tasks = currentTasks(run);
  for (const taskRun of tasks.filter(({ state }) => state === 'BLOCKED')) {
    const keys = (taskRun.task.depends_on ?? []).map(({ task_key }) => task_key);
    const upstream = tasks.flatMap(({ task, ending }) =>
      ending && keys.includes(task.task_key) ? [ending] : [],
    );
    if (upstream.length === keys.length) return { taskRun, upstream };
  }
  return undefined;
}

/** Ends a run with its worst task, and lets the next one that waits begin. */
function endRun(context: DatabricksContext, run: Run, at: number): void {
  run.endedAt = at;
  run.ending = endingOf(run);
  if (run.jobId === undefined) return;
  const limit = context.state.jobs.get(String(run.jobId))?.settings.max_concurrent_runs ?? 1;
  const waiting = [...context.state.runs.values()].find((other) => other.jobId === run.jobId && other.queued);
  if (!waiting || activeRuns(context, run.jobId).length >= limit) return;
  waiting.queued = false;
  advanceRun(context, waiting, at);
}

function endingOf(run: Run): Ending {
  const tasks = currentTasks(run);
  const worst =
    tasks.find(({ ending }) => ending?.result === 'CANCELED') ??
    tasks.find(({ ending }) => ending?.result === 'FAILED' || ending?.result === 'TIMEDOUT');
  if (!worst?.ending) return SUCCEEDED;
  if (worst.ending.result === 'CANCELED') return worst.ending;
  return {
    ...worst.ending,
    message: `Task ${worst.task.task_key} failed with message: ${worst.ending.message}.`,
  };
}
