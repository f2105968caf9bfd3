import type { DatabricksClient } from '../../engine/databricks-client.ts';
import type { AccessEntry } from '../../engine/databricks-compute-client.ts';
import { canonicalJson, sha256 } from '../../release/canonical-json.ts';
import type { Change } from '../../release/plan.ts';
import { inParallel } from '../in-parallel.ts';
import { VERSION_FOLDER } from '../release-layout.ts';
import type { TaskEnd } from '../work-through.ts';
import type { Kind } from './file.ts';
import { isOwner, principalOf } from './file.ts';
import { runAsOf } from './identity.ts';
import type { Sight } from './look.ts';
import type { AccessData, Given, Memory } from './memory.ts';
import { alsoGiven, entriesOf } from './memory.ts';
import { PROTECTED } from './things.ts';
import type { Wanted } from './wanted.ts';
import { targetOf } from './wanted.ts';

/** Something that access is given on. */
interface Protected {
  readonly kind: Kind;
  readonly target: string;
  readonly wanted: readonly AccessEntry[];
  readonly given: readonly Given[];
}

/** What the plan of access works with. */
export interface AccessSite {
  readonly client: DatabricksClient;
  readonly memory: Memory;
  readonly sight: Sight;
}

const FOLDER = targetOf('folder', '');

/** Access that would be given and taken back. What others gave stays, except where the file says another level. */
export async function changesOfAccess(wanted: readonly Wanted[], site: AccessSite): Promise<Change[]> {
  const changes: Change[] = [];
  await inParallel(protectedBy(wanted, site.memory), { inFlight: 10 }, async (one) => {
    const id = await idOf(one, site);
    const held = id === null ? null : await site.client.permissions.get(PROTECTED[one.kind], id);
    const change = changeOf(one, held);
    if (change !== null) changes.push(change);
  });
  return changes;
}

/** Folders of versions go as a whole, and running jobs may need them: nothing is taken back there. */
function protectedBy(wanted: readonly Wanted[], { access, things }: Memory): Protected[] {
  const targets = new Set(wanted.map(({ target }) => target));
  const asked = wanted.map(({ kind, target, symbolic }) => ({
    ...{ kind, target, wanted: symbolic.access },
    given: access.get(target) ?? [],
  }));
  const left = [...access].flatMap(([target, given]): Protected[] => {
    if (targets.has(target)) return [];
    const known = things.get(target);
    // What we made goes, and its access with it.
    if (known !== undefined)
      return known.was === null ? [] : [{ kind: known.kind, target, wanted: [], given }];
    const isFolder = target.startsWith(FOLDER) && !isVersion(target);
    return isFolder ? [{ kind: 'folder', target, wanted: [], given }] : [];
  });
  return [...asked, ...left].filter((one) => one.wanted.length + one.given.length > 0);
}

function isVersion(target: string): boolean {
  return VERSION_FOLDER.test(target.slice(FOLDER.length));
}

async function idOf({ kind, target }: Protected, { client, sight }: AccessSite): Promise<string | null> {
  if (kind === 'folder') return folderId(client, target);
  return sight.found.get(target)?.thing.id ?? null;
}

/** @returns null when there is no such folder. */
export async function folderId({ workspace }: DatabricksClient, target: string): Promise<string | null> {
  const path = target.slice(FOLDER.length).replace(/^\/Workspace(?=\/)/, '');
  const there = await workspace.status(path);
  return there?.type === 'DIRECTORY' ? there.id : null;
}

/** @param held null when what it is given on does not exist yet. */
function changeOf({ target, wanted, given }: Protected, held: readonly AccessEntry[] | null): Change | null {
  const ours = held === null ? [] : given;
  const asked = wanted
    .filter((entry) => !holds(held ?? [], entry, wanted))
    .map((entry) => ({ entry, was: levelOf(held ?? [], entry) }));
  const take = ours.filter((one) => !isStillWanted(one, wanted) && hasLevel(held ?? [], one.entry));
  const gone = take.map(({ entry }) => principalOf(entry));
  const former = formerOwners(held ?? [], wanted).filter((entry) => !gone.includes(principalOf(entry)));
  const give = [...asked, ...former.map((entry) => ({ entry, was: 'IS_OWNER' }))];
  if (give.length + take.length === 0) return null;
  const concerned = new Set([...give, ...take].map(({ entry }) => principalOf(entry)));
  const before = (held ?? []).filter((entry) => concerned.has(principalOf(entry)));
  const data: AccessData = { of: target, give, take };
  return {
    target: `access to ${target}`,
    action: held === null ? 'create' : 'update',
    before: held === null ? null : digestOf(before),
    after: digestOf(wanted),
    class: 'reversible',
    detail: [
      ...give.map(({ entry }) => `gives ${wordsOf(entry)}`),
      ...take.map(
        ({ entry, was }) => `takes back ${wordsOf(entry)}${was === null ? '' : `, who had ${was}`}`,
      ),
    ].join('; '),
    data,
  };
}

