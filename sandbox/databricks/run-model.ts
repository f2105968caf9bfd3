import { z } from 'zod';
import type { JobSettings, Task } from './contract/job-settings.ts';

/** A saved job. */
export interface Job {
  id: bigint;
  settings: JobSettings;
  creator: string;
  runAs: string;
  createdAt: number;
  /** When its settings were last sent; a continuous job may begin from then on. */
  changedAt?: number;
  runsStarted: number;
}

/** How a task or a run ended, in the words of the service. */
export interface Ending {
  result:
    | 'SUCCESS'
    | 'FAILED'
    | 'TIMEDOUT'
    | 'CANCELED'
    | 'UPSTREAM_FAILED'
    | 'EXCLUDED'
    | 'MAXIMUM_CONCURRENT_RUNS_REACHED';
  code: string;
  type: 'SUCCESS' | 'CLIENT_ERROR' | 'CLOUD_FAILURE' | 'INTERNAL_ERROR';
  message: string;
}

/** What ends a task in place of its own code: a cluster that is lost, a cloud that fails. */
const scriptedEnding = z.strictObject({
  result: z.enum(['SUCCESS', 'FAILED', 'TIMEDOUT', 'CANCELED']),
  code: z.enum([
    'BREAKING_CHANGE',
    'BUDGET_POLICY_LIMIT_EXCEEDED',
    'CANCELED',
    'CLOUD_FAILURE',
    'CLUSTER_ERROR',
    'CLUSTER_REQUEST_LIMIT_EXCEEDED',
    'CLUSTER_TERMINATED_BY_USER',
    'DISABLED',
    'DRIVER_ERROR',
    'FEATURE_DISABLED',
    'INTERNAL_ERROR',
    'INVALID_CLUSTER_REQUEST',
    'INVALID_RUN_CONFIGURATION',
    'LIBRARY_INSTALLATION_ERROR',
    'MAX_CONCURRENT_RUNS_EXCEEDED',
    'MAX_JOB_QUEUE_SIZE_EXCEEDED',
    'MAX_SPARK_CONTEXTS_EXCEEDED',
    'REPOSITORY_CHECKOUT_FAILED',
    'RESOURCE_NOT_FOUND',
    'RUN_EXECUTION_ERROR',
    'SKIPPED',
    'STORAGE_ACCESS_ERROR',
    'SUCCESS',
    'SUCCESS_WITH_FAILURES',
    'UNAUTHORIZED_ERROR',
    'USER_CANCELED',
    'WORKSPACE_RUN_LIMIT_EXCEEDED',
  ]),
  type: z.enum(['SUCCESS', 'CLIENT_ERROR', 'CLOUD_FAILURE', 'INTERNAL_ERROR']),
  message: z.string(),
});

/** What a test decides about the tasks that match; the newest script that matches wins. */
export const runScript = z.strictObject({
  /** Name of the job or of the submitted run; every one when absent. */
  job: z.string().optional(),
  /** Key of the task; every one when absent. */
  task: z.string().optional(),
  /** For how many tasks; without end when absent. */
  times: z.int().min(1).optional(),
  pendingInMs: z.int().min(0).optional(),
  durationInMs: z.int().min(0).optional(),
  result: z.enum(['SUCCESS', 'FAILED']).optional(),
  /** In place of `result`: with code, type and message. */
  ending: scriptedEnding.optional(),
  output: z.string().optional(),
  error: z.string().optional(),
  errorTrace: z.string().optional(),
  /** Sources that the task loads while it runs, beside its notebook and libraries; times count from its start. */
  loads: z.array(z.strictObject({ path: z.string(), afterInMs: z.int().min(0) })).optional(),
  /** Files that the task leaves behind in volumes when its work ends, whether well or not; cancelled, it leaves none. */
  writes: z.array(z.strictObject({ path: z.string(), content: z.string() })).optional(),
});

export type RunScript = z.infer<typeof runScript>;

/** One attempt at one task of a run. */
export interface TaskRun {
  id: bigint;
  task: Task;
  attempt: number;
  state: 'BLOCKED' | 'QUEUED' | 'PENDING' | 'RUNNING' | 'TERMINATING' | 'TERMINATED';
  /** When the state gives way to the next one; absent while it waits for others. */
  endsAt?: number;
  pendingAt?: number;
  runningAt?: number;
  endedAt?: number;
  ending?: Ending;
  script: RunScript;
  /** How many of the script's loads have happened. */
  loadsDone: number;
}

/** A run of a job, or a submitted one. */
export interface Run {
  id: bigint;
  jobId?: bigint;
  name: string;
  number: number;
  creator: string;
  startedAt: number;
  settings: JobSettings;
  parameters?: object;
  /** What started it; a call when absent. */
  trigger?: 'CONTINUOUS';
  /** Attempts at tasks; of one task the last one counts. */
  tasks: TaskRun[];
  /** Waits for another run of the job. */
  queued: boolean;
  endedAt?: number;
  ending?: Ending;
  repairs: { id: bigint; startedAt: number; taskRunIds: bigint[] }[];
}

/** A task of a run, at a time. */
export interface TaskMoment {
  run: Run;
  taskRun: TaskRun;
  at: number;
}

/** A source that a run loaded: which content, and when. */
export interface LoadedSource {
  run: string;
  task: string;
  path: string;
  /** sha-256 of the content. */
  digest: string;
  /** Milliseconds since 1970. */
  at: number;
}
