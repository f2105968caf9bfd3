import { namesIn } from '../../project/substitute.ts';
import type { Change } from '../../release/plan.ts';
import { reference } from '../unity-catalog/wanted.ts';
import type { Item, Kind } from './file.ts';
import { severalOf } from './look.ts';
import type { Memory } from './memory.ts';
import { thingData } from './memory.ts';
import type { ThingKind, Things } from './things.ts';
import type { Wanted } from './wanted.ts';
import { isUnknown, referenceTo, targetOf } from './wanted.ts';

/** Ids of things while they are made: of what is there by the plan, of what is new by its name. */
export interface Ids {
  /** Null when there is no such thing yet. Asks for the name when nothing else is known. */
  of(kind: ThingKind, name: string): Promise<string | null>;
  note(kind: ThingKind, name: string, id: string): void;
}

/** What the ids come from. */
interface Sources {
  readonly changes: readonly Change[];
  readonly memory: Memory;
  readonly things: Record<ThingKind, Things>;
}

/** Makes the ids of one call of `apply`. */
export function createIds({ changes, memory, things }: Sources): Ids {
  const known = new Map<string, string>();
  for (const [target, { id }] of memory.things) if (id !== null) known.set(target, id);
  for (const change of changes) {
    const data = thingData(change);
    if (data?.id !== undefined) known.set(change.target, data.id);
    // What is to be made may have an id of old, of one that is gone.
    else if (data !== null) known.delete(change.target);
  }
  return {
    note: (kind, name, id) => void known.set(targetOf(kind, name), id),
    async of(kind, name) {
      const id = known.get(targetOf(kind, name));
      if (id !== undefined) return id;
      const named = await things[kind].find(name);
      if (named[0] === undefined || named.length > 1) return null;
      known.set(targetOf(kind, name), named[0].id);
      return named[0].id;
    },
  };
}

/** A thing with all its references filled in, or why that cannot be. */
export async function completed(
  wanted: Wanted,
  all: readonly Wanted[],
  ids: Ids,
): Promise<Item | { readonly refused: string }> {
  const { symbolic, target, withIds } = wanted;
  const names = new Set(namesIn([symbolic.body, symbolic.libraries]));
  const found = new Map<string, string>();
  for (const { kind, symbolic: other } of all) {
    const name = referenceTo(kind, other.name);
    if (name === null || !names.has(name) || kind === 'folder') continue;
    const id = await ids.of(kind, other.name);
    if (id === null)
      return { refused: `${target} needs the id of ${targetOf(kind, other.name)}. Retry the stage.` };
    found.set(name, id);
  }
  const item = withIds(found);
  const missing = namesIn([item.body, item.libraries]).filter((name) => isUnknown(reference(name)));
  if (missing.length === 0) return item;
  const list = missing.map(reference).join(', ');
  return { refused: `${target} needs ${list}, which the infrastructure of this stage does not give out.` };
}

/** Makes a thing once: looks for it first, since the answer of an earlier try may be lost. @returns its id. */
export async function makeOnce(
  { kind, item }: { readonly kind: ThingKind; readonly item: Item },
  api: Things,
): Promise<{ readonly id: string; readonly isNew: boolean } | { readonly refused: string }> {
  const { name, body } = item;
  const there = await api.find(name);
  if (there.length > 1) return { refused: severalOf(kind, name, there) };
  if (there[0] !== undefined) return { id: there[0].id, isNew: false };
  const made = await api.create(body);
  if (made !== null) return { id: made, isNew: true };
  const [taken] = await api.find(name);
  return taken === undefined
    ? { refused: `The name of ${targetOf(kind, name)} is taken by something that Slipway cannot see.` }
    : { id: taken.id, isNew: false };
}

/** Whether a kind is one of those that are made and removed. */
export function isThing(kind: Kind): kind is ThingKind {
  return kind !== 'folder';
}
