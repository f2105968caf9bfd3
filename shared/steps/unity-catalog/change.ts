import * as z from 'zod';
import { canonicalJson } from '../../release/canonical-json.ts';
import type { Change } from '../../release/plan.ts';
import type { StepContext } from '../step.ts';

type Context = Pick<StepContext, 'content'>;

const grants = z.array(
  z.strictObject({ principal: z.string(), add: z.array(z.string()), remove: z.array(z.string()) }),
);

/**
 * What `apply` needs of a change: the fields to update, the grants to change, or the settings to put back. Values of
 * settings are content of their own, given by digest, since a plan is for everybody's eyes.
 */
const changeData = z.union([
  /** `was`: the settings before, unless an older version of Slipway planned it. */
  z.strictObject({ fields: z.array(z.string()), was: z.string().optional() }),
  z.strictObject({ of: z.string(), grants, isReturn: z.literal(true).optional() }),
  z.strictObject({ of: z.string(), settings: z.string(), was: z.string() }),
]);

/** The data of a change; null for making a securable, which needs the file alone. */
export function dataOf({ data }: Change): z.infer<typeof changeData> | null {
  const parsed = changeData.safeParse(data);
  return parsed.success ? parsed.data : null;
}

/** Settings of a securable, each a field, or a field and a key of its map; null where it has none. */
export const settingsShape = z.array(z.strictObject({ path: z.array(z.string()).min(1), was: z.json() }));

export type Settings = z.infer<typeof settingsShape>;

/** Stores settings for a change. @returns their digest. */
export function storeSettings({ content }: Context, settings: readonly unknown[]): Promise<string> {
  return content.put(canonicalJson(settings));
}

/** The settings that a change names by their digest. */
export async function readSettings({ content }: Context, digest: string): Promise<Settings> {
  return settingsShape.parse(JSON.parse(new TextDecoder().decode(await content.get(digest))));
}