/** The owner of a job may do everything, and nobody can be owner and something else, but where another one is to own it. */
function holds(held: readonly AccessEntry[], wanted: AccessEntry, all: readonly AccessEntry[]): boolean {
  if (hasLevel(held, wanted)) return true;
  return !all.some(isOwner) && hasLevel(held, { ...wanted, permission_level: 'IS_OWNER' });
}

/** Owners of a job that are to be none any more, with what they may do then: Slipway is one of them, mostly. */
function formerOwners(held: readonly AccessEntry[], wanted: readonly AccessEntry[]): AccessEntry[] {
  if (!wanted.some(isOwner)) return [];
  const names = wanted.map(principalOf);
  const former = held.filter((entry) => isOwner(entry) && !names.includes(principalOf(entry)));
  return former.map((entry) => ({ ...entry, permission_level: 'CAN_MANAGE' }));
}

/** Whether what we gave stays. A former owner keeps what he has as long as the file names another one. */
function isStillWanted({ entry, was }: Given, wanted: readonly AccessEntry[]): boolean {
  if (was === 'IS_OWNER' && wanted.some(isOwner)) return true;
  return wanted.some((other) => principalOf(other) === principalOf(entry));
}

function hasLevel(held: readonly AccessEntry[], wanted: AccessEntry): boolean {
  return held.some(
    (entry) =>
      principalOf(entry) === principalOf(wanted) && entry.permission_level === wanted.permission_level,
  );
}

function levelOf(held: readonly AccessEntry[], wanted: AccessEntry): string | null {
  return held.find((entry) => principalOf(entry) === principalOf(wanted))?.permission_level ?? null;
}

function digestOf(entries: readonly AccessEntry[]): string {
  return sha256(canonicalJson(entries.map((entry) => canonicalJson(entry)).sort()));
}

function wordsOf(entry: AccessEntry): string {
  const { user_name, group_name, service_principal_name, permission_level } = entry;
  return `${permission_level} to ${user_name ?? group_name ?? service_principal_name}`;
}

/** What we have given on something after a change; empty for nothing. */
export function givenAfter(
  wanted: readonly AccessEntry[],
  before: readonly Given[],
  change: AccessData | undefined,
): Given[] {
  return alsoGiven(before, change?.give ?? []).filter((one) => isStillWanted(one, wanted));
}

/** Makes a change of access on something of this id; done twice it does nothing. */
export async function changeAccess(
  { of, give, take }: AccessData,
  kind: Kind,
  { client, id }: { readonly client: DatabricksClient; readonly id: string | null },
): Promise<TaskEnd> {
  const gone = { refused: `${of} does not exist, so no access to it can be given.` };
  if (id === null) return give.length === 0 ? null : gone;
  const object = PROTECTED[kind];
  const asked = entriesOf(give);
  // A plan of a new job does not know yet who will own it.
  const former = asked.some(isOwner) ? await client.permissions.get(object, id) : [];
  const entries = [...asked, ...formerOwners(former ?? [], asked)];
  if (give.length > 0 && (await client.permissions.add(object, id, entries)) !== 'done') return gone;
  if (take.length === 0) return null;
  const held = await client.permissions.get(object, id);
  const taken = take.filter(({ entry }) => hasLevel(held ?? [], entry) || wasOwner(held ?? [], entry));
  if (held === null || taken.length === 0) return null;
  const principals = new Set(taken.map(({ entry }) => principalOf(entry)));
  const restored = taken.flatMap(({ entry, was }) =>
    was === null ? [] : [{ ...entry, permission_level: was }],
  );
  const kept = held.filter((entry) => !principals.has(principalOf(entry)));
  const after = taken.some(({ entry }) => isOwner(entry))
    ? await withOwner([...kept, ...restored], client)
    : [...kept, ...restored];
  const answer = await client.permissions.set(object, id, after);
  return answer === 'done' ? null : { refused: `${of} is gone since it was planned. Retry the stage.` };
}

/** Whether this one was the owner until another one became it a moment ago. */
function wasOwner(held: readonly AccessEntry[], entry: AccessEntry): boolean {
  return isOwner(entry) && hasLevel(held, { ...entry, permission_level: 'CAN_MANAGE' });
}

/** A job without an owner becomes Slipway's own again. */
async function withOwner(entries: readonly AccessEntry[], client: DatabricksClient): Promise<AccessEntry[]> {
  if (entries.some(isOwner)) return [...entries];
  const own = { ...runAsOf((await client.me()).userName), permission_level: 'IS_OWNER' };
  return [...entries.filter((entry) => principalOf(entry) !== principalOf(own)), own];
}
