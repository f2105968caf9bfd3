import type { Instant } from '../release/model.ts';
import type { ClusterPolicies, Clusters, Permissions } from './databricks-compute-client.ts';
import type { JobRuns, Jobs } from './databricks-jobs-client.ts';

/**
 * A Databricks workspace, as far as a release needs it. Paths are absolute. Ids are text, since they may be larger
 * than a JavaScript number can hold.
 *
 * Every call may throw
 * - `Refusal` when the workspace says no and would say no again: no permission, an invalid value, a sign-in page
 * - `TransientFailure` when it could not answer this time, after the retries of one HTTP call
 */
export interface DatabricksClient {
  readonly workspaceUrl: string;
  readonly workspace: WorkspaceTree;
  readonly volumes: VolumeFiles;
  readonly dbfs: DbfsFiles;
  readonly unityCatalog: UnityCatalog;
  readonly jobs: Jobs;
  readonly runs: JobRuns;
  readonly clusters: Clusters;
  readonly policies: ClusterPolicies;
  readonly permissions: Permissions;
  /** Who the workspace thinks we are, and the names of our groups, as far as it knows them. */
  me(): Promise<{ readonly id: string; readonly userName: string; readonly groups: readonly string[] }>;
}

export type NotebookLanguage = 'PYTHON' | 'SQL' | 'SCALA' | 'R';

/**
 * What the workspace makes of imported content. `SOURCE` and `JUPYTER` make a notebook at exactly this path;
 * `RAW` makes a file and never looks into it.
 */
export type ImportForm =
  | { readonly format: 'SOURCE'; readonly language: NotebookLanguage }
  | { readonly format: 'JUPYTER' }
  | { readonly format: 'RAW' };

export interface WorkspaceObject {
  readonly path: string;
  /** `NOTEBOOK`, `FILE`, `DIRECTORY`, or another type such as `REPO`. */
  readonly type: string;
  readonly id: string;
  /** Of notebooks only. */
  readonly language: string | null;
  /** Bytes; known of files only. */
  readonly size: number | null;
  readonly modifiedAt: Instant | null;
}

/** Folders, notebooks and files of the workspace. One object may hold at most 10 MiB. */
export interface WorkspaceTree {
  /**
   * Writes one object, whatever was there before.
   * @returns `no-folder` when the parent does not exist, `other-type` when a folder, or a file in place of a
   * notebook or the reverse, is at the path: nothing was written then.
   */
  put(path: string, content: Uint8Array, form: ImportForm): Promise<'done' | 'no-folder' | 'other-type'>;
  /**
   * Makes a folder and all above it; one that exists is fine.
   * @returns `in-the-way` when a file or notebook is on the path.
   */
  makeFolder(path: string): Promise<'done' | 'in-the-way'>;
  /**
   * Makes a folder of a zip archive of at most 10 MiB: every source in it becomes a notebook without extension.
   * @returns `exists` when there is something at the path: nothing was written then.
   */
  putArchive(folder: string, zip: Uint8Array): Promise<'done' | 'exists'>;
  /** Removes one object; a folder only when it is empty. What is not there is fine. */
  remove(path: string): Promise<'done' | 'not-empty'>;
  /**
   * Removes a folder with everything in it; one that is gone is fine.
   * @throws Error for a path that is not the folder of one version (`…/releases/<16 hex digits>`).
   */
  removeTree(folder: string): Promise<void>;
  /** Everything right inside a folder; null when there is no such folder. */
  list(path: string): Promise<readonly WorkspaceObject[] | null>;
  /** One object; null when there is none. */
  status(path: string): Promise<WorkspaceObject | null>;
  /** Content of a file, or source of a notebook; null when there is none. */
  read(path: string): Promise<Uint8Array | null>;
}

export interface VolumeEntry {
  readonly path: string;
  readonly isFolder: boolean;
  readonly size: number | null;
}

