import { createHash } from 'node:crypto';
import type { DatabricksState, StoredFile } from './state.ts';

/** One deployed thing. `digest` is the sha-256 of its content, or of its settings without ids, times and order. */
export interface InventoryItem {
  kind: string;
  name: string;
  digest: string;
  /** Language of a notebook. */
  language?: string;
}

export type Inventory = InventoryItem[];

/** Lists what is deployed, sorted by kind and name, so that two workspaces can be compared. */
export function inventoryOf(state: DatabricksState): Inventory {
  const items = [
    ...objectItems(state),
    ...fileItems('dbfs-file', state.dbfs),
    ...[...state.volumes.values()].flatMap(({ info }) =>
      fileItems(
        'volume-file',
        state.volumeFiles.get(info.volume_id) ?? new Map(),
        `/Volumes/${info.full_name.replaceAll('.', '/')}`,
      ),
    ),
    ...securableItems('storage-credential', state.credentials),
    ...securableItems('external-location', state.locations),
    ...securableItems('catalog', state.catalogs),
    ...securableItems('schema', state.schemas),
    ...securableItems('volume', state.volumes),
    ...grantItems(state),
    ...computeItems(state),
    ...[...state.bindings].map(([name, held]) => item('binding', name, [...held].sort())),
    ...permissionItems(state),
  ];
  const keyOf = ({ kind, name, digest }: InventoryItem) => `${kind}\n${name}\n${digest}`;
  return items.sort((a, b) => compare(keyOf(a), keyOf(b)));
}

/** The sha-256 of bytes or text, in hex. */
export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

function objectItems({ objects }: DatabricksState): Inventory {
  const deployed = [...objects].filter(([path]) => !['/', '/Shared', '/Users', '/Repos'].includes(path));
  return deployed.map(([name, { type, content, language }]) => ({
    kind: type.toLowerCase(),
    name,
    digest: sha256(content),
    ...(language ? { language } : {}),
  }));
}

function fileItems(kind: string, files: ReadonlyMap<string, StoredFile>, root = ''): Inventory {
  return [...files].flatMap(([path, { content }]) =>
    content ? [{ kind, name: root + path, digest: sha256(content) }] : [],
  );
}

function securableItems(kind: string, stored: ReadonlyMap<string, { info: object }>): Inventory {
  return [...stored].map(([name, { info }]) => item(kind, name, settingsOf(info)));
}

function grantItems({ grants, metastoreId }: DatabricksState): Inventory {
  return [...grants].flatMap(([securable, held]) =>
    [...held].map(([principal, privileges]) =>
      item('grant', `${securable.replace(metastoreId, 'metastore')} ${principal}`, [...privileges].sort()),
    ),
  );
}

/** Access that somebody gave, by the names of what it is given on; what comes with every object is left out. */
function permissionItems(state: DatabricksState): Inventory {
  const names = new Map<string, string>([
    ...[...state.jobs.values()].map(({ id, settings }) => [`/jobs/${id}`, settings.name ?? ''] as const),
    ...namesOf(state).map(([id, name]) => [id, name] as const),
    ...[...state.objects].map(([path, { objectId }]) => [String(objectId), path] as const),
  ]);
  return [...state.permissions].flatMap(([key, entries]) => {
    const [, type = '', id = ''] = key.split('/');
    const name = names.get(key) ?? names.get(id);
    const given = entries.filter(({ inherited, comesWithIt }) => !inherited && !comesWithIt);
    if (name === undefined || given.length === 0) return [];
    return item('permission', `${type} ${name}`, given.map((entry) => canonical(entry)).sort());
  });
}

/** Names of clusters and policies by their ids, which differ between two workspaces. */
function namesOf({ clusters, policies }: DatabricksState): [string, string][] {
  return [
    ...[...clusters.values()].map(({ id, spec }): [string, string] => [id, spec.cluster_name ?? '']),
    ...[...policies.values()].map((policy): [string, string] => [policy.policy_id, policy.name ?? '']),
  ];
}

/** Jobs, clusters and policies go by their names; names that are not unique come more than once. */
function computeItems(state: DatabricksState): Inventory {
  const { jobs, clusters, policies } = state;
  const names = new Map(namesOf(state));
  const named = (value: unknown): unknown =>
    JSON.parse(canonical(value), (_key, inner) =>
      typeof inner === 'string' ? (names.get(inner) ?? inner) : inner,
    );
  return [
    ...[...jobs.values()].map(({ settings, runAs }) =>
      item('job', settings.name ?? '', named({ ...settings, runAs })),
    ),
    ...[...clusters.values()].map(({ spec, libraries }) =>
      item('cluster', spec.cluster_name ?? '', {
        spec: named(spec),
        libraries: libraries.map(({ library }) => canonical(library)).sort(),
      }),
    ),
    ...[...policies.values()].map((policy) => item('policy', policy.name ?? '', settingsOf(policy))),
  ];
}

/** Fields that differ between two deployments of the same thing. */
const INCIDENTAL =
  /^(created_|updated_|creator_user_name$|metastore_id$|id$|credential_id$|schema_id$|volume_id$|policy_id$)/;

/** The settings of a securable or a policy, at every depth; places that the server chose are no setting, nor is what is empty. */
function settingsOf(info: object): object {
  const isSetting = ([key, value]: [string, unknown]) =>
    !INCIDENTAL.test(key) && !String(value).includes('/__unitystorage/') && !isEmpty(value);
  const settings = Object.entries(info).filter(isSetting);
  return Object.fromEntries(
    settings.map(([key, value]) => [key, isPlain(value) ? settingsOf(value) : value]),
  );
}

/** No comment and an empty one are the same to whoever reads it, and so are no properties or libraries and none of them. */
function isEmpty(value: unknown): boolean {
  return value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function item(kind: string, name: string, value: unknown): InventoryItem {
  return { kind, name, digest: sha256(canonical(value)) };
}

/** JSON with sorted keys; big integers as text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === 'bigint') return String(inner);
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => compare(a, b)));
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
