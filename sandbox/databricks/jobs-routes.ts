import { json } from '../twin/exchange.ts';
import { type Route, route } from '../twin/route.ts';
import type { DatabricksContext } from './context.ts';
import type { JobSettings, Task } from './contract/job-settings.ts';
import * as table from './contract/jobs-table.ts';
import { refusal } from './errors.ts';
import { completeSettings, jobOf, refuseUnknownClusters, updatedSettings } from './jobs.ts';
import { pageOf } from './pages.ts';
import { seesJob } from './rights.ts';
import { cancelRun } from './run-life.ts';
import type { Job } from './run-model.ts';
import { shuffled } from './shuffle.ts';

const TASKS_PER_PAGE = 100;
const MAX_LIST = 100;
const DEFAULT_LIST = 20;

/** Saved jobs. Names are not unique: creating twice makes two jobs. */
export function jobRoutes(context: DatabricksContext): Route[] {
  return [...writingRoutes(context), removal(context), ...readingRoutes(context)];
}

function writingRoutes(context: DatabricksContext): Route[] {
  const { state, clock, chance } = context;
  return [
    route(
      table.create,
      ({ body: { access_control_list: _notKept, run_as: runAs, ...settings }, principal }) => {
        refuseUnknownClusters(context, settings.tasks ?? []);
        const id = chance.int64();
        const stamps = {
          creator: principal,
          runAs: identityOf(runAs) ?? principal,
          createdAt: clock.now(),
          runsStarted: 0,
        };
        state.jobs.set(String(id), { id, settings: completeSettings(settings), ...stamps });
        return json({ job_id: id });
      },
    ),
    route(table.reset, ({ body }) => {
      const job = jobOf(context, body.job_id);
      const { run_as: runAs, ...settings } = body.new_settings;
      refuseUnknownClusters(context, settings.tasks ?? []);
      job.settings = completeSettings(settings);
      job.runAs = identityOf(runAs) ?? job.runAs;
      job.changedAt = clock.now();
      return json({});
    }),
    route(table.update, ({ body }) => {
      const job = jobOf(context, body.job_id);
      const { run_as: runAs, ...settings } = body.new_settings ?? {};
      job.settings = updatedSettings(job.settings, settings, body.fields_to_remove ?? []);
      job.runAs = identityOf(runAs) ?? job.runAs;
      job.changedAt = clock.now();
      return json({});
    }),
  ];
}

/** The active runs of a job go with it. */
function removal(context: DatabricksContext): Route {
  const { state, clock } = context;
  return route(table.deleteJob, ({ body }) => {
    const { id } = jobOf(context, body.job_id);
    state.jobs.delete(String(id));
    state.permissions.delete(`/jobs/${id}`);
    for (const run of state.runs.values())
      if (run.jobId === id && run.endedAt === undefined) cancelRun(context, run, clock.now());
    return json({});
  });
}

function readingRoutes(context: DatabricksContext): Route[] {
  return [
    route(table.get, ({ query }) => {
      const job = jobOf(context, query.job_id);
      const tasks = (job.settings.tasks ?? []).map((task) => withShuffledDependencies(context, task));
      const { items, next } = pageOf(tasks, { size: TASKS_PER_PAGE, token: query.page_token });
      const settings = query.page_token === undefined ? job.settings : laterPage(job.settings);
      const page = { ...settings, ...(tasks.length > 0 ? { tasks: items } : {}) };
      const more = tasks.length > TASKS_PER_PAGE ? { has_more: next.next_page_token !== undefined } : {};
      return json({ ...baseOf(job), run_as_user_name: job.runAs, settings: page, ...more, ...next });
    }),
    route(table.list, ({ query, principal }) => {
      const { limit = DEFAULT_LIST, name } = query;
      if (limit < 1 || limit > MAX_LIST) {
        throw refusal('INVALID_PARAMETER_VALUE', `The limit must be between 1 and ${MAX_LIST}.`);
      }
      const seen = [...context.state.jobs.values()].filter((job) => seesJob(context, principal, job));
      const named = seen.filter(
        ({ settings }) => name === undefined || settings.name?.toLowerCase() === name.toLowerCase(),
      );
      const { items, next } = pageOf(named.reverse(), { size: limit, token: query.page_token });
      const jobs = items.map((job) => ({
        ...baseOf(job),
        settings: listed(job.settings, query.expand_tasks ?? false),
      }));
      return json({ ...(jobs.length > 0 ? { jobs } : {}), ...next });
    }),
  ];
}

/** Settings do not tell it, and addresses are kept in lower case. */
function identityOf(runAs: JobSettings['run_as']): string | undefined {
  const person = runAs?.service_principal_name ?? runAs?.user_name;
  return person?.toLowerCase() ?? runAs?.group_name;
}

function baseOf({ id, createdAt, creator }: Job) {
  return { job_id: id, created_time: createdAt, creator_user_name: creator };
}

/** Lists that came in full on the first page are empty on the later ones. */
function laterPage(settings: JobSettings): JobSettings {
  const lists = Object.entries(settings).map(([key, value]) => [key, Array.isArray(value) ? [] : value]);
  return Object.fromEntries(lists);
}

function listed(settings: JobSettings, expandTasks: boolean): JobSettings {
  if (expandTasks) return settings;
  const { tasks: _tasks, job_clusters: _clusters, ...rest } = settings;
  return rest;
}

function withShuffledDependencies({ chance }: DatabricksContext, task: Task): Task {
  return task.depends_on ? { ...task, depends_on: shuffled(chance, task.depends_on) } : task;
}
