import type { ApiObject, Job, Jobs } from '../engine/databricks-jobs-client.ts';
import type { Call } from './databricks-call.ts';
import { isObject, isResponse, numberIn, objectIn, objectsIn, pagesOf, textIn } from './databricks-call.ts';
import { isMissingItself, nullIfMissing } from './databricks-errors.ts';
import type { HttpError } from './http-error.ts';

const API = '/api/2.2/jobs';
const MOST_PER_PAGE = 100;

/** The Jobs API. */
export function jobsOf(call: Call): Jobs {
  const get = (id: string) => jobAt(call, id, nullIfMissing);
  return {
    get,
    look: (id) => jobAt(call, id, (error) => (error.status === 403 ? 'hidden' : nullIfMissing(error))),
    async find(name) {
      const query = { name, limit: MOST_PER_PAGE };
      const pages = await pagesOf(call, { method: 'GET', path: `${API}/list`, query });
      const listed = pages.flatMap((page) => objectsIn(page.jobs)).filter((job) => nameOf(job) === name);
      // A list holds neither all tasks of a large job nor its clusters.
      const jobs = await Promise.all(listed.sort(byAge).map(({ job_id }) => get(textIn(job_id))));
      return jobs.filter((job) => job !== null);
    },
    async create(settings) {
      const answer = await call({ method: 'POST', path: `${API}/create`, json: withNumericIds(settings) });
      return textIn(objectIn(answer).job_id);
    },
    async reset(id, settings) {
      const json = { job_id: BigInt(id), new_settings: withNumericIds(settings) };
      const request = { method: 'POST', path: `${API}/reset`, json, idempotent: true } as const;
      const missing = (error: HttpError) => (isMissingItself(error, id) ? null : undefined);
      return isResponse(await call(request, missing)) ? 'done' : 'no-job';
    },
    async remove(id) {
      const json = { job_id: BigInt(id) };
      await call({ method: 'POST', path: `${API}/delete`, json, idempotent: true }, nullIfMissing);
    },
  };
}

/** A job with more than a hundred tasks comes in pages, each with the next part of its lists. */
async function jobAt<Known>(
  call: Call,
  id: string,
  known: (error: HttpError) => Known | undefined,
): Promise<Job | Known | null> {
  const request = { method: 'GET', path: `${API}/get`, query: { job_id: id } } as const;
  const pages = await pagesOf(call, request, known);
  if (!Array.isArray(pages)) return pages;
  const first = pages[0];
  if (first === undefined) return null;
  const settings = pages.map((page) => settingsIn(page)).reduce(joined);
  const people = { runAs: textIn(first.run_as_user_name), maker: textIn(first.creator_user_name) };
  return { id: textIn(first.job_id), name: nameOf(first), settings, ...people };
}

/** Joins the lists of two pages; all else is the same on both. */
function joined(first: ApiObject, next: ApiObject): ApiObject {
  const lists = Object.entries(next).filter((entry): entry is [string, unknown[]] => Array.isArray(entry[1]));
  const longer = lists.map(([key, list]) => {
    const before = first[key];
    return [key, Array.isArray(before) ? [...before, ...list] : list];
  });
  return { ...first, ...Object.fromEntries(longer) };
}

/**
 * Ids are text here and numbers there, which must not lose a digit on their way. The only one in settings is that of the
 * job that a task starts, also in a loop; a parameter or a tag of the same name is a text of people.
 */
export function withNumericIds(settings: ApiObject): ApiObject {
  const { tasks } = settings;
  return Array.isArray(tasks) ? { ...settings, tasks: tasks.map(taskWithNumericId) } : settings;
}

function taskWithNumericId(task: unknown): unknown {
  if (!isObject(task)) return task;
  const { run_job_task: started, for_each_task: loop } = task;
  return {
    ...task,
    ...(isObject(started) ? { run_job_task: { ...started, job_id: numberOf(started.job_id) } } : {}),
    ...(isObject(loop) ? { for_each_task: { ...loop, task: taskWithNumericId(loop.task) } } : {}),
  };
}

function numberOf(id: unknown): unknown {
  return typeof id === 'string' && /^\d+$/.test(id) ? BigInt(id) : id;
}

function settingsIn({ settings }: ApiObject): ApiObject {
  return isObject(settings) ? settings : {};
}

function nameOf(job: ApiObject): string {
  return textIn(settingsIn(job).name);
}

function byAge(left: ApiObject, right: ApiObject): number {
  return (numberIn(left.created_time) ?? 0) - (numberIn(right.created_time) ?? 0);
}
