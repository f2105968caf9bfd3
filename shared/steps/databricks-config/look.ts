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
}

/** One thing to look for. */
interface Search {
  readonly kind: ThingKind;
  readonly name: string;
  readonly known: Known | undefined;
}

/** Looks for everything that the files want, and for everything else that is ours. */
export async function look(
  wanted: readonly Wanted[],
  memory: Memory,
  things: Record<ThingKind, Things>,
): Promise<Sight> {
  const found = new Map<string, Found>();
  const problems = new Map<string, string>();
  await inParallel(searches(wanted, memory), { inFlight: 10 }, async (search) => {
    const target = targetOf(search.kind, search.name);
    const result = await findOne(search, things[search.kind]);
    if (typeof result === 'string') problems.set(target, result);
    else if (result !== null) found.set(target, result);
  });
  const referred = wanted.flatMap(({ kind, target, symbolic }) => {
    const name = referenceTo(kind, symbolic.name);
    const id = found.get(target)?.thing.id;
    return name === null || id === undefined ? [] : [[name, id] as const];
  });
  const sentences = [...problems].sort(([left], [right]) => (left < right ? -1 : 1));
  return { found, ids: new Map(referred), problems: sentences.map(([, sentence]) => sentence) };
}

function searches(wanted: readonly Wanted[], { things }: Memory): Search[] {
  const asked = wanted.flatMap(({ kind, target, symbolic }) =>
    kind === 'folder' ? [] : [{ kind, name: symbolic.name, known: things.get(target) }],
  );
  const targets = new Set(wanted.map(({ target }) => target));
  const left = [...things].filter(([target]) => !targets.has(target));
  return [...asked, ...left.map(([, known]) => ({ kind: known.kind, name: known.name, known }))].sort(
    (one, other) => KINDS.indexOf(one.kind) - KINDS.indexOf(other.kind),
  );
}

/** By its id, else by its name: who lost the answer of a create does not know the id. */
async function findOne({ kind, name, known }: Search, api: Things): Promise<Found | string | null> {
  const own = known?.id == null ? null : await api.get(known.id);
  if (own !== null) return { thing: own, isOurs: true };
  const named = await api.find(name);
  const [thing] = named;
  if (thing === undefined) return null;
  if (named.length > 1) return severalOf(kind, name, named);
  return { thing, isOurs: known !== undefined && known.id === null };
}

/** What a person is told who has to say which one is meant. */
export function severalOf(kind: ThingKind, name: string, named: readonly Thing[]): string {
  const ids = named.map(({ id }) => id).join(', ');
  return (
    `${named.length} things are called ${targetOf(kind, name)} (ids ${ids}), and Slipway cannot tell which one the ` +
    'file means: remove or rename all but one, then retry.'
  );
}
