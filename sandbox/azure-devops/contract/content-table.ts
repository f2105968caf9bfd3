import { z } from 'zod';
import { bytes, operation } from '../../twin/contract.ts';

/** Operations of the host that keeps the content of artifacts; it has no published description. */
const undocumented = { operation: 'the host of artifact content has no published description' };

/** Content behind the redirect of the build route. */
export const redirectedContent = operation({
  name: 'Content.Redirected',
  method: 'GET',
  path: '/content/{buildId}/{artifactName}',
  query: z.strictObject({ format: z.literal('zip') }),
  responses: { 200: bytes },
  errors: [404],
  deviations: undocumented,
});

/** Content behind a signed URL; the URL itself is the credential. */
export const signedContent = operation({
  name: 'Content.Signed',
  method: 'GET',
  path: '/signed/{buildId}/{artifactName}',
  query: z.strictObject({ format: z.literal('zip'), expires: z.string(), signature: z.string() }),
  responses: { 200: bytes },
  errors: [404],
  anonymous: true,
  deviations: undocumented,
});
