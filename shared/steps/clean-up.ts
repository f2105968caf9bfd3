import { Refusal } from '../errors.ts';
import type { Json } from '../release/canonical-json.ts';
import type { Change } from '../release/plan.ts';
import type { Stock } from './clean-up/items.ts';
import { readStock } from './clean-up/items.ts';
import type { CleanUpInventory, Mark } from './clean-up/memory.ts';
import { CLEAN_UP, keptSince, removalIn } from './clean-up/memory.ts';
import { removals } from './clean-up/plan.ts';
import { removalTasks } from './clean-up/tasks.ts';
import { storeInventory } from './inventory.ts';
import type { StepContext, StepKind } from './step.ts';
import { workThrough } from './work-through.ts';

const MOST_KEPT_SHOWN = 20;

/**
 * Removes wheels and versions that nothing uses any more: all but the newest, what an interrupted deployment or
 * another strategy left, and in a rollback what came after the release that is gone back to; in place, files that left
 * the project. What a run or a cluster still uses stays for the next time.
 */
export const cleanUp: StepKind = {
  name: CLEAN_UP,
  summary: 'removal of files, versions and wheels that nothing uses any more',
  async plan(context) {
    const stock = await readStock(context).catch(nullIfRefused);
    return stock === null ? [] : removals(stock, context.run);
  },
  async apply(context, changes) {
    const stock = await readStock(context);
    const kept = keptIn(context.memo);
    const unfinished = await workThrough(context, removalTasks(changes, stock, kept));
    if (unfinished === null) return { done: await outputOf(context, changes, { stock, kept }) };
    if ('refused' in unfinished) return unfinished;
    const { until, memo } = unfinished.waiting;
    return { waiting: { until, memo: { ...Object(memo), kept: Object.fromEntries(kept) } } };
  },
};

/** Folders that are wrong are refused by the steps that put things there. */
function nullIfRefused(error: unknown): null {
  if (error instanceof Refusal) return null;
  throw error;
}

/** What earlier calls have left where it is, and why. */
function keptIn(memo: Json): Map<string, string> {
  const isOurs = typeof memo === 'object' && memo !== null && 'kept' in memo;
  const kept = isOurs && typeof memo.kept === 'object' && memo.kept !== null ? memo.kept : {};
  return new Map(Object.entries(kept).map(([target, why]) => [target, String(why)]));
}

interface Ended {
  readonly stock: Stock;
  readonly kept: ReadonlyMap<string, string>;
}

async function outputOf(
  context: StepContext,
  changes: readonly Change[],
  { stock, kept }: Ended,
): Promise<Record<string, Json>> {
  const workspace = stock.client.workspaceUrl;
  const marks = new Map(stock.marks);
  for (const change of changes) {
    const { upload, kind } = removalIn(change) ?? { upload: 0, kind: 'version' };
    const keptAt = keptSince(stock.marks, change.target, upload) ?? context.clock.now();
    // An earlier attempt may have begun to remove what this one has to keep.
    const stays = { upload, partly: true, ...(kind === 'file' ? { keptAt } : {}) };
    marks.set(change.target, kept.has(change.target) ? stays : { upload });
  }
  const removed: CleanUpInventory['removed'] = Object.fromEntries(stillNeeded(marks, stock));
  const inventory = await storeInventory<CleanUpInventory>(context, { schema: 1, workspace, removed });
  return {
    removed: changes.length - kept.size,
    kept: inWords(changes, { stock, kept }).slice(0, MOST_KEPT_SHOWN),
    inventory,
  };
}

/** What stayed and why; most files in place stay for the same reason, so their folder stands for them. */
function inWords(changes: readonly Change[], { stock, kept }: Ended): string[] {
  const rootOf = new Map(stock.items.map(({ target, group }) => [target, group]));
  const lines = changes.flatMap((change) => {
    const { target } = change;
    const why = kept.get(target);
    const name = removalIn(change)?.kind === 'file' ? rootOf.get(target) : target;
    return why === undefined ? [] : [`${name ?? target}: ${why}`];
  });
  return [...new Set(lines)].sort();
}

/** What no inventory names any more need not be remembered. */
function stillNeeded(marks: ReadonlyMap<string, Mark>, { listed }: Stock): [string, Mark][] {
  return [...marks].filter(([target]) => listed.has(target));
}
