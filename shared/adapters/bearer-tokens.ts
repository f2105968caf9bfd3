import type { AccessToken, TokenCredential } from '@azure/core-auth';
import type { Clock } from '../engine/ports.ts';
import { messageOf, TransientFailure } from '../errors.ts';

/** A token is renewed this long before it ends. */
const MARGIN_IN_MS = 5 * 60_000;
/** With less time left it might end on the way. */
const SHORTEST_IN_MS = 60_000;

/** The tokens of one scope. */
export interface BearerTokens {
  /**
   * One that lasts long enough for a request; null where none is wanted.
   * @throws TransientFailure when the credential gives no token
   */
  token(): Promise<string | null>;
  /** The service did not accept the token: get another one, although this one has time left. */
  forget(): void;
}

export interface TokenSource {
  /** Null where no token is wanted. */
  readonly credential: TokenCredential | null;
  readonly scope: string;
  readonly clock: Clock;
}

/** Gets and keeps the token of one scope; concurrent callers wait for one request. */
export function bearerTokens({ credential, scope, clock }: TokenSource): BearerTokens {
  let known: AccessToken | null = null;
  let pending: Promise<AccessToken | null> | null = null;
  const lasts = (timeInMs: number) => known !== null && known.expiresOnTimestamp - clock.now() >= timeInMs;
  const renew = async (from: TokenCredential): Promise<void> => {
    pending ??= from.getToken(scope).finally(() => {
      pending = null;
    });
    known = await pending;
  };
  return {
    async token() {
      if (credential === null) return null;
      if (!lasts(MARGIN_IN_MS)) {
        // The identity endpoint may be down for a moment: the old token does while it lasts.
        await renew(credential).catch((error: unknown) => {
          if (!lasts(SHORTEST_IN_MS))
            throw new TransientFailure(`no token for ${scope}: ${messageOf(error)}`);
        });
      }
      if (known === null) throw new TransientFailure(`no token for ${scope}`);
      return known.token;
    },
    forget() {
      known = null;
    },
  };
}

/** The headers that say who asks: `Authorization`, and one more where a service wants a second token. */
export function tokenHeaders({
  secondToken,
  ...source
}: TokenSource & { readonly secondToken?: { readonly scope: string; readonly header: string } }) {
  const first = bearerTokens(source);
  const second = secondToken === undefined ? null : bearerTokens({ ...source, scope: secondToken.scope });
  return {
    async headers(): Promise<Readonly<Record<string, string>>> {
      const [token, other] = await Promise.all([first.token(), second?.token() ?? null]);
      return {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(other === null || secondToken === undefined ? {} : { [secondToken.header]: other }),
      };
    },
    forget(): void {
      first.forget();
      second?.forget();
    },
  };
}
