import * as z from 'zod';
import type { GrantChange } from '../../engine/databricks-client.ts';
import type { Change } from '../../release/plan.ts';
import { readInventory, storeInventory, uncertainChanges } from '../inventory.ts';
import { principalKey } from '../principals.ts';
import type { StepContext } from '../step.ts';
import { dataOf, readSettings, settingsShape } from './change.ts';

/** How a securable was before Slipway changed it, as far as Slipway did. */
const former = z.strictObject({
  /** `catalog NAME`. */
  target: z.string(),
  settings: settingsShape,
  /** Whether a principal had a privilege on it. */
  grants: z.array(z.strictObject({ principal: z.string(), privilege: z.string(), was: z.boolean() })),
});

const entry = z.strictObject({ release: z.string(), before: z.array(former) });

const newest = z.strictObject({
  schema: z.literal(2),
  workspace: z.string(),
  /** Every securable that a release ever had in its file, as `catalog NAME`. Nothing is dropped, so none leaves. */
  securables: z.array(z.string()),
  /** Releases in the order in which they came here, oldest first, each with what stood there before it. */
  history: z.array(entry),
});
const inventoryShape = z.union([newest, newest.omit({ history: true }).extend({ schema: z.literal(1) })]);

export type Former = z.infer<typeof former>;
type Entry = z.infer<typeof entry>;

/** What Slipway knows of the workspace's securables from the releases that it deployed. */
export interface Memory {
  readonly securables: readonly string[];
  /** Those that such plans wanted to make: perhaps they are there. */
  readonly doubtful: readonly string[];
  readonly history: readonly Entry[];
  /** What stood there before plans whose application began, and nobody knows how it ended. */
  readonly uncertain: readonly Former[];
}

/** More releases than anybody rolls back over; older ones are known as one. */
const LONGEST_HISTORY = 50;

/** Reads what earlier releases left; what was in another workspace does not count. */
export async function recall(context: StepContext, workspace: string): Promise<Memory> {
  const stored = await readInventory(context, inventoryShape);
  const begun = await uncertainChanges(context);
  const isHere = stored?.workspace === workspace;
  const made = begun.filter(({ action }) => action === 'create').map(({ target }) => target);
  return {
    securables: isHere ? stored.securables : [],
    doubtful: [...new Set(made)],
    history: isHere && stored.schema === 2 ? stored.history : [],
    uncertain: await formerOf(context, begun),
  };
}

/** What a release that was just deployed adds to what is known. */
export interface Deployed {
  readonly workspace: string;
  /** Those of the release's file. */
  readonly securables: readonly string[];
  readonly changes: readonly Change[];
}

/** Stores what is known when the run's release is deployed; after a rollback, what was known at its time. */
export async function remember(
  context: StepContext,
  memory: Memory,
  { workspace, securables, changes }: Deployed,
): Promise<string> {
  const { release, kind } = context.run;
  const before = oldest([...memory.uncertain, ...(await formerOf(context, changes))]);
  const after = kind === 'rollback' ? cutBack : grown;
  return storeInventory<z.infer<typeof inventoryShape>>(context, {
    schema: 2,
    workspace,
    securables: [...new Set([...memory.securables, ...securables])].sort(),
    history: bounded(after(memory.history, { release, before })),
  });
}

function grown(history: readonly Entry[], added: Entry): Entry[] {
  const last = history.at(-1);
  if (last?.release !== added.release) return [...history, added];
  return [...history.slice(0, -1), { ...last, before: oldest([...last.before, ...added.before]) }];
}

/** Where the release is not known, all that is known was undone, and its state is what was before all of it. */
function cutBack(history: readonly Entry[], { release, before }: Entry): Entry[] {
  const index = history.findLastIndex((each) => each.release === release);
  if (index >= 0) return history.slice(0, index + 1);
  return [{ release, before: oldest([...history.flatMap((each) => each.before), ...before]) }];
}

function bounded(history: Entry[]): Entry[] {
  const [first, second, ...rest] = history;
  if (history.length <= LONGEST_HISTORY || first === undefined || second === undefined) return history;
  return [{ ...second, before: oldest([...first.before, ...second.before]) }, ...rest];
}

/**
 * What stood there when a release had just been deployed: of all that was seen before something newer, the oldest.
 * A plan says what it saw, so it does not matter how much of it was applied.
 */
export function formerlyAt({ history, uncertain }: Memory, release: string): Former[] {
  const newer = history.slice(history.findLastIndex((each) => each.release === release) + 1);
  return oldest([...newer.flatMap(({ before }) => before), ...uncertain]);
}

/** One entry for each securable, with the first value of everything: those of an earlier time come first. */
function oldest(all: readonly Former[]): Former[] {
  const targets = [...new Set(all.map(({ target }) => target))].sort();
  return targets.map((target) => {
    const those = all.filter((each) => each.target === target);
    const settings = those.flatMap((each) => each.settings);
    const grants = those.flatMap((each) => each.grants);
    return {
      target,
      settings: firstOfEach(settings, ({ path }) => path),
      grants: firstOfEach(grants, ({ principal, privilege }) => [principalKey(principal), privilege]),
    };
  });
}

function firstOfEach<Item>(items: readonly Item[], nameOf: (item: Item) => readonly string[]): Item[] {
  const found = new Map<string, Item>();
  for (const item of items) {
    const name = JSON.stringify(nameOf(item));
    if (!found.has(name)) found.set(name, item);
  }
  return [...found].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, item]) => item);
}

async function formerOf(context: StepContext, changes: readonly Change[]): Promise<Former[]> {
  const found = changes.map(async (change): Promise<Former[]> => {
    const data = dataOf(change);
    if (data === null) return [];
    if ('grants' in data) return [{ target: data.of, settings: [], grants: heldBefore(data) }];
    if (data.was === undefined) return [];
    const target = 'of' in data ? data.of : change.target;
    return [{ target, settings: await readSettings(context, data.was), grants: [] }];
  });
  return (await Promise.all(found)).flat();
}

function heldBefore({ grants }: { readonly grants: readonly GrantChange[] }): Former['grants'] {
  return grants.flatMap(({ principal, add, remove }) => [
    ...add.map((privilege) => ({ principal, privilege, was: false })),
    ...remove.map((privilege) => ({ principal, privilege, was: true })),
  ]);
}
