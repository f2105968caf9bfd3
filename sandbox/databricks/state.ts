import type { z } from 'zod';
import type { Chance } from '../twin/chance.ts';
import type { Cluster, Policy } from './cluster-model.ts';
import type { credentialInfo, locationInfo } from './contract/storage-table.ts';
import type { catalogInfo, schemaInfo, volumeInfo } from './contract/unity-catalog-table.ts';
import type { Job, LoadedSource, Run, RunScript } from './run-model.ts';

export type Language = 'PYTHON' | 'R' | 'SCALA' | 'SQL';
export type CatalogInfo = z.infer<typeof catalogInfo>;
export type SchemaInfo = z.infer<typeof schemaInfo>;
export type VolumeInfo = z.infer<typeof volumeInfo>;
export type CredentialInfo = z.infer<typeof credentialInfo>;
export type LocationInfo = z.infer<typeof locationInfo>;

/** An object of the workspace tree. The content of a notebook is its source with the header line. */
export interface WorkspaceObject {
  objectId: bigint;
  type: 'DIRECTORY' | 'FILE' | 'NOTEBOOK';
  language?: Language;
  content: Uint8Array;
  createdAt: number;
  modifiedAt: number;
}

/** A file of DBFS or of a volume; a directory has no content. */
export interface StoredFile {
  content?: Uint8Array;
  modifiedAt: number;
}

/** A file that `dbfs/create` opened and `dbfs/close` has not finished. */
export interface Upload {
  path: string;
  blocks: Uint8Array[];
  lastUsedAt: number;
}

/** A securable of Unity Catalog, with how many more reads will not see it. */
export interface Stored<Info> {
  info: Info;
  createdAt: number;
  hiddenReads: number;
}

/** One entry of an access control list. */
export interface AccessEntry {
  kind: 'user_name' | 'group_name' | 'service_principal_name';
  name: string;
  level: string;
  inherited: boolean;
  /** Whether it is there because the object was made, and nobody gave it. */
  comesWithIt?: true;
}

/** Everything that the twin remembers. Keys of securables are full names in lower case. */
export interface DatabricksState {
  workspaceId: bigint;
  metastoreId: string;
  objects: Map<string, WorkspaceObject>;
  dbfs: Map<string, StoredFile>;
  uploads: Map<string, Upload>;
  catalogs: Map<string, Stored<CatalogInfo>>;
  schemas: Map<string, Stored<SchemaInfo>>;
  volumes: Map<string, Stored<VolumeInfo>>;
  credentials: Map<string, Stored<CredentialInfo>>;
  locations: Map<string, Stored<LocationInfo>>;
  /** Files by volume id, then by path below the volume. */
  volumeFiles: Map<string, Map<string, StoredFile>>;
  /** Privileges by `TYPE name`, then by principal. */
  grants: Map<string, Map<string, Set<string>>>;
  /** Binding types by `TYPE name`, then by workspace id. */
  bindings: Map<string, Map<string, string>>;
  /** Access control lists by `/type/id`. */
  permissions: Map<string, AccessEntry[]>;
  clusters: Map<string, Cluster>;
  policies: Map<string, Policy>;
  /** Jobs and runs by id as decimal text. */
  jobs: Map<string, Job>;
  runs: Map<string, Run>;
  /** Run ids by idempotency token. */
  tokens: Map<string, string>;
  scripts: RunScript[];
  loadedSources: LoadedSource[];
}

/** A workspace with its usual top folders and nothing deployed. */
export function newState(chance: Chance, now: number): DatabricksState {
  const folder = (): WorkspaceObject => ({
    objectId: chance.int64(),
    type: 'DIRECTORY',
    content: new Uint8Array(),
    createdAt: now,
    modifiedAt: now,
  });
  return {
    workspaceId: chance.int64(),
    metastoreId: chance.uuid(),
    objects: new Map(['/', '/Shared', '/Users', '/Repos'].map((path) => [path, folder()])),
    dbfs: new Map([['/', { modifiedAt: now }]]),
    uploads: new Map(),
    catalogs: new Map(),
    schemas: new Map(),
    volumes: new Map(),
    credentials: new Map(),
    locations: new Map(),
    volumeFiles: new Map(),
    grants: new Map(),
    bindings: new Map(),
    permissions: new Map(),
    clusters: new Map(),
    policies: new Map(),
    jobs: new Map(),
    runs: new Map(),
    tokens: new Map(),
    scripts: [],
    loadedSources: [],
  };
}
