import type { Instant } from '../release/model.ts';

/** A body or an answer of the REST API, with its own keys. Ids in answers are text. */
export type ApiObject = Readonly<Record<string, unknown>>;

export interface Job {
  readonly id: string;
  readonly name: string;
  /** As the API tells them: what was sent, and what the server adds. All tasks, whatever the number of pages. */
  readonly settings: ApiObject;
  /** Address or application id that it runs as, whatever its settings tell of that; empty where it is not told. */
  readonly runAs: string;
  /** Who made it; empty where it is not told. */
  readonly maker: string;
}

/** Jobs of a workspace (API 2.2). */
export interface Jobs {
  /** Jobs of exactly this name, the ones with other capitals left out, oldest first. Names are not unique. */
  find(name: string): Promise<readonly Job[]>;
  /** Null when there is none. */
  get(id: string): Promise<Job | null>;
  /**
   * The same for somebody who may not see all jobs: Databricks looks at rights first, so `hidden` is one that is gone or
   * one of others.
   */
  look(id: string): Promise<Job | 'hidden' | null>;
  /** Makes a job. Doing it twice makes two: look first, also after an answer that was lost. @returns its id. */
  create(settings: ApiObject): Promise<string>;
  /** Replaces all settings; an omitted `run_as` stays. Runs that have begun keep those they began with. */
  reset(id: string, settings: ApiObject): Promise<'done' | 'no-job'>;
  /** Removes a job; one that is gone is fine. */
  remove(id: string): Promise<void>;
}

/** One attempt at one task of a run. */
export interface TaskRun {
  readonly id: string;
  readonly key: string;
  /** What it is made of, with the keys of the API: notebook, libraries, cluster. */
  readonly task: ApiObject;
  /** Whether it was ever worked at; not while it waits for its turn or for compute, and not when it ended so. */
  readonly hasBegun: boolean;
  readonly end: RunEnd | null;
}

/** How a run or a task ended. */
export interface RunEnd {
  /** `SUCCESS`, `FAILED`, `TIMEDOUT`, `CANCELED`, `SKIPPED`, `INTERNAL_ERROR`, … */
  readonly result: string;
  /** Of `termination_details`, e.g. `RUN_EXECUTION_ERROR`, `CLUSTER_ERROR`, `CLOUD_FAILURE`; empty where it is not told. */
  readonly code: string;
  /** `SUCCESS`, `CLIENT_ERROR`, `CLOUD_FAILURE` or `INTERNAL_ERROR`; empty where it is not told. */
  readonly type: string;
  readonly message: string;
  readonly at: Instant | null;
}

/** A run of a job, or a submitted one. */
export interface JobRun {
  readonly id: string;
  /** Null for a submitted run. */
  readonly job: string | null;
  readonly name: string;
  readonly startedAt: Instant;
  /** What began it: `ONE_TIME`, `PERIODIC`, `CONTINUOUS`, …; empty where it is not told. */
  readonly trigger: string;
  /** For people. Never followed by us. */
  readonly page: string;
  /** Null while it waits, runs or is being ended. */
  readonly end: RunEnd | null;
  /** The last attempt at each task. */
  readonly tasks: readonly TaskRun[];
}

/** A time in which runs began; without an end until now. */
export interface Began {
  readonly from: Instant;
  readonly to?: Instant;
}

/** Runs of a workspace. */
export interface JobRuns {
  /**
   * Starts a one-time run. The same token gives the same run, however often it is sent.
   * @param token at most 64 characters.
   * @returns id of the run.
   */
  submit(body: ApiObject, token: string): Promise<string>;
  /** Null when there is none (any more: runs are kept for 60 days). */
  get(id: string): Promise<JobRun | null>;
  /** What a task left behind: its error and trace, or the beginning of its output (5 MB at most). */
  output(taskRun: string): Promise<{ readonly text: string; readonly error: string; readonly trace: string }>;
  /** Asks for the end of a run; one that is over is fine. */
  cancel(id: string): Promise<void>;
  /** All runs that wait, run or are being ended, of every job and submitted ones, with their tasks. */
  active(): Promise<readonly JobRun[]>;
  /**
   * Runs of a job that began in this time, both ends included, newest first, without their tasks.
   * @param most after so many, rounded up to whole pages, no more are asked for.
   */
  ofJob(
    job: string,
    began: Began,
    most: number,
  ): Promise<{ readonly runs: readonly JobRun[]; readonly isAll: boolean }>;
}
