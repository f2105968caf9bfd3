import { createHash, createPrivateKey, createPublicKey, type JsonWebKey, sign, verify } from 'node:crypto';
import { z } from 'zod';

/** The claims of an access token that twins read; more may be there. */
const claimsShape = z.looseObject({
  aud: z.string(),
  iss: z.string(),
  sub: z.string(),
  exp: z.number(),
  nbf: z.number().optional(),
  oid: z.string().optional(),
});
export type Claims = z.infer<typeof claimsShape>;

/** Signs claims as an RS256 JSON Web Token (RFC 7519). */
export function signToken(claims: Record<string, unknown>, privateKey: JsonWebKey): string {
  const kid = keyId(privateKey);
  const content = `${encode({ typ: 'JWT', alg: 'RS256', kid, x5t: kid })}.${encode(claims)}`;
  const key = createPrivateKey({ key: privateKey, format: 'jwk' });
  return `${content}.${sign('RSA-SHA256', Buffer.from(content), key).toString('base64url')}`;
}

/** The claims of a token whose signature holds; `undefined` for anything else. Times are not looked at. */
export function verifiedClaims(token: string, key: JsonWebKey): Claims | undefined {
  const [header, payload, signature, ...rest] = token.split('.');
  if (!header || !payload || !signature || rest.length > 0) return undefined;
  const publicKey = createPublicKey({ key: publicPart(key), format: 'jwk' });
  const content = Buffer.from(`${header}.${payload}`);
  if (decode(header)?.alg !== 'RS256') return undefined;
  if (!verify('RSA-SHA256', content, publicKey, Buffer.from(signature, 'base64url'))) return undefined;
  return claimsShape.safeParse(decode(payload)).data;
}

/** The public half of a key, as a JSON Web Key Set lists it. */
export function publicPart({ kty, n, e }: JsonWebKey): JsonWebKey {
  return { ...(kty && { kty }), ...(n && { n }), ...(e && { e }) };
}

/** A name for a key that its holder and its users find independently. */
export function keyId(key: JsonWebKey): string {
  return createHash('sha1')
    .update(key.n ?? '')
    .digest('base64url');
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

const anyObject = z.record(z.string(), z.unknown());

function decode(part: string): Record<string, unknown> | undefined {
  try {
    return anyObject.safeParse(JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))).data;
  } catch {
    return undefined;
  }
}
