import * as z from 'zod';
import type { SettingContent } from '../../engine/app-configuration-client.ts';
import { canonicalJson } from '../../release/canonical-json.ts';
import type { StepContext } from '../step.ts';
import type { DeclaredFlag } from './file.ts';
import { contentOf, marksOf } from './setting.ts';

const contentShape = z.strictObject({
  value: z.string().nullable(),
  contentType: z.string().nullable(),
  tags: z.record(z.string(), z.string()),
});

const entryShape = z.strictObject({
  /** Release and run that last changed it. */
  release: z.string(),
  run: z.string(),
  /** What it declared; null when it took the flag away. */
  declaration: z.string().nullable(),
  /** What stood there before; null for nothing. Moves of a rollout do not count. */
  before: contentShape.nullable(),
});

/** The flags that releases have changed in one store, by name. */
export const flagsInventory = z.strictObject({
  schema: z.literal(1),
  /** Origin of the store. */
  endpoint: z.string(),
  flags: z.record(z.string(), entryShape),
});

export type FlagsInventory = z.infer<typeof flagsInventory>;
export type FlagEntry = z.infer<typeof entryShape>;

type Content = Pick<StepContext, 'content'>;

/** Keeps what stood there, so that its digest can be written down beside what replaces it. */
export function keepContent({ content }: Content, setting: SettingContent | null): Promise<string> | null {
  return setting === null ? null : content.put(canonicalJson(contentOf(setting)));
}

/** What `keepContent` has kept. */
export async function keptContent(
  { content }: Content,
  digest: string | null,
): Promise<SettingContent | null> {
  if (digest === null) return null;
  return contentShape.parse(JSON.parse(new TextDecoder().decode(await content.get(digest))));
}

/** What stood there before a setting of ours; undefined before what was not ours, since nobody noted it. */
async function earlierThan(
  context: Content,
  setting: SettingContent | null,
): Promise<SettingContent | null | undefined> {
  const marks = setting === null ? null : marksOf(setting);
  return marks === null ? undefined : keptContent(context, marks.before);
}

/** Far more than there are releases to go back to. */
const MOST_STEPS_BACK = 100;

/**
 * What stood there while a release was live that declared this of the flag (null: that did not have it in its file),
 * going back from one earlier setting to the next.
 * @param newest what stood there before the present one; undefined when that is not known.
 * @returns null for nothing, and undefined when it is not known.
 */
export async function whatStoodUnder(
  context: Content & Pick<StepContext, 'project'>,
  declared: DeclaredFlag | null,
  newest: SettingContent | null | undefined,
): Promise<SettingContent | null | undefined> {
  let each = newest;
  for (let back = 0; back < MOST_STEPS_BACK && each !== undefined; back += 1) {
    const marks = each === null ? null : marksOf(each);
    if (marks?.project !== context.project) return declared !== null && each === null ? undefined : each;
    if (declared !== null && marks.declaration === declared.declaration) return each;
    each = await earlierThan(context, each);
  }
  return undefined;
}

/** What stood there before the rollout of the flag began: before the first setting that declares the same rollout. */
export async function whatStoodBeforeRollout(
  context: Content,
  { rollout }: DeclaredFlag,
  present: SettingContent,
): Promise<SettingContent | null> {
  let each: SettingContent | null | undefined = present;
  for (let back = 0; back < MOST_STEPS_BACK && each != null; back += 1) {
    if (marksOf(each)?.rollout !== rollout) return each;
    each = await earlierThan(context, each);
  }
  return each ?? null;
}
