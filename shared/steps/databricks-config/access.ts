import type { DatabricksClient } from '../../engine/databricks-client.ts';
import type { AccessEntry } from '../../engine/databricks-compute-client.ts';
import { canonicalJson, sha256 } from '../../release/canonical-json.ts';
import type { Change } from '../../release/plan.ts';
import { inParallel } from '../in-parallel.ts';
import { VERSION_FOLDER } from '../release-layout.ts';
import type { TaskEnd } from '../work-through.ts';
import type { Kind } from './file.ts';
import { principalOf } from './file.ts';
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
  const give = wanted
    .filter((entry) => !holds(held ?? [], entry))
    .map((entry) => ({ entry, was: levelOf(held ?? [], entry) }));
  const isWanted = ({ entry }: Given) => wanted.some((other) => principalOf(other) === principalOf(entry));
  const take = ours.filter((one) => !isWanted(one) && hasLevel(held ?? [], one.entry));
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

/** The owner of a job may do everything, and nobody can be owner and something else. */
function holds(held: readonly AccessEntry[], wanted: AccessEntry): boolean {
  return hasLevel(held, wanted) || hasLevel(held, { ...wanted, permission_level: 'IS_OWNER' });
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
  const isWanted = ({ entry }: Given) => wanted.some((other) => principalOf(other) === principalOf(entry));
  return alsoGiven(before, change?.give ?? []).filter(isWanted);
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
  if (give.length > 0 && (await client.permissions.add(object, id, entriesOf(give))) !== 'done') return gone;
  if (take.length === 0) return null;
  const held = await client.permissions.get(object, id);
  const taken = take.filter(({ entry }) => hasLevel(held ?? [], entry));
  if (held === null || taken.length === 0) return null;
  const principals = new Set(taken.map(({ entry }) => principalOf(entry)));
  const restored = taken.flatMap(({ entry, was }) =>
    was === null ? [] : [{ ...entry, permission_level: was }],
  );
  const kept = held.filter((entry) => !principals.has(principalOf(entry)));
  const answer = await client.permissions.set(object, id, [...kept, ...restored]);
  return answer === 'done' ? null : { refused: `${of} is gone since it was planned. Retry the stage.` };
}
