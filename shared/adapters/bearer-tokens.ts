import type { AccessToken, TokenCredential } from '@azure/core-auth';
import type { Clock } from '../engine/ports.ts';
import { TransientFailure } from '../errors.ts';

/** A token is renewed this long before it ends. */
const MARGIN_IN_MS = 5 * 60_000;

/** Gets and keeps the token of one scope; concurrent callers wait for one request. */
export function bearerTokens({
  credential,
  scope,
  clock,
}: {
  readonly credential: TokenCredential | null;
  readonly scope: string;
  readonly clock: Clock;
}): () => Promise<string | null> {
  let known: AccessToken | null = null;
  let pending: Promise<AccessToken | null> | null = null;
  return async () => {
    if (credential === null) return null;
    if (known === null || known.expiresOnTimestamp - clock.now() < MARGIN_IN_MS) {
      pending ??= credential.getToken(scope).finally(() => {
        pending = null;
      });
      known = await pending;
    }
    if (known === null) throw new TransientFailure(`no token for ${scope}`);
    return `Bearer ${known.token}`;
  };
}
