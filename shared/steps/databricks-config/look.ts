import { inParallel } from '../in-parallel.ts';
import { KINDS } from './file.ts';
import type { Known, Memory } from './memory.ts';
import type { Thing, ThingKind, Things } from './things.ts';
import type { Wanted } from './wanted.ts';
import { referenceTo, targetOf } from './wanted.ts';

/** A thing that is there. */
export interface Found {
  readonly thing: Thing;
  /** Whether Slipway made it or has taken it over before. */
  readonly isOurs: boolean;
}

/** What was found in the workspace. */
export interface Sight {
  /** By target. */
  readonly found: ReadonlyMap<string, Found>;
  /** Ids of policies and clusters, by the names that files refer to them with. */
  readonly ids: ReadonlyMap<string, string>;
  /** One sentence each. */
  readonly problems: readonly string[];
  /** The same, of what stops nobody. */
  readonly notes: readonly string[];
}

/** One thing to look for. */
interface Search {
  readonly kind: ThingKind;
  readonly name: string;
  readonly known: Known | undefined;
  readonly isWanted: boolean;
}

/** Looks for everything that the files want, and for everything else that is ours. */
export async function look(
  wanted: readonly Wanted[],
  memory: Memory,
  things: Record<ThingKind, Things>,
): Promise<Sight> {
  const found = new Map<string, Found>();
  const problems = new Map<string, string>();
  const notes: string[] = [];
  await inParallel(searches(wanted, memory), { inFlight: 10 }, async (search) => {
    const target = targetOf(search.kind, search.name);
    const result = await findOne(search, things[search.kind]);
    if (typeof result === 'string') problems.set(target, result);
    else if (result !== null && 'note' in result) notes.push(result.note);
    else if (result !== null) found.set(target, result);
  });
  const referred = wanted.flatMap(({ kind, target, symbolic }) => {
    const name = referenceTo(kind, symbolic.name);
    const id = found.get(target)?.thing.id;
    return name === null || id === undefined ? [] : [[name, id] as const];
  });
  const sentences = [...problems].sort(([left], [right]) => (left < right ? -1 : 1));
  return {
    found,
    ids: new Map(referred),
    problems: sentences.map(([, sentence]) => sentence),
    notes: notes.sort(),
  };
}

function searches(wanted: readonly Wanted[], { things }: Memory): Search[] {
  const asked = wanted.flatMap(({ kind, target, symbolic }) =>
    kind === 'folder' ? [] : [{ kind, name: symbolic.name, known: things.get(target), isWanted: true }],
  );
  const targets = new Set(wanted.map(({ target }) => target));
  const left = [...things].filter(([target]) => !targets.has(target));
  return [
    ...asked,
    ...left.map(([, known]) => ({ kind: known.kind, name: known.name, known, isWanted: false })),
  ].sort((one, other) => KINDS.indexOf(one.kind) - KINDS.indexOf(other.kind));
}

/** By its id, else by its name: who lost the answer of a create does not know the id. */
async function findOne(
  search: Search,
  api: Things,
): Promise<Found | { readonly note: string } | string | null> {
  const { kind, name, known } = search;
  const own = known?.id == null ? null : await api.look(known.id);
  if (own !== null && own !== 'hidden') return { thing: own, isOurs: true };
  const named = await api.find(name);
  const [thing] = named;
  if (thing === undefined) return own === 'hidden' ? hidden(search) : null;
  if (named.length > 1) return severalOf(kind, name, named);
  return { thing, isOurs: known !== undefined && known.id === null };
}

/** What is gone and what may not be seen are one to somebody who is no administrator. */
function hidden({ kind, name, known, isWanted }: Search): { readonly note: string } | string {
  const what = `${targetOf(kind, name)} (${known?.id})`;
  const identity = "is gone, or hidden from Slipway's identity";
  if (!isWanted)
    return { note: `${what} left the files and ${identity}: if it is there, remove it by hand.` };
  return (
    `${what} ${identity}: give it CAN_MANAGE on the ${kind}; if the ${kind} is gone, make an empty one of this name and ` +
    'give it CAN_MANAGE on that, which is taken over then, or make the identity an administrator of the workspace. ' +
    'Then retry.'
  );
}

/** What a person is told who has to say which one is meant. */
export function severalOf(kind: ThingKind, name: string, named: readonly Thing[]): string {
  const ids = named.map(({ id }) => id).join(', ');
  return (
    `${named.length} things are called ${targetOf(kind, name)} (ids ${ids}), and Slipway cannot tell which one the ` +
    'file means: remove or rename all but one, then retry.'
  );
}
