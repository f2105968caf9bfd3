import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import type { Chance } from '../twin/chance.ts';
import type { Clock } from '../twin/clock.ts';
import type { Verdict } from '../twin/model.ts';
import { signToken, verifiedClaims } from './jwt.ts';
import type { EntraState, Principal } from './state.ts';

/** What issuing and judging tokens needs. */
export interface Tenant {
  state: EntraState;
  clock: Clock;
  chance: Chance;
}

/** Issuer of the version 1 tokens that ARM, Key Vault and Databricks take. */
export function issuerOf(tenantId: string): string {
  return `https://sts.windows.net/${tenantId}/`;
}

/** The private key of the tenant; made on first use, since that takes a tenth of a second. */
export function signingKeyOf(state: EntraState): JsonWebKey {
  state.signingKey ??= generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
    format: 'jwk',
  });
  return state.signingKey;
}

/** An access token of a principal for an audience; `expiresAt` is in seconds since 1970. */
export function issueToken(
  { state, clock, chance }: Tenant,
  principal: Principal,
  options: { audience: string; lifetimeInSeconds: number },
): { token: string; expiresAt: number } {
  const now = Math.floor(clock.now() / 1000);
  const issuer = issuerOf(state.tenantId);
  const claims = {
    aud: options.audience,
    iss: issuer,
    iat: now,
    nbf: now,
    exp: now + options.lifetimeInSeconds,
    appid: principal.clientId,
    appidacr: principal.clientSecret === undefined ? '2' : '1',
    idp: issuer,
    idtyp: 'app',
    oid: principal.objectId,
    sub: principal.objectId,
    tid: state.tenantId,
    uti: chance.uuid(),
    ver: '1.0',
  };
  return { token: signToken(claims, signingKeyOf(state)), expiresAt: claims.exp };
}

/**
 * Judges a bearer token the way a service does: signature, issuer, audience (a slash at its end does not count), times.
 * The verdict names the principal by its name.
 */
export function judgeToken(
  { state, clock }: Tenant,
  token: string | undefined,
  audience: string | readonly string[],
): Verdict {
  if (token === undefined) return { ok: false, why: 'no bearer token was sent' };
  const claims = state.signingKey && verifiedClaims(token, state.signingKey);
  if (!claims) return { ok: false, why: 'the signature of the token is invalid' };
  if (claims.iss !== issuerOf(state.tenantId))
    return { ok: false, why: `the issuer ${claims.iss} is not trusted` };
  const wanted = [audience].flat().map(withoutSlash);
  if (!wanted.includes(withoutSlash(claims.aud)))
    return { ok: false, why: `the audience ${claims.aud} is not ${wanted.join(' or ')}` };
  if (claims.exp * 1000 <= clock.now()) return { ok: false, why: 'the token has expired' };
  const principal = state.principals.find((one) => one.objectId === claims.oid);
  return principal
    ? { ok: true, principal: principal.name }
    : { ok: false, why: 'the principal was deleted' };
}

function withoutSlash(audience: string): string {
  return audience.replace(/\/+$/, '');
}
