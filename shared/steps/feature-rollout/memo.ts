import * as z from 'zod';
import { UnreadableInput } from '../../errors.ts';
import type { Json } from '../../release/canonical-json.ts';
import { watchShape } from './watch.ts';

const memoShape = z.strictObject({
  /** Flags that are on their way. */
  flags: z.array(z.string()),
  /** Since when runs that fail count for flags that do not say when their rollout began. */
  begunAt: z.number(),
  /** What became of the flags that are done with, by name. */
  notes: z.record(z.string(), z.string()),
  /** Flags that the last look did not find. */
  missing: z.array(z.string()),
  /** Why the rollout is being stopped, and which flags are put back; null while it goes on. */
  stop: z.strictObject({ why: z.string(), flags: z.array(z.string()) }).nullable(),
  /** By id of a job how far its runs have been looked at; memos of before have none. */
  watches: z.record(z.string(), watchShape).default({}),
  /** Since when nobody answers. */
  troubleSince: z.number().nullable(),
});

/** What a rollout wants to be told at its next look. Where the flags are is in the store alone. */
export type RolloutMemo = z.infer<typeof memoShape>;

/** Null at the first look. @throws UnreadableInput when it is none of ours. */
export function readMemo(memo: Json): RolloutMemo | null {
  if (memo === null) return null;
  const parsed = memoShape.safeParse(memo);
  if (parsed.success) return parsed.data;
  throw new UnreadableInput(`memo of feature-rollout: ${z.prettifyError(parsed.error)}`);
}
