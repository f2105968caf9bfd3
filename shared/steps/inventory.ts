import * as z from 'zod';
import { UnreadableInput } from '../errors.ts';
import { canonicalJson } from '../release/canonical-json.ts';
import type { Change } from '../release/plan.ts';
import { parseChanges } from '../release/plan.ts';
import type { StepContext } from './step.ts';

type Context = Pick<StepContext, 'content' | 'inventory'>;

/**
 * What the step has put into the environment so far; null for nothing.
 * @param shape of the kind's own inventory, with its `schema` number.
 * @throws UnreadableInput when the stored content does not have it.
 */
export async function readInventory<Shape extends z.ZodType>(
  { content, inventory }: Context,
  shape: Shape,
): Promise<z.infer<Shape> | null> {
  if (inventory === null || inventory.digest === null) return null;
  const parsed = shape.safeParse(JSON.parse(new TextDecoder().decode(await content.get(inventory.digest))));
  if (parsed.success) return parsed.data;
  throw new UnreadableInput(`inventory ${inventory.digest}: ${z.prettifyError(parsed.error)}`);
}

/** Stores an inventory and gives its digest, for the output `inventory` of a step. */
export function storeInventory<Value extends { readonly schema: number }>(
  { content }: Context,
  value: Value,
): Promise<string> {
  return content.put(canonicalJson(value));
}

/** The changes of plans whose application began and was not reported as done: their targets may be old or new. */
export async function uncertainChanges({ content, inventory }: Context): Promise<Change[]> {
  const plans = (inventory?.uncertain ?? []).map(async (digest) => parseChanges(await content.get(digest)));
  return (await Promise.all(plans)).flat();
}
