import { createHash, timingSafeEqual } from 'node:crypto';

/** User and passwords that service hooks may use. Two passwords are valid while they are being changed. */
export interface WebhookCredentials {
  readonly user: string;
  readonly passwords: readonly string[];
}

/** Whether a Basic authorization header names the user and one of the passwords, compared in constant time. */
export function isAuthentic(authorization: string | null, { user, passwords }: WebhookCredentials): boolean {
  const [scheme, encoded] = (authorization ?? '').split(' ');
  if (scheme?.toLowerCase() !== 'basic' || encoded === undefined) return false;
  const given = digest(Buffer.from(encoded, 'base64').toString('utf8'));
  let authentic = false;
  for (const password of passwords) {
    const matches = timingSafeEqual(given, digest(`${user}:${password}`));
    authentic = authentic || (matches && password !== '');
  }
  return authentic;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
