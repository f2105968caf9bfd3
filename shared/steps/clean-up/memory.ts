import * as z from 'zod';
import type { ContentStore } from '../../engine/ports.ts';
import type { Instant } from '../../release/model.ts';
import type { Change } from '../../release/plan.ts';
import { readInventory, uncertainChanges } from '../inventory.ts';
import type { StepContext } from '../step.ts';

/** Name of the step that removes what `wheel` and `notebooks` have put there. */
export const CLEAN_UP = 'clean-up';

const mark = z.strictObject({
  /** Number of the upload that was removed: a later one of the same target is there. */
  upload: z.number().int(),
  /** The removal was begun, and not seen to its end. */
  partly: z.boolean().optional(),
  /** A file that had to stay: when that was first so. Jobs had been switched by then. */
  keptAt: z.number().int().optional(),
});

const inventoryShape = z.strictObject({
  schema: z.literal(1),
  workspace: z.string(),
  /** By target. */
  removed: z.record(z.string(), mark),
});

/** What clean-up has removed, in the form in which it is stored. */
export type CleanUpInventory = z.infer<typeof inventoryShape>;
export type Mark = z.infer<typeof mark>;

const changeData = z.object({
  upload: z.number().int(),
  /** A file goes alone, a folder with all that is in it. */
  kind: z.enum(['version', 'file', 'wheel']),
});

/** What `apply` needs of a removal besides its target. */
export type RemovalData = z.infer<typeof changeData>;

/** Null for a change that is no removal by clean-up. */
export function removalIn({ data }: Change): RemovalData | null {
  const parsed = changeData.safeParse(data);
  return parsed.success ? parsed.data : null;
}

/**
 * What clean-up has removed or began to remove in this workspace, by target. Another upload may be there since:
 * ask `isGone`.
 */
export async function removedTargets(
  { content, inventories }: { readonly content: ContentStore } & Pick<StepContext, 'inventories'>,
  workspace: string,
): Promise<ReadonlyMap<string, Mark>> {
  const own = { content, inventory: inventories[CLEAN_UP] ?? null };
  const stored = await readInventory(own, inventoryShape);
  const marks = new Map(Object.entries(stored?.workspace === workspace ? stored.removed : {}));
  for (const change of await uncertainChanges(own)) {
    const removal = removalIn(change);
    if (removal === null) continue;
    const { upload } = removal;
    const before = marks.get(change.target);
    marks.set(change.target, { ...(before?.upload === upload ? before : { upload }), partly: true });
  }
  return marks;
}

/** Since when an upload of a file has to stay; null for one that did not have to so far. */
export function keptSince(marks: ReadonlyMap<string, Mark>, target: string, upload: number): Instant | null {
  const found = marks.get(target);
  return found?.upload === upload ? (found.keptAt ?? null) : null;
}

/** Whether an upload was removed, wholly or in part. */
export function isGone(
  marks: ReadonlyMap<string, Mark>,
  target: string,
  upload: number,
): 'wholly' | 'partly' | null {
  const found = marks.get(target);
  if (found === undefined || found.upload < upload) return null;
  return found.partly === true ? 'partly' : 'wholly';
}
