import type { Clusters } from '../../engine/databricks-compute-client.ts';
import type { ApiObject } from '../../engine/databricks-jobs-client.ts';
import type { ContentStore } from '../../engine/ports.ts';
import { canonicalJson, sha256 } from '../../release/canonical-json.ts';
import type { Change } from '../../release/plan.ts';
import { inParallel } from '../in-parallel.ts';
import { endOfRun, isLive } from './continuous.ts';
import { differenceOf, inOrder, isSame, managedPart } from './difference.ts';
import type { Item } from './file.ts';
import { FILES } from './file.ts';
import { ownRunAs } from './identity.ts';
import type { Found, Sight } from './look.ts';
import type { Known, Memory, ThingData } from './memory.ts';
import type { ThingKind } from './things.ts';
import type { Wanted } from './wanted.ts';
import { isUnknown } from './wanted.ts';

/** What the plan works with. */
export interface PlanSite {
  readonly clusters: Clusters;
  /** What Slipway's own identity is called; asked for when it is needed. */
  readonly ownName: () => Promise<string>;
  readonly content: ContentStore;
  readonly memory: Memory;
  readonly sight: Sight;
}

/** A thing that the files want, and what there is of it. */
interface Wish {
  readonly kind: ThingKind;
  readonly target: string;
  readonly symbolic: Item;
  /** With all values that are known by now. */
  readonly item: Item;
  readonly known: Known | undefined;
}

/** Digest of the settings that a file gives to a thing. */
export function digestOf({ symbolic: { body } }: Pick<Wish, 'symbolic'>): string {
  return sha256(canonicalJson(inOrder(body)));
}

/** What would be made, changed and removed; access is not in it. */
export async function changesOfThings(wanted: readonly Wanted[], site: PlanSite): Promise<Change[]> {
  const { memory, sight } = site;
  const changes: Change[] = [];
  await inParallel(wanted, { inFlight: 10 }, async ({ kind, target, symbolic, withIds }) => {
    if (kind === 'folder') return;
    const wish = { kind, target, symbolic, item: withIds(sight.ids), known: memory.things.get(target) };
    const found = sight.found.get(target);
    const change = found === undefined ? creation(wish) : await update(wish, found, site);
    if (change !== null) changes.push(change);
  });
  const targets = new Set(wanted.map(({ target }) => target));
  const left = [...memory.things].filter(([target]) => !targets.has(target));
  return [...changes, ...left.flatMap(([target, known]) => removal(target, known, sight))];
}

function creation({ kind, target, symbolic }: Wish): Change {
  const { name, body, libraries } = symbolic;
  const fields = Object.keys(body).filter((field) => field !== FILES[kind].key);
  const data: ThingData = { kind, name, ...(libraries.length === 0 ? {} : { install: [...libraries] }) };
  return {
    target,
    action: 'create',
    before: null,
    after: afterOf(symbolic),
    class: 'compensable',
    detail: [`with ${fields.sort().join(', ') || 'nothing but a name'}`, ...installs(libraries)].join('; '),
    data,
  };
}

async function update(wish: Wish, found: Found, site: PlanSite): Promise<Change | null> {
  const { thing, isOurs } = found;
  const { kind, target, symbolic, item, known } = wish;
  const runAs = await runAsFor(wish, found, site);
  const body = runAs === null ? item.body : { ...item.body, run_as: runAs };
  const fields = differenceOf(body, thing.settings, isUnknown);
  const installed = kind === 'cluster' ? await site.clusters.libraries(thing.id) : [];
  const libraries = libraryChanges(wish, installed, { isRunning: thing.settings.state === 'RUNNING' });
  const { install, uninstall } = libraries;
  const fileChanged = isOurs && known?.id != null && known.digest !== digestOf(wish);
  const isDoubtful = isOurs && known?.digest === null;
  const others = install.length + uninstall.length;
  if (isOurs && !fileChanged && !isDoubtful && fields.length + others === 0) return null;
  const settings = fields.length > 0 || fileChanged || kind !== 'cluster';
  const was = isOurs ? null : await site.content.put(canonicalJson(thing.asked ?? thing.settings));
  const data: ThingData = {
    ...{ kind, name: symbolic.name, id: thing.id, settings },
    ...(was === null ? {} : { was }),
    ...(runAs === null ? {} : { runAs }),
    ...(kind === 'job' && isLive(thing.settings) ? { continuous: true } : {}),
    ...(others === 0 ? {} : { install, uninstall }),
  };
  const present = installed.map(({ library }) => canonicalJson(library)).sort();
  const managed = managedPart(body, thing.settings);
  return {
    target,
    action: 'update',
    before: sha256(canonicalJson([managed, ...(kind === 'cluster' ? [present] : [])])),
    after: afterOf(symbolic),
    class: 'reversible',
    detail: [
      detailOf({ fields, fileChanged, isOurs, isDoubtful, kind, id: thing.id, ...libraries }),
      ...(kind === 'job' ? endOfRun(thing.settings, item.body) : []),
    ].join('; '),
    data,
  };
}

