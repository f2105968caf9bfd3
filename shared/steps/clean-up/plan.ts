import type { RunKind } from '../../release/model.ts';
import type { Change } from '../../release/plan.ts';
import type { Item } from './item.ts';
import type { Stock } from './items.ts';
import type { RemovalData } from './memory.ts';

/** The run that cleans up. */
export interface CleaningRun {
  readonly id: string;
  readonly kind: RunKind;
}

/** What is to be removed, whether or not something still uses it: that is looked at when it goes. */
export function removals(stock: Stock, run: CleaningRun): Change[] {
  const groups = new Map<string, Item[]>();
  for (const item of stock.items) {
    const key = `${item.kind} ${item.group}`;
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return [...groups.values()].flatMap((items) => {
    const reasons = reasonsIn(items, stock, run);
    return items.flatMap((item) => {
      const reason = reasons.get(item);
      return reason === undefined ? [] : [changeOf(item, reason)];
    });
  });
}

/** Why items of a group are to go; those that stay have no reason. */
function reasonsIn(items: readonly Item[], stock: Stock, run: CleaningRun): ReadonlyMap<Item, string> {
  const { wanted, strategy, keep } = stock;
  const reasons = new Map<Item, string>();
  const others = items.filter(({ target }) => !wanted.has(target));
  const newest = newestOfTarget(items, stock, run);
  let kept = 1;
  for (const item of others) {
    const reason = leftoverReason(item, strategy);
    if (reason !== null) reasons.set(item, reason);
    else if (run.kind === 'rollback' && item.upload > newest)
      reasons.set(item, 'newer than the release that is gone back to');
    else if (strategy === 'versioned' && kept >= keep) reasons.set(item, `older than the newest ${keep}`);
    else kept += 1;
  }
  return reasons;
}

/** What neither this strategy nor this place will ever use again. */
function leftoverReason({ whole, kind, ...item }: Item, strategy: Stock['strategy']): string | null {
  if (item.strategy !== strategy) return `left from the strategy ${item.strategy}`;
  if (kind === 'file') return 'that is no longer in the project';
  if (!whole) return 'left by an interrupted deployment or removal';
  return item.isHere ? null : 'in a folder that the variables no longer name';
}

/**
 * Number of the newest upload that the release uses. One that had to be sent again in this very run says nothing
 * about what came before or after the release: then everything else counts as newer.
 */
function newestOfTarget(items: readonly Item[], { wanted }: Stock, run: CleaningRun): number {
  const own = items.filter((item) => wanted.has(item.target) && item.whole && item.run !== run.id);
  return Math.max(-1, ...own.map(({ upload }) => upload));
}

const NAMES = { version: 'version', file: 'file', wheel: 'wheel' } as const;

function changeOf({ target, kind, digest, upload }: Item, reason: string): Change {
  const data: RemovalData = { upload, kind };
  return {
    target,
    action: 'delete',
    before: digest,
    after: null,
    class: 'reversible',
    detail: `${NAMES[kind]} ${reason}; stays while a run or cluster uses it`,
    data,
  };
}
