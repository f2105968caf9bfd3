import type { JobRun, JobRuns, RunEnd, TaskRun } from '../../engine/databricks-jobs-client.ts';
import { messageOf } from '../../errors.ts';
import { cutTo } from './report.ts';

/** Codes of ends that another run may not meet: the compute or the service broke, or had no place. */
const PASSING_CODES = [
  'CLOUD_FAILURE',
  'CLUSTER_ERROR',
  'CLUSTER_REQUEST_LIMIT_EXCEEDED',
  'DRIVER_ERROR',
  'INTERNAL_ERROR',
  'MAX_CONCURRENT_RUNS_EXCEEDED',
  'MAX_JOB_QUEUE_SIZE_EXCEEDED',
  'MAX_SPARK_CONTEXTS_EXCEEDED',
  'REPOSITORY_CHECKOUT_FAILED',
  'STORAGE_ACCESS_ERROR',
  'WORKSPACE_RUN_LIMIT_EXCEEDED',
];
const PASSING_TYPES = ['CLOUD_FAILURE', 'INTERNAL_ERROR'];

/**
 * The only codes with which what ran has failed by itself; older answers have none. All others, those that the service
 * may get some day included, say that something else was in the way: a right, a library, a person.
 */
const OWN_CODES = ['', 'RUN_EXECUTION_ERROR', 'SUCCESS_WITH_FAILURES'];
const OWN_RESULTS = ['FAILED', 'SUCCESS_WITH_FAILURES'];

/** Ends of tasks that only follow from how others ended, or are none to speak of. */
const NOT_ITS_FAULT = ['SUCCESS', 'SKIPPED', 'EXCLUDED', 'UPSTREAM_FAILED', 'UPSTREAM_CANCELED', 'CANCELED'];

const MOST_TASKS = 3;
const LAST_LINES = 5;
const LONGEST_ERROR = 500;
const LONGEST_LINES = 800;

/** Colours, which notebooks put into their traces. */
const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

/** Why a run broke off for a reason that another run may not meet; null when it did not. */
export function passingCause({ end, tasks }: JobRun): string | null {
  const ends = [...tasks.map((task) => task.end), end].filter((each) => each !== null);
  const broken = ends.find((each) => mayPass(each));
  return broken === undefined ? null : inWords(broken);
}

function mayPass({ result, code, type }: RunEnd): boolean {
  if (result === 'SUCCESS') return false;
  return PASSING_CODES.includes(code) || PASSING_TYPES.includes(type) || result === 'INTERNAL_ERROR';
}

/** Why a run broke off for a reason that is not of the tests' making and stays; null when it did not. */
export function lastingCause({ end, tasks }: JobRun): string | null {
  const ofTasks = tasks.map((task) => task.end).filter((each) => each !== null);
  const broken = ofTasks.find((each) => !NOT_ITS_FAULT.includes(each.result) && !isOwn(each));
  if (broken !== undefined) return inWords(broken);
  return end === null || end.result === 'SUCCESS' || isOwn(end) ? null : inWords(end);
}

/** A run that ends at its limit has failed by itself, whatever code that has. */
function isOwn({ result, code }: RunEnd): boolean {
  return result === 'TIMEDOUT' || (OWN_RESULTS.includes(result) && OWN_CODES.includes(code));
}

/** Result, code and message of an end. */
export function inWords({ result, code, message }: RunEnd): string {
  const name = code === '' || code === result ? result : `${result}, ${code}`;
  return message === '' ? name : `${name}: ${cutTo(message.trim().replace(/\.$/, ''), LONGEST_ERROR)}`;
}

/** What the failed tasks of a run left behind: error and last lines of the trace of each. */
export async function whatFailed(runs: JobRuns, { end, tasks }: JobRun): Promise<string> {
  const failed = tasks.filter((task) => !NOT_ITS_FAULT.includes(task.end?.result ?? 'SUCCESS'));
  const texts = await Promise.all(failed.slice(0, MOST_TASKS).map((task) => whatTaskFailed(runs, task)));
  if (texts.length > 0) return texts.join('; ');
  return end === null ? 'Databricks does not say why' : inWords(end);
}

async function whatTaskFailed(runs: JobRuns, { id, key, end }: TaskRun): Promise<string> {
  const said = end === null ? '' : inWords(end);
  try {
    const { error, trace } = await runs.output(id);
    const lines = cleaned(trace)
      .split('\n')
      .filter((line) => line.trim() !== '');
    const last = lines
      .slice(-LAST_LINES)
      .map((line) => line.trim())
      .join(' | ')
      .slice(-LONGEST_LINES);
    const parts = [
      cutTo(cleaned(error).trim(), LONGEST_ERROR) || said,
      ...(last === '' ? [] : [`trace: … ${last}`]),
    ];
    return `task ${key}: ${parts.join(', ')}`;
  } catch (error) {
    // The tests failed whether or not their output can be had.
    return `task ${key}: ${said} (its output cannot be read: ${cutTo(messageOf(error), LONGEST_ERROR)})`;
  }
}

function cleaned(text: string): string {
  return text.replace(COLOURS, '');
}
