import * as z from 'zod';
import type { ContentStore } from '../engine/ports.ts';
import { UnreadableInput } from '../errors.ts';
import { canonicalJson } from '../release/canonical-json.ts';

const environmentSnapshot = z.strictObject({
  /** Short name in files, groups and catalogs: `dev`, `stg`, `prod`. */
  key: z.string(),
  subscription: z.string(),
  /** Values of the group `{project}-release-{key}`. */
  variables: z.record(z.string(), z.string()),
  /** Secrets of the group `{project}-secrets-{key}`: where they are and in which version, never what they are. */
  secrets: z.record(z.string(), z.strictObject({ vault: z.string(), name: z.string(), version: z.string() })),
});

const snapshot = z.strictObject({
  schema: z.literal(1),
  project: z.string(),
  environments: z.record(z.string(), environmentSnapshot),
});

/** One environment's values as they were when the run began. */
export type EnvironmentSnapshot = z.infer<typeof environmentSnapshot>;

/** The values a run works with from its first stage to its last, whatever is changed meanwhile. */
export type Snapshot = z.infer<typeof snapshot>;

export function storeSnapshot(content: ContentStore, value: Snapshot): Promise<string> {
  return content.put(canonicalJson(value));
}

/** @throws UnreadableInput when the content is missing or no snapshot. */
export async function readSnapshot(content: ContentStore, digest: string): Promise<Snapshot> {
  const parsed = snapshot.safeParse(JSON.parse(new TextDecoder().decode(await content.get(digest))));
  if (parsed.success) return parsed.data;
  throw new UnreadableInput(`snapshot ${digest}: ${z.prettifyError(parsed.error)}`);
}
