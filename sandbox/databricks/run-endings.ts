import type { Ending } from './run-model.ts';

/** How tasks and runs end, in the words of the service. */
export const SUCCEEDED: Ending = { result: 'SUCCESS', code: 'SUCCESS', type: 'SUCCESS', message: '' };

export const WORKLOAD_FAILED: Ending = {
  result: 'FAILED',
  code: 'RUN_EXECUTION_ERROR',
  type: 'CLIENT_ERROR',
  message: 'Workload failed, see run output for details',
};

export const CANCELLED: Ending = {
  result: 'CANCELED',
  code: 'USER_CANCELED',
  type: 'SUCCESS',
  message: 'Run cancelled.',
};

export const TIMED_OUT: Ending = {
  result: 'TIMEDOUT',
  code: 'RUN_EXECUTION_ERROR',
  type: 'CLIENT_ERROR',
  message: 'Run timed out.',
};

export const UPSTREAM_FAILED: Ending = {
  result: 'UPSTREAM_FAILED',
  code: 'RUN_EXECUTION_ERROR',
  type: 'CLIENT_ERROR',
  message: 'An upstream task failed.',
};

export const EXCLUDED: Ending = {
  result: 'EXCLUDED',
  code: 'SUCCESS',
  type: 'SUCCESS',
  message: 'The condition of the task was not met.',
};

export const TOO_MANY_RUNS: Ending = {
  result: 'MAXIMUM_CONCURRENT_RUNS_REACHED',
  code: 'MAX_CONCURRENT_RUNS_EXCEEDED',
  type: 'CLIENT_ERROR',
  message: 'Skipping this run because the limit of concurrent runs has been reached.',
};

export const CLUSTER_LOST: Ending = {
  result: 'FAILED',
  code: 'CLUSTER_ERROR',
  type: 'CLIENT_ERROR',
  message: 'The cluster of the task was restarted, terminated or removed.',
};

/** A failure that the service, and not the code of the task, found. */
export function failedBecause(code: string, message: string): Ending {
  return { result: 'FAILED', code, type: 'CLIENT_ERROR', message };
}