function runAsFor(
  { kind, item, known }: Wish,
  { thing, isOurs }: Found,
  { ownName }: PlanSite,
): Promise<ApiObject | null> | null {
  if (kind !== 'job') return null;
  const hasOwner = item.access.some(({ permission_level }) => permission_level === 'IS_OWNER');
  const maker = isOurs && known?.was === null ? (thing.maker ?? null) : null;
  return ownRunAs({ body: item.body, hasOwner, real: thing.settings, maker }, ownName);
}

/**
 * Libraries that others installed stay. One that goes at the next restart is as good as gone, once that has come, and one
 * that could not be installed is not there.
 */
function libraryChanges(
  { item, known }: Wish,
  installed: readonly { readonly library: ApiObject; readonly status: string }[],
  { isRunning }: { readonly isRunning: boolean },
): { readonly install: ApiObject[]; readonly uninstall: ApiObject[] } {
  const present = installed
    .filter(({ status }) => status !== GOING && status !== FAILED)
    .map(({ library }) => library);
  const loaded = isRunning ? installed.map(({ library }) => library) : present;
  const has = (list: readonly ApiObject[]) => (one: ApiObject) => list.some((other) => isSame(one, other));
  const wanted = item.libraries.filter((library) => !isUnknown(canonicalJson(library)));
  return {
    install: wanted.filter((library) => !has(present)(library)),
    uninstall: (known?.libraries ?? []).filter((one) => !has(wanted)(one) && has(loaded)(one)),
  };
}

/** The status of a library that is there until the cluster restarts. */
export const GOING = 'UNINSTALL_ON_RESTART';
/** The status of a library that could not be installed; the cluster does not try again before it restarts. */
export const FAILED = 'FAILED';

function detailOf(found: {
  readonly fields: readonly string[];
  readonly fileChanged: boolean;
  readonly isOurs: boolean;
  readonly isDoubtful: boolean;
  readonly kind: ThingKind;
  readonly id: string;
  readonly install: readonly ApiObject[];
  readonly uninstall: readonly ApiObject[];
}): string {
  const { fields, fileChanged, isOurs, isDoubtful, kind, id, install, uninstall } = found;
  const names = fields.join(', ');
  const byHand = isOurs && !fileChanged && !isDoubtful ? ', which somebody changed in the workspace' : '';
  const parts = [
    ...(isOurs ? [] : [`takes over ${kind} ${id}, which Slipway did not make`]),
    ...(isDoubtful ? ['makes sure of it after an interrupted deployment'] : []),
    ...(fields.length > 0 ? [`changes ${names}${byHand}`] : []),
    ...(fields.length === 0 && fileChanged && !isDoubtful
      ? ['gets the settings of its file, which some have left']
      : []),
    ...installs(install),
    ...(uninstall.length === 0 ? [] : [`uninstalls ${uninstall.map(libraryName).join(', ')}`]),
  ];
  return parts.join('; ');
}

function installs(libraries: readonly ApiObject[]): string[] {
  return libraries.length === 0 ? [] : [`installs ${libraries.map(libraryName).join(', ')}`];
}

/** A library as people call it: its path, or its coordinates. */
export function libraryName(library: ApiObject): string {
  return Object.values(library)
    .map((value) => (typeof value === 'string' ? value : Object.values(Object(value)).join(' ')))
    .join(' ');
}

/** What left the file goes; what was there before Slipway is as it was then. */
function removal(target: string, { kind, name, digest, was, libraries }: Known, { found }: Sight): Change[] {
  const there = found.get(target);
  if (there === undefined || !there.isOurs) return [];
  const { id, settings } = there.thing;
  const isStream = kind === 'job' && isLive(settings);
  const continuous = isStream ? { continuous: true } : {};
  const left = `is not in ${FILES[kind].file} any more`;
  const base = { target, before: digest, data: { kind, name, id, ...continuous } } as const;
  if (was === null) {
    const detail = isStream ? `${left}; is paused, and its active run ended` : left;
    return [{ ...base, action: 'delete', after: null, class: 'compensable', detail }];
  }
  const detail = `${left}; gets the settings that it had before Slipway took it over${isStream ? '; ends its active run' : ''}`;
  const data: ThingData = {
    ...{ kind, name, id, ...continuous, back: was },
    ...(libraries.length === 0 ? {} : { uninstall: [...libraries] }),
  };
  return [{ ...base, action: 'update', after: was, class: 'reversible', detail, data }];
}

function afterOf({ body, libraries }: Item): string {
  return sha256(canonicalJson(inOrder({ body, ...(libraries.length === 0 ? {} : { libraries }) })));
}
