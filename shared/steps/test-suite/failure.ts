import type { JobRun, JobRuns, RunEnd, TaskRun } from '../../engine/databricks-jobs-client.ts';
import { messageOf } from '../../errors.ts';
import { cutTo } from './report.ts';

/** Codes of ends that say nothing of the tests: the compute or the service broke, or had no place. */
const TECHNICAL_CODES = [
  'CLOUD_FAILURE',
  'CLUSTER_ERROR',
  'CLUSTER_REQUEST_LIMIT_EXCEEDED',
  'DRIVER_ERROR',
  'INTERNAL_ERROR',
  'MAX_CONCURRENT_RUNS_EXCEEDED',
  'MAX_JOB_QUEUE_SIZE_EXCEEDED',
  'WORKSPACE_RUN_LIMIT_EXCEEDED',
];
const TECHNICAL_TYPES = ['CLOUD_FAILURE', 'INTERNAL_ERROR'];

/** Ends of tasks that only follow from how others ended, or are none to speak of. */
const NOT_ITS_FAULT = ['SUCCESS', 'SKIPPED', 'EXCLUDED', 'UPSTREAM_FAILED', 'UPSTREAM_CANCELED', 'CANCELED'];

const MOST_TASKS = 3;
const LAST_LINES = 5;
const LONGEST_ERROR = 500;
const LONGEST_LINES = 800;

/** Colours, which notebooks put into their traces. */
const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

/** Why a run broke off for a reason that another run may not meet; null when it ended by itself. */
export function technicalCause({ end, tasks }: JobRun): string | null {
  const ends = [...tasks.map((task) => task.end), end].filter((each) => each !== null);
  const broken = ends.find((each) => isTechnical(each));
  return broken === undefined ? null : inWords(broken);
}

function isTechnical({ result, code, type }: RunEnd): boolean {
  if (result === 'SUCCESS') return false;
  return TECHNICAL_CODES.includes(code) || TECHNICAL_TYPES.includes(type) || result === 'INTERNAL_ERROR';
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
