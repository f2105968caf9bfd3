import type { ApiObject } from './databricks-jobs-client.ts';

export interface Cluster {
  readonly id: string;
  readonly name: string;
  /** `PENDING`, `RUNNING`, `RESTARTING`, `RESIZING`, `TERMINATING`, `TERMINATED`, `ERROR`, `UNKNOWN`. */
  readonly state: string;
  /** Its settings, and what the server adds. */
  readonly spec: ApiObject;
  /** The settings that it was made or last edited with, fit to be sent again; null where the API does not tell them. */
  readonly asked: ApiObject | null;
}

export interface InstalledLibrary {
  /** As it was given, e.g. `{ whl: … }`. */
  readonly library: ApiObject;
  /** `INSTALLED`, `PENDING`, `FAILED`, `UNINSTALL_ON_RESTART`, … */
  readonly status: string;
  /** Why it could not be installed, for people; empty where it is not told. */
  readonly message: string;
}

/** All-purpose clusters of a workspace (API 2.1). */
export interface Clusters {
  /** Clusters that people or programs made (not those of jobs), of exactly this name, oldest first. */
  find(name: string): Promise<readonly Cluster[]>;
  /** Null when there is none. */
  get(id: string): Promise<Cluster | null>;
  /** Makes a cluster and starts it. Doing it twice makes two: look first. @returns its id. */
  create(spec: ApiObject): Promise<string>;
  /**
   * Replaces the settings; a running cluster restarts with them, and its runs end.
   * @returns `not-now` while the cluster starts, restarts or stops: nothing was changed then.
   */
  edit(id: string, spec: ApiObject): Promise<'done' | 'no-cluster' | 'not-now'>;
  /** Restarts a running cluster. @returns `not-now` when it does not run: nothing was done then. */
  restart(id: string): Promise<'done' | 'no-cluster' | 'not-now'>;
  /** Removes a cluster for good; one that is gone is fine. */
  remove(id: string): Promise<void>;
  libraries(id: string): Promise<readonly InstalledLibrary[]>;
  /** Libraries of every cluster of the workspace, by id. */
  allLibraries(): Promise<ReadonlyMap<string, readonly InstalledLibrary[]>>;
  /** On a running cluster at once, else at its next start. What is installed already is not installed again. */
  install(id: string, libraries: readonly ApiObject[]): Promise<void>;
  /** At the next start: a running cluster keeps them until then. */
  uninstall(id: string, libraries: readonly ApiObject[]): Promise<void>;
}

export interface ClusterPolicy {
  readonly id: string;
  readonly name: string;
  /** As the API tells it; `definition` is text. */
  readonly settings: ApiObject;
}

/** Cluster policies of a workspace (API 2.0). Their names are unique. */
export interface ClusterPolicies {
  find(name: string): Promise<ClusterPolicy | null>;
  get(id: string): Promise<ClusterPolicy | null>;
  /** @returns its id, or `exists` when the name is taken. */
  create(settings: ApiObject): Promise<{ readonly id: string } | 'exists'>;
  edit(id: string, settings: ApiObject): Promise<'done' | 'no-policy'>;
  /** One that is gone is fine. */
  remove(id: string): Promise<void>;
}

export type ProtectedKind = 'jobs' | 'clusters' | 'cluster-policies' | 'directories';

/** Who may do what with an object; exactly one of the three names is set. */
export interface AccessEntry {
  readonly user_name?: string;
  readonly group_name?: string;
  readonly service_principal_name?: string;
  readonly permission_level: string;
}

/** Access to objects of the workspace (API 2.0). */
export interface Permissions {
  /** What was given on this very object, inherited entries left out; null when there is no such object. */
  get(kind: ProtectedKind, id: string): Promise<readonly AccessEntry[] | null>;
  /** Adds entries; one for the same principal replaces its old one. */
  add(kind: ProtectedKind, id: string, entries: readonly AccessEntry[]): Promise<'done' | 'no-object'>;
  /** Replaces what was given on this very object; the owner stays. */
  set(kind: ProtectedKind, id: string, entries: readonly AccessEntry[]): Promise<'done' | 'no-object'>;
}
