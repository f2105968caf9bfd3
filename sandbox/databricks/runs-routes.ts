import type { z } from 'zod';
import { json } from '../twin/exchange.ts';
import { type Route, route } from '../twin/route.ts';
import type { DatabricksContext } from './context.ts';
import * as table from './contract/runs-table.ts';
import { refusal } from './errors.ts';
import { jobOf, refuseBadTasks } from './jobs.ts';
import { pageOf } from './pages.ts';
import { repairHistory, runAnswer, taskRunAnswer, typeOf } from './run-answers.ts';
import { cancelRun, currentTasks } from './run-life.ts';
import type { Run, TaskRun } from './run-model.ts';
import { addRun, findRun, repairRun, runOfToken } from './runs.ts';

const MAX_LIST = 25;
const TASKS_PER_PAGE = 100;
const MAX_OUTPUT = 5 * 1024 * 1024;

/** Runs: started by job or submitted, watched, cancelled, repaired. */
export function runRoutes(context: DatabricksContext): Route[] {
  return [...startingRoutes(context), ...readingRoutes(context), ...changingRoutes(context)];
}

function startingRoutes(context: DatabricksContext): Route[] {
  return [
    route(table.runNow, ({ body, principal }) => {
      const {
        job_id,
        idempotency_token: token,
        only,
        queue,
        performance_target: _ignored,
        ...parameters
      } = body;
      const job = jobOf(context, job_id);
      const { settings } = job;
      const mayQueue = (queue ?? settings.queue)?.enabled ?? false;
      const own = { name: settings.name ?? 'Untitled', creator: principal, only, parameters };
      const run = runOfToken(context, token) ?? addRun(context, { job, settings, mayQueue, ...own }, token);
      return json({ run_id: run.id, number_in_job: run.number });
    }),
    route(table.submit, ({ body, principal: creator }) => {
      const {
        idempotency_token: token,
        run_name: name = 'Untitled',
        access_control_list: _notKept,
        ...settings
      } = body;
      refuseBadTasks(settings.tasks ?? []);
      if (!settings.tasks?.length) throw refusal('INVALID_PARAMETER_VALUE', 'The run has no tasks.');
      const run =
        runOfToken(context, token) ?? addRun(context, { name, settings, creator, mayQueue: false }, token);
      return json({ run_id: run.id });
    }),
  ];
}

function readingRoutes(context: DatabricksContext): Route[] {
  return [
    route(table.get, ({ query }) => {
      const { run, taskRun } = findRun(context, query.run_id);
      if (taskRun) return json(taskRunAnswer(run, taskRun));
      const history = query.include_history ? { repair_history: repairHistory(run) } : {};
      const { tasks, ...answer } = runAnswer(run, { withTasks: true });
      const { items, next } = pageOf(tasks ?? [], { size: TASKS_PER_PAGE, token: query.page_token });
      return json({ ...answer, tasks: items, ...moreOf(tasks ?? []), ...next, ...history });
    }),
    route(table.getOutput, ({ query }) => {
      const { run, taskRun } = findRun(context, query.run_id);
      if (taskRun) return json({ metadata: taskRunAnswer(run, taskRun), ...outputOf(taskRun) });
      const message =
        'Retrieving the output of runs with multiple tasks is not supported. Use the run id of a task.';
      throw refusal('INVALID_PARAMETER_VALUE', message);
    }),
    route(table.list, ({ query }) => {
      const { limit = MAX_LIST, page_token: token } = query;
      if (limit < 1 || limit > MAX_LIST)
        throw refusal('INVALID_PARAMETER_VALUE', `The limit must be 1 to ${MAX_LIST}.`);
      const wanted = [...context.state.runs.values()].filter((run) => isWanted(run, query));
      const { items, next } = pageOf(wanted.reverse(), { size: limit, token });
      const runs = items.map((run) => listed(run, query.expand_tasks ?? false));
      return json({ ...(runs.length > 0 ? { runs } : {}), ...next });
    }),
  ];
}

/** A list gives the first hundred tasks of a run. */
function listed(run: Run, withTasks: boolean) {
  const { tasks, ...answer } = runAnswer(run, { withTasks });
  return tasks ? { ...answer, tasks: tasks.slice(0, TASKS_PER_PAGE), ...moreOf(tasks) } : answer;
}

function moreOf(tasks: readonly unknown[]) {
  return tasks.length > TASKS_PER_PAGE ? { has_more: true } : {};
}

function isWanted(run: Run, query: z.infer<typeof table.list.query>): boolean {
  const { job_id, active_only, completed_only, run_type } = query;
  const { start_time_from: from = 0, start_time_to: to = Number.POSITIVE_INFINITY } = query;
  const isOver = run.endedAt !== undefined;
  if (job_id !== undefined && run.jobId !== job_id) return false;
  if ((active_only && isOver) || (completed_only && !isOver)) return false;
  if (run_type !== undefined && run_type !== typeOf(run)) return false;
  return run.startedAt >= from && run.startedAt <= to;
}

function changingRoutes(context: DatabricksContext): Route[] {
  const { state, clock } = context;
  return [
    route(table.cancel, ({ body }) => {
      cancelRun(context, findRun(context, body.run_id).run, clock.now());
      return json({});
    }),
    route(table.cancelAll, ({ body }) => {
      const isMeant = (run: Run) =>
        body.job_id === undefined ? (body.all_queued_runs ?? false) && run.queued : run.jobId === body.job_id;
      for (const run of [...state.runs.values()].filter(isMeant)) cancelRun(context, run, clock.now());
      return json({});
    }),
    route(table.deleteRun, ({ body }) => {
      const { run } = findRun(context, body.run_id);
      if (run.endedAt === undefined) throw refusal('INVALID_STATE', `Run ${run.id} is still active.`);
      state.runs.delete(String(run.id));
      return json({});
    }),
    route(table.repair, ({ body }) => {
      const { run } = findRun(context, body.run_id);
      if (run.endedAt === undefined)
        throw refusal('INVALID_STATE', `Run ${run.id} is still active and cannot be repaired.`);
      const latest = run.repairs.at(-1)?.id;
      if (latest !== undefined && body.latest_repair_id !== latest) {
        throw refusal('INVALID_PARAMETER_VALUE', 'The latest repair id is not the one that was given.');
      }
      const failed = currentTasks(run).filter(({ ending }) => ending?.result !== 'SUCCESS');
      const keys = body.rerun_all_failed_tasks
        ? failed.map(({ task }) => task.task_key)
        : (body.rerun_tasks ?? []);
      return json({ repair_id: repairRun(context, run, keys) });
    }),
  ];
}

/** What a task left behind: the first 5 MB of its result, or its last exception. */
function outputOf({ ending, script, task }: TaskRun) {
  if (ending === undefined) return {};
  if (ending.result !== 'SUCCESS') {
    const trace = script.errorTrace === undefined ? {} : { error_trace: script.errorTrace };
    return { error: script.error ?? ending.message, ...trace };
  }
  if (script.output === undefined) return {};
  if (!task.notebook_task) return { logs: script.output.slice(0, MAX_OUTPUT) };
  const truncated = script.output.length > MAX_OUTPUT;
  return { notebook_output: { result: script.output.slice(0, MAX_OUTPUT), truncated } };
}
