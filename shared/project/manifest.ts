import * as z from 'zod';
import type { ContentStore } from '../engine/ports.ts';
import { UnreadableInput } from '../errors.ts';
import { canonicalJson } from '../release/canonical-json.ts';

/** The artifacts that a build may publish; the names are the pipeline's own. */
export const ARTIFACT_NAMES = [
  'python-wheel',
  'infrastructure',
  'databricks-notebooks',
  'databricks-config',
  'databricks-tests',
] as const;

export type ArtifactName = (typeof ARTIFACT_NAMES)[number];

const manifestFile = z.strictObject({
  /** Relative to the artifact, with forward slashes. */
  path: z.string().min(1),
  size: z.number().int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const manifest = z.strictObject({
  schema: z.literal(1),
  artifacts: z.partialRecord(z.enum(ARTIFACT_NAMES), z.array(manifestFile)),
});

/** A file of a release; its bytes are in the content store under their SHA-256. */
export type ManifestFile = z.infer<typeof manifestFile>;

/** All files of a release by artifact, sorted by path. Its own digest is the release's fingerprint. */
export type Manifest = z.infer<typeof manifest>;

/** Stores a manifest; equal manifests have equal digests. */
export function storeManifest(content: ContentStore, value: Manifest): Promise<string> {
  return content.put(canonicalJson(value));
}

/** @throws UnreadableInput when the content is missing or no manifest. */
export async function readManifest(content: ContentStore, digest: string): Promise<Manifest> {
  const parsed = manifest.safeParse(JSON.parse(new TextDecoder().decode(await content.get(digest))));
  if (parsed.success) return parsed.data;
  throw new UnreadableInput(`manifest ${digest}: ${z.prettifyError(parsed.error)}`);
}

/** The files of one artifact; none when the build did not publish it. */
export function filesOf(value: Manifest, artifact: ArtifactName): readonly ManifestFile[] {
  return value.artifacts[artifact] ?? [];
}
