import type { Chance } from '../twin/chance.ts';
import type { Clock } from '../twin/clock.ts';
import type { Task } from './contract/job-settings.ts';
import type { RunScript } from './run-model.ts';
import type { DatabricksState } from './state.ts';

/** What a task sees of its workspace. */
export interface TaskView {
  /** Paths of all files and notebooks below a folder. */
  filesBelow(folder: string): readonly string[];
  read(path: string): Uint8Array | undefined;
}

/** What may differ between two workspaces. */
export interface DatabricksOptions {
  /** Storage root of the metastore; without it every catalog must name its own. */
  metastoreStorageRoot?: string;
  region?: string;
  /** Owner of the metastore, a person; privileges count then. Without it a group owns it, and everyone may all. */
  metastoreOwner?: string;
  /** `disabled` refuses every DBFS call, as accounts made since 2025 do (default `enabled`). */
  dbfsRoot?: 'enabled' | 'disabled';
  /** How many reads of a new securable still answer 404 (default 0). */
  hiddenReads?: number;
  /** How long a new securable answers 404 to reads (default 0). */
  hiddenForInMs?: number;
  /** Whether paged lists begin with an empty page (default true). */
  emptyFirstPage?: boolean;
  /** Status for creating a securable that exists: services of different age say 400 or 409 (default 400). */
  existsStatus?: 400 | 409;
  /** Statuses of "not found" for jobs, runs and clusters: 400 as long documented, or 404 (default 400). */
  notFoundStatus?: 400 | 404;
  /** How many files one DBFS delete removes before it answers 503 and wants to be called again. */
  dbfsDeleteBatch?: number;
  /** Principals that the workspace lets in without any right: they get 403 before existence is looked at. */
  strangers?: readonly string[];
  /**
   * The workspace in Azure: a stranger who names it and brings a token of Azure, of somebody who may manage it, is let
   * in. Without it no stranger is.
   */
  resource?: { id: string; isContributor(managementToken: string | undefined): boolean };
  /** Principals that are administrators; without it everyone is. */
  admins?: readonly string[];
  /** Further groups that everybody is in; none by default. */
  groups?: readonly string[];
  /** Principals that grants and permissions may name; without it every name is known. */
  principals?: readonly string[];
  /** How long a cluster takes to start (default 200) and to stop (default 50). */
  clusterStartInMs?: number;
  clusterStopInMs?: number;
  /** How long a running cluster takes to install a library (default 50). */
  libraryInstallInMs?: number;
  /** How long a task waits for its compute (default 50) and runs (default 100) where no script says otherwise. */
  taskPendingInMs?: number;
  taskDurationInMs?: number;
  /** How long a cancelled run takes to end (default 50). */
  cancelInMs?: number;
  /** What a task does for which no script was given; it is asked when the task begins. */
  work?: (task: Task, view: TaskView) => RunScript;
  /** Whether an access connector's identity may use a storage URL; without it every one may. */
  canAccess?: (access: { accessConnectorId: string; url: string }) => boolean;
}

/** What every route of the twin works with. */
export interface DatabricksContext {
  state: DatabricksState;
  clock: Clock;
  chance: Chance;
  options: DatabricksOptions;
}
