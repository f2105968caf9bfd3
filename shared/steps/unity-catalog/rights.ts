import type { DatabricksClient, Grant, SecurableKind, UnityCatalog } from '../../engine/databricks-client.ts';
import { Refusal } from '../../errors.ts';
import type { Change } from '../../release/plan.ts';
import { inParallel } from '../in-parallel.ts';
import { isSomebody } from '../principals.ts';
import { dataOf } from './change.ts';

/** Something in Unity Catalog, by kind and full name; the metastore has none. */
interface Thing {
  readonly kind: SecurableKind | 'metastore';
  readonly name: string;
}

/** One of some privileges on a thing, and the changes that need it. */
interface Need {
  readonly on: Thing;
  readonly privileges: readonly string[];
  /** What is to be done, e.g. `make catalog main`. */
  readonly what: readonly string[];
}

/** Who holds what on a thing; owners of what is above it count, too. */
interface Held {
  readonly owners: readonly string[];
  readonly grants: readonly Grant[];
}

/**
 * The rights that a plan needs and Slipway's identity does not have. Only what is sure: where a right may come from a
 * group that the workspace does not tell of, or may not be read, nothing is said, and Databricks will say it.
 * @returns one sentence for each missing right.
 */
export async function missingRights(changes: readonly Change[], client: DatabricksClient): Promise<string[]> {
  const needs = needsOf(changes);
  if (needs.length === 0) return [];
  const [me, metastore] = await Promise.all([client.me(), client.unityCatalog.metastore()]);
  const things = new Map(needs.map(({ on }) => [`${on.kind} ${on.name}`, on]));
  const held = new Map<string, Held | null>();
  await inParallel([...things], { inFlight: 10 }, async ([key, thing]) => {
    held.set(key, await heldOn(thing, metastore, client.unityCatalog));
  });
  const missing = needs.filter((need) => {
    const there = held.get(`${need.on.kind} ${need.on.name}`) ?? null;
    return there !== null && !isHeld(need, there, me);
  });
  return missing.map((need) => sentence(need, me.userName)).sort();
}

const TARGET = /^(storage-credential|external-location|catalog|schema|volume) (.+)$/;

const TO_MAKE: Record<SecurableKind, readonly string[]> = {
  'storage-credential': ['CREATE_STORAGE_CREDENTIAL'],
  'external-location': ['CREATE_EXTERNAL_LOCATION'],
  catalog: ['CREATE_CATALOG'],
  schema: ['CREATE_SCHEMA', 'ALL_PRIVILEGES'],
  volume: ['CREATE_VOLUME', 'ALL_PRIVILEGES'],
};

/** What is made in the plan is ours, so nothing is needed on it or below it. */
function needsOf(changes: readonly Change[]): Need[] {
  const made = new Set(changes.filter(({ action }) => action === 'create').map(({ target }) => target));
  const needs = new Map<string, Need>();
  for (const change of changes) {
    const need = needOf(change);
    if (need === null || made.has(`${need.on.kind} ${need.on.name}`)) continue;
    const key = `${need.privileges.join()} ${need.on.kind} ${need.on.name}`;
    needs.set(key, { ...need, what: [...(needs.get(key)?.what ?? []), ...need.what] });
  }
  return [...needs.values()];
}

function needOf(change: Change): Need | null {
  const data = dataOf(change);
  const target = data !== null && 'of' in data ? data.of : change.target;
  const [, found, name = ''] = TARGET.exec(target) ?? [];
  if (!isKind(found)) return null;
  if (change.action !== 'create')
    return { on: { kind: found, name }, privileges: ['MANAGE'], what: [`change ${change.target}`] };
  const above = name.slice(0, name.lastIndexOf('.'));
  const parent = found === 'schema' ? 'catalog' : 'schema';
  const isInside = found === 'schema' || found === 'volume';
  const on: Thing = isInside ? { kind: parent, name: above } : { kind: 'metastore', name: '' };
  return { on, privileges: TO_MAKE[found], what: [`make ${target}`] };
}

function isKind(kind: string | undefined): kind is SecurableKind {
  return kind !== undefined && kind in TO_MAKE;
}

/** Null when it may not be read, or there is no such thing. */
async function heldOn({ kind, name }: Thing, metastore: Metastore, api: UnityCatalog): Promise<Held | null> {
  try {
    const places = kind === 'metastore' ? [] : placesOf(kind, name);
    const [grants, ...infos] = await Promise.all([
      api.effectiveGrants(kind, kind === 'metastore' ? metastore.id : name),
      ...places.map((place) => api.find(place.kind, place.name)),
    ]);
    if (grants === null) return null;
    return { owners: [metastore.owner, ...infos.map((info) => String(info?.owner ?? ''))], grants };
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}

/** A securable and those that it is in. */
function placesOf(kind: SecurableKind, name: string): { kind: SecurableKind; name: string }[] {
  const [catalog = '', schema = ''] = name.split('.');
  const above = { kind: 'catalog' as const, name: catalog };
  if (kind === 'schema') return [{ kind, name }, above];
  return kind === 'volume'
    ? [{ kind, name }, { kind: 'schema', name: `${catalog}.${schema}` }, above]
    : [{ kind, name }];
}

type Metastore = Awaited<ReturnType<UnityCatalog['metastore']>>;
type Identity = Awaited<ReturnType<DatabricksClient['me']>>;

function isHeld({ privileges }: Need, { owners, grants }: Held, me: Identity): boolean {
  if (owners.some((owner) => mayBeUs(owner, me))) return true;
  return grants.some(
    (grant) => mayBeUs(grant.principal, me) && grant.privileges.some((each) => privileges.includes(each)),
  );
}

/** A person, an application and Databricks itself are somebody else for sure. Of a group nobody tells all members. */
function mayBeUs(principal: string, { userName, groups }: Identity): boolean {
  if (principal.toLowerCase() === userName.toLowerCase() || groups.includes(principal)) return true;
  if (principal.startsWith('_workspace_admins_')) return groups.includes('admins');
  return !isSomebody(principal) && principal !== 'System user';
}

function sentence({ on, privileges: [first], what }: Need, userName: string): string {
  const where = on.kind === 'metastore' ? 'the metastore of this workspace' : `${on.kind} ${on.name}`;
  return `Slipway's identity (${userName}) may not ${what.join(', ')}: grant it ${first} on ${where}.`;
}
