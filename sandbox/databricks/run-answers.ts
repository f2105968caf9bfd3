import { currentTasks } from './run-life.ts';
import type { Ending, Run, TaskRun } from './run-model.ts';

/** A run as `runs/get` tells it: the old `state` beside the new `status`. */
export function runAnswer(run: Run, { withTasks }: { withTasks: boolean }) {
  const phase = phaseOf(run);
  return {
    ...identityOf(run),
    run_id: run.id,
    original_attempt_run_id: run.id,
    attempt_number: 0,
    ...statesOf(phase, run.ending),
    ...timesOf(run.startedAt, run.startedAt, run.endedAt),
    ...(run.endedAt === undefined ? {} : { run_duration: run.endedAt - run.startedAt }),
    ...(run.parameters ? { overriding_parameters: run.parameters } : {}),
    ...(withTasks ? { tasks: run.tasks.map((taskRun) => taskAnswer(run, taskRun)) } : {}),
  };
}

/** The run of one task, which is what holds an output. */
export function taskRunAnswer(run: Run, taskRun: TaskRun) {
  const { run_id, run_page_url, state, status, attempt_number, ...rest } = taskAnswer(run, taskRun);
  const { start_time, end_time, setup_duration, execution_duration } = rest;
  const times = { start_time, end_time, setup_duration, execution_duration };
  const own = { run_id, run_page_url, state, status, attempt_number, original_attempt_run_id: run_id };
  return { ...identityOf(run), ...own, ...times, run_name: taskRun.task.task_key };
}

/** The repairs of a run, with the original attempt in front. */
export function repairHistory(run: Run) {
  const repaired = new Set(run.repairs.flatMap(({ taskRunIds }) => taskRunIds));
  const original = run.tasks.map(({ id }) => id).filter((id) => !repaired.has(id));
  return [
    { type: 'ORIGINAL', start_time: run.startedAt, task_run_ids: original },
    ...run.repairs.map(({ id, startedAt, taskRunIds }) => ({
      id,
      type: 'REPAIR',
      start_time: startedAt,
      task_run_ids: taskRunIds,
    })),
  ];
}

/** Whether a run belongs to a job or was submitted. */
export function typeOf({ jobId }: Run): 'JOB_RUN' | 'SUBMIT_RUN' {
  return jobId === undefined ? 'SUBMIT_RUN' : 'JOB_RUN';
}

function identityOf(run: Run) {
  return {
    job_id: run.jobId ?? run.id,
    job_run_id: run.id,
    number_in_job: run.number,
    creator_user_name: run.creator,
    run_name: run.name,
    run_type: typeOf(run),
    run_page_url: pageOf(run, run.id),
    trigger: run.trigger ?? 'ONE_TIME',
  };
}

function taskAnswer(run: Run, taskRun: TaskRun) {
  const { task, id, attempt, state, pendingAt = 0, runningAt, endedAt, ending } = taskRun;
  const own = { run_id: id, run_page_url: pageOf(run, id), attempt_number: attempt };
  return {
    ...task,
    ...own,
    ...statesOf(run.queued ? 'QUEUED' : state, ending),
    ...timesOf(pendingAt, runningAt, endedAt),
  };
}

function pageOf(run: Run, id: bigint): string {
  return `https://workspace.example/jobs/${run.jobId ?? run.id}/runs/${id}`;
}

/** A run is as far as its tasks. */
function phaseOf(run: Run): TaskRun['state'] {
  if (run.endedAt !== undefined) return 'TERMINATED';
  if (run.queued) return 'QUEUED';
  const states = currentTasks(run).map(({ state }) => state);
  if (states.includes('TERMINATING')) return 'TERMINATING';
  return states.some((state) => state === 'RUNNING' || state === 'TERMINATED') ? 'RUNNING' : 'PENDING';
}

const QUEUED = { code: 'MAX_CONCURRENT_RUNS_REACHED', message: 'Waiting for another run of the job to end.' };

function statesOf(phase: TaskRun['state'], ending: Ending | undefined) {
  const { result, code, type, message } = ending ?? {};
  const isOver = phase === 'TERMINATED' && ending !== undefined;
  return {
    state: {
      life_cycle_state: isOver ? oldLifeCycle(ending) : phase,
      ...(isOver ? { result_state: result } : {}),
      ...(phase === 'QUEUED' ? { queue_reason: QUEUED.message } : {}),
      state_message: message ?? '',
      user_cancelled_or_timedout: result === 'CANCELED' || result === 'TIMEDOUT',
    },
    status: {
      state: phase,
      ...(isOver ? { termination_details: { code, type, message } } : {}),
      ...(phase === 'QUEUED' ? { queue_details: QUEUED } : {}),
    },
  };
}

/** The old state calls a failed run an internal error, and one that never ran skipped. */
function oldLifeCycle({ result }: Ending): string {
  if (result === 'FAILED') return 'INTERNAL_ERROR';
  const neverRan = ['UPSTREAM_FAILED', 'EXCLUDED', 'MAXIMUM_CONCURRENT_RUNS_REACHED'];
  return neverRan.includes(result) ? 'SKIPPED' : 'TERMINATED';
}

/** Times that have not come are 0, as the service sends them. */
function timesOf(startedAt: number, runningAt: number | undefined, endedAt: number | undefined) {
  return {
    start_time: startedAt,
    end_time: endedAt ?? 0,
    setup_duration: runningAt === undefined ? 0 : runningAt - startedAt,
    execution_duration: runningAt === undefined || endedAt === undefined ? 0 : endedAt - runningAt,
  };
}
