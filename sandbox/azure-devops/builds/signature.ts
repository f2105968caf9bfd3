import { createHash } from 'node:crypto';
import type { Context } from '../context.ts';
import type { Artifact } from './rows.ts';

const LIFETIME_IN_MS = 60 * 60 * 1000;

/** A URL on the content host that needs no token, and when it stops working (ms since 1970). */
export function signUrl(context: Context, artifact: Artifact): { url: string; expiresAt: number } {
  const expiresAt = context.clock.now() + LIFETIME_IN_MS;
  const query = new URLSearchParams({
    format: 'zip',
    expires: String(expiresAt),
    signature: signatureOf(context, artifact, String(expiresAt)),
  });
  return { url: `${context.origins.content}/signed/${pathOf(artifact)}?${query}`, expiresAt };
}

/** Whether a signature is for this artifact and not too old. */
export function isSigned(
  context: Context,
  artifact: Artifact,
  given: { expires: string; signature: string },
) {
  return (
    given.signature === signatureOf(context, artifact, given.expires) &&
    Number(given.expires) > context.clock.now()
  );
}

/** The part of a content URL that names an artifact. */
export function pathOf({ buildId, name }: Artifact): string {
  return `${buildId}/${encodeURIComponent(name)}`;
}

/** Enough to tell a URL of ours from one that a client made up; it guards nothing. */
function signatureOf({ state }: Context, artifact: Artifact, expires: string): string {
  const signed = `${state.collectionId} ${pathOf(artifact)} ${expires}`;
  return createHash('sha256').update(signed).digest('base64url');
}
