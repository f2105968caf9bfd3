import type { DatabricksContext } from './context.ts';
import type { JobSettings, Task } from './contract/job-settings.ts';
import { refusal } from './errors.ts';
import { completeTask } from './jobs.ts';
import { TOO_MANY_RUNS } from './run-endings.ts';
import { activeRuns, advanceRun } from './run-life.ts';
import type { Job, Run, TaskRun } from './run-model.ts';

const KEPT_FOR_IN_MS = 60 * 24 * 60 * 60 * 1000;
const MAX_TOKEN = 64;

/** What a new run is made of. */
export interface NewRun {
  job?: Job;
  name: string;
  settings: JobSettings;
  creator: string;
  /** Only these tasks. */
  only?: readonly string[] | undefined;
  parameters?: object;
  /** Whether it waits when the job has no place; else it is skipped. */
  mayQueue: boolean;
  /** When it begins; now when absent. */
  at?: number;
  trigger?: Run['trigger'];
}

/** The run of an idempotency token; `undefined` when the token is new or absent. Refuses one whose run was deleted. */
export function runOfToken({ state }: DatabricksContext, token: string | undefined): Run | undefined {
  if (token === undefined) return undefined;
  if (token.length > MAX_TOKEN) {
    throw refusal('INVALID_PARAMETER_VALUE', `The idempotency token has more than ${MAX_TOKEN} characters.`);
  }
  const id = state.tokens.get(token);
  if (id === undefined) return undefined;
  const run = state.runs.get(id);
  if (!run) throw refusal('INVALID_PARAMETER_VALUE', 'The run with this idempotency token has been deleted.');
  return run;
}

/** Starts a run: at once, after another one, or not at all when the job has no place. */
export function addRun(context: DatabricksContext, request: NewRun, token: string | undefined): Run {
  const { state, clock, chance } = context;
  const { job, name, settings, creator, parameters, trigger, at = clock.now() } = request;
  const tasks = (settings.tasks ?? []).filter(({ task_key }) => request.only?.includes(task_key) ?? true);
  const number = job ? job.runsStarted + 1 : 1;
  if (job) job.runsStarted = number;
  const isFull =
    job !== undefined && activeRuns(context, job.id).length >= (job.settings.max_concurrent_runs ?? 1);
  const run: Run = {
    id: chance.int64(),
    ...(job ? { jobId: job.id } : {}),
    ...(parameters ? { parameters } : {}),
    ...(trigger ? { trigger } : {}),
    ...{ name, number, creator, settings },
    startedAt: at,
    tasks: tasks.map((task) => newTaskRun(context, completeTask(task), 0)),
    queued: isFull && request.mayQueue,
    repairs: [],
  };
  state.runs.set(String(run.id), run);
  if (token !== undefined) state.tokens.set(token, String(run.id));
  if (isFull && !request.mayQueue) skip(run, at);
  else advanceRun(context, run, at);
  return run;
}

/**
 * Reruns tasks of a run that has ended, as new attempts with the settings that the job has now. A submitted run has
 * no job: it keeps its own, as does the run of a job that is gone, and a task that has left its job.
 */
export function repairRun(context: DatabricksContext, run: Run, keys: readonly string[]): bigint {
  const { clock, chance, state } = context;
  run.settings = state.jobs.get(String(run.jobId))?.settings ?? run.settings;
  const now = new Map((run.settings.tasks ?? []).map((task) => [task.task_key, completeTask(task)]));
  const repeated = run.tasks.filter(
    ({ task }, index) => keys.includes(task.task_key) && isLast(run.tasks, index),
  );
  const attempts = repeated.map(({ task, attempt }) =>
    newTaskRun(context, now.get(task.task_key) ?? task, attempt + 1),
  );
  run.tasks.push(...attempts);
  delete run.endedAt;
  delete run.ending;
  const id = chance.int64();
  run.repairs.push({ id, startedAt: clock.now(), taskRunIds: attempts.map((attempt) => attempt.id) });
  advanceRun(context, run, clock.now());
  return id;
}

/** A run by its id or by the id of one of its tasks; refuses in the words of the service when there is none. */
export function findRun(
  { state, clock, options }: DatabricksContext,
  id: bigint,
): { run: Run; taskRun?: TaskRun } {
  for (const run of state.runs.values()) {
    if (run.endedAt !== undefined && clock.now() - run.endedAt > KEPT_FOR_IN_MS) continue;
    if (run.id === id) return { run };
    const taskRun = run.tasks.find((one) => one.id === id);
    if (taskRun) return { run, taskRun };
  }
  throw refusal('INVALID_PARAMETER_VALUE', `Run ${id} does not exist.`, {
    status: options.notFoundStatus ?? 400,
  });
}

function newTaskRun({ chance }: DatabricksContext, task: Task, attempt: number): TaskRun {
  return { id: chance.int64(), task, attempt, state: 'BLOCKED', script: {}, loadsDone: 0 };
}

function skip(run: Run, at: number): void {
  run.endedAt = at;
  run.ending = TOO_MANY_RUNS;
  for (const taskRun of run.tasks)
    Object.assign(taskRun, { state: 'TERMINATED', endedAt: at, ending: TOO_MANY_RUNS });
}

function isLast(tasks: readonly TaskRun[], index: number): boolean {
  return tasks.findLastIndex(({ task }) => task.task_key === tasks[index]?.task.task_key) === index;
}
