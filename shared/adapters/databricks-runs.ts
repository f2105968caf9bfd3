import type { ApiObject, JobRun, JobRuns, RunEnd, TaskRun } from '../engine/databricks-jobs-client.ts';
import type { Call } from './databricks-call.ts';
import { isObject, numberIn, objectIn, objectsIn, pagesOf, somePagesOf, textIn } from './databricks-call.ts';
import { isMissing, nullIfMissing } from './databricks-errors.ts';
import { withNumericIds } from './databricks-jobs.ts';
import type { HttpError } from './http-error.ts';

const API = '/api/2.2/jobs/runs';
/** The most that a list of runs gives at once. */
const MOST_PER_PAGE = 25;

/** Runs of the Jobs API. */
export function runsOf(call: Call): JobRuns {
  const get = (id: string) => runAt(call, id);
  return {
    get,
    async submit(body, token) {
      const json = { ...withNumericIds(body), idempotency_token: token };
      const answer = await call({ method: 'POST', path: `${API}/submit`, json, idempotent: true });
      return textIn(objectIn(answer).run_id);
    },
    async output(taskRun) {
      const request = { method: 'GET', path: `${API}/get-output`, query: { run_id: taskRun } } as const;
      return outputIn(objectIn(await call(request)));
    },
    async cancel(id) {
      const json = { run_id: BigInt(id) };
      await call({ method: 'POST', path: `${API}/cancel`, json, idempotent: true }, nullIfOver);
    },
    async active() {
      const { items: runs } = await listed(call, { active_only: true, expand_tasks: true });
      // A list gives the first hundred tasks of a run. A run that has ended meanwhile is not active any more.
      const whole = await Promise.all(
        runs.map((run) => (run.has_more === true ? get(textIn(run.run_id)) : toRun(run))),
      );
      return whole.filter((run) => run !== null).filter(({ end }) => end === null);
    },
    async ofJob(job, { from, to }, most) {
      const began = { start_time_from: from, ...(to === undefined ? {} : { start_time_to: to }) };
      const { items, isAll } = await listed(call, { job_id: job, ...began }, most);
      const runs = items.map(toRun).sort((left, right) => right.startedAt - left.startedAt);
      return { runs, isAll };
    },
  };
}

async function listed(
  call: Call,
  query: Readonly<Record<string, string | number | boolean>>,
  most = Number.POSITIVE_INFINITY,
): Promise<{ readonly items: ApiObject[]; readonly isAll: boolean }> {
  const request = { method: 'GET', path: `${API}/list`, query: { ...query, limit: MOST_PER_PAGE } } as const;
  const { pages, isAll } = await somePagesOf(call, request, Math.ceil(most / MOST_PER_PAGE));
  return { items: pages.flatMap(({ runs }) => objectsIn(runs)), isAll };
}

async function runAt(call: Call, id: string): Promise<JobRun | null> {
  const request = { method: 'GET', path: `${API}/get`, query: { run_id: id } } as const;
  const pages = await pagesOf(call, request, nullIfMissing);
  const first = pages?.[0];
  if (!pages || first === undefined) return null;
  return toRun({ ...first, tasks: pages.flatMap(({ tasks }) => objectsIn(tasks)) });
}

function toRun(run: ApiObject): JobRun {
  return {
    id: textIn(run.run_id),
    job: run.run_type === 'JOB_RUN' ? textIn(run.job_id) : null,
    name: textIn(run.run_name),
    startedAt: numberIn(run.start_time) ?? 0,
    trigger: textIn(run.trigger),
    page: textIn(run.run_page_url),
    end: endOf(run),
    tasks: lastAttempts(objectsIn(run.tasks)).map(toTask),
  };
}

/** A repaired or retried run lists every attempt at a task. */
function lastAttempts(tasks: readonly ApiObject[]): ApiObject[] {
  const attemptOf = (task: ApiObject | undefined) => numberIn(task?.attempt_number) ?? -1;
  const last = new Map<string, ApiObject>();
  for (const task of tasks) {
    const key = textIn(task.task_key);
    if (attemptOf(task) >= attemptOf(last.get(key))) last.set(key, task);
  }
  return [...last.values()];
}

function toTask(task: ApiObject): TaskRun {
  const end = endOf(task);
  const hasBegun = end === null ? stateOf(task) === 'RUNNING' : numberIn(task.execution_duration) !== 0;
  return { id: textIn(task.run_id), key: textIn(task.task_key), task, hasBegun, end };
}

/** Either form of the state has this name for a task that is being worked at. */
function stateOf({ status, state }: ApiObject): string {
  const told = isObject(status) ? textIn(status.state) : '';
  return told || (isObject(state) ? textIn(state.life_cycle_state) : '');
}

/** States of a run or task that is over, in the form of the API before 2.2. */
const OVER = ['TERMINATED', 'SKIPPED', 'INTERNAL_ERROR'];

/** The API tells the end twice: `status` says why, and only the older `state` with which result. */
function endOf(run: ApiObject): RunEnd | null {
  const status = isObject(run.status) ? run.status : {};
  const state = isObject(run.state) ? run.state : {};
  const details = isObject(status.termination_details) ? status.termination_details : {};
  const older = textIn(state.life_cycle_state);
  const isOver = 'state' in status ? status.state === 'TERMINATED' : OVER.includes(older);
  if (!isOver) return null;
  const code = textIn(details.code);
  return {
    result: textIn(state.result_state) || resultOf(code, older),
    code,
    type: textIn(details.type),
    message: textIn(details.message) || textIn(state.state_message),
    at: numberIn(run.end_time) || null,
  };
}

function resultOf(code: string, older: string): string {
  if (code === 'SUCCESS') return 'SUCCESS';
  if (older === 'SKIPPED' || older === 'INTERNAL_ERROR') return older;
  return code === 'USER_CANCELED' || code === 'CANCELED' ? 'CANCELED' : 'FAILED';
}

function outputIn({ notebook_output, logs, error, error_trace }: ApiObject) {
  const result = isObject(notebook_output) ? textIn(notebook_output.result) : '';
  return { text: result || textIn(logs), error: textIn(error), trace: textIn(error_trace) };
}

function nullIfOver(error: HttpError): null | undefined {
  return isMissing(error) || error.code === 'INVALID_STATE' ? null : undefined;
}
