import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { TwinRequest } from '../twin/exchange.ts';
import type { Verdict } from '../twin/model.ts';

/** An access key of a store; the secret is base64. */
export interface AccessKey {
  id: string;
  secret: string;
}

const MAX_AGE_IN_MS = 15 * 60_000;
const SIGNED_HEADERS = 'x-ms-date;host;x-ms-content-sha256';

/**
 * Judges a request that is signed with an access key: HMAC-SHA256 over method, path with query, date, host and hash of the
 * body. Without such a signature, `undefined`.
 */
export function judgeSignature(
  request: TwinRequest,
  keys: readonly AccessKey[],
  now: number,
): Verdict | undefined {
  const header = /^HMAC-SHA256\s+(.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (header === undefined) return undefined;
  const parts = new Map(header.split('&').map((part) => split(part)));
  const key = keys.find(({ id }) => id === parts.get('Credential'));
  if (!key) return { ok: false, why: 'the credential is unknown' };
  if (parts.get('SignedHeaders')?.toLowerCase() !== SIGNED_HEADERS)
    return { ok: false, why: `the signed headers must be ${SIGNED_HEADERS}` };
  if (Math.abs(Date.parse(request.headers['x-ms-date'] ?? '') - now) <= MAX_AGE_IN_MS) {
    const hash = createHash('sha256').update(request.body).digest('base64');
    const same = request.headers['x-ms-content-sha256'] === hash;
    if (same && equal(parts.get('Signature') ?? '', signatureOf(request, key)))
      return { ok: true, principal: key.id };
    return { ok: false, why: same ? 'the signature is wrong' : 'the hash of the body is wrong' };
  }
  return { ok: false, why: 'the access token has expired' };
}

/** The signature that a request with these headers must carry. */
export function signatureOf(
  { method, url, headers }: Omit<TwinRequest, 'body'>,
  { secret }: AccessKey,
): string {
  const { pathname, search } = new URL(url, 'http://twin.invalid');
  const signed = [headers['x-ms-date'], headers.host, headers['x-ms-content-sha256']].join(';');
  const text = `${method.toUpperCase()}\n${pathname}${search}\n${signed}`;
  return createHmac('sha256', Buffer.from(secret, 'base64')).update(text).digest('base64');
}

function split(part: string): [string, string] {
  const at = part.indexOf('=');
  return [part.slice(0, at), part.slice(at + 1)];
}

function equal(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