/** Files in volumes of Unity Catalog: paths begin with `/Volumes/catalog/schema/volume`. */
export interface VolumeFiles {
  /**
   * Writes one file of up to 5 GiB, whatever was there before.
   * @returns `no-volume` when the volume does not exist.
   */
  put(path: string, content: Uint8Array): Promise<'done' | 'no-volume'>;
  /** Makes a folder and all above it; one that exists is fine. */
  makeFolder(path: string): Promise<'done' | 'no-volume'>;
  /** Size in bytes; null when there is no such file. */
  size(path: string): Promise<number | null>;
  /** Content; null when there is no such file. */
  read(path: string): Promise<Uint8Array | null>;
  /** Everything right inside a folder; null when there is no such folder. */
  list(path: string): Promise<readonly VolumeEntry[] | null>;
  /** Removes one file; one that is not there is fine. */
  remove(path: string): Promise<void>;
  /** Removes a folder if it is empty; one that is gone is fine. */
  removeFolder(path: string): Promise<'done' | 'not-empty'>;
}

/** Files of DBFS, where it still works: new accounts have none. Paths come with or without `dbfs:`. */
export interface DbfsFiles {
  /** Writes one file, in blocks where it is larger than one call may carry, and checks that all of it arrived. */
  put(path: string, content: Uint8Array): Promise<void>;
  /** Size in bytes; null when there is no such file. */
  size(path: string): Promise<number | null>;
  /** Removes one file, or a folder if it is empty; what is not there is fine. */
  remove(path: string): Promise<'done' | 'not-empty'>;
}

export type SecurableKind = 'storage-credential' | 'external-location' | 'catalog' | 'schema' | 'volume';

/** A securable as the API shows it: the fields that were sent, and more that the server adds. */
export type SecurableInfo = Readonly<Record<string, unknown>>;

/** What one principal may do; privileges are spelled with underscores. */
export interface Grant {
  readonly principal: string;
  readonly privileges: readonly string[];
}

export interface GrantChange {
  readonly principal: string;
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** Why a securable was not made or changed. `denied` may pass: a role assignment in Azure takes minutes to work. */
export type NotDone = { readonly not: 'exists' | 'no-parent' | 'denied'; readonly why: string };

/** Securables of Unity Catalog, by full name (`catalog.schema.volume`); names are not case-sensitive. */
export interface UnityCatalog {
  /** Null when there is none. One that was made a moment ago may still be missing. */
  find(kind: SecurableKind, fullName: string): Promise<SecurableInfo | null>;
  /** The securables of a kind; schemas of the catalog, volumes of the schema named by `parent`. */
  list(kind: SecurableKind, parent?: string): Promise<readonly SecurableInfo[]>;
  /**
   * @param body as the REST API takes it, with the names of its parents.
   * @returns null when it was made.
   */
  create(kind: SecurableKind, body: SecurableInfo): Promise<NotDone | null>;
  /** @returns null when it was changed. */
  update(kind: SecurableKind, fullName: string, fields: SecurableInfo): Promise<NotDone | null>;
  /** What was granted on this very object; null when there is no such object (yet). */
  grants(kind: SecurableKind, fullName: string): Promise<readonly Grant[] | null>;
  /** What principals may do with it, inherited privileges included; null when there is no such object. */
  effectiveGrants(kind: SecurableKind | 'metastore', fullName: string): Promise<readonly Grant[] | null>;
  /**
   * Adds and removes privileges; what is so already stays so.
   * @returns `no-securable` when there is no such object (yet).
   */
  changeGrants(
    kind: SecurableKind,
    fullName: string,
    changes: readonly GrantChange[],
  ): Promise<'done' | 'no-securable'>;
  /** The metastore of the workspace; a null root means that every catalog must name its own storage. */
  metastore(): Promise<{
    readonly id: string;
    readonly storageRoot: string | null;
    /** A person, an application or a group. */
    readonly owner: string;
  }>;
}
