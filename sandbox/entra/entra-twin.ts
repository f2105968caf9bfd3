import { createChance } from '../twin/chance.ts';
import { realClock } from '../twin/clock.ts';
import { type Answer, json } from '../twin/exchange.ts';
import type { Problem, Twin, TwinSettings, Verdict } from '../twin/model.ts';
import { createTwin } from '../twin/twin.ts';
import { errorBody } from './contract.ts';
import { discoveryRoutes } from './discovery.ts';
import { managedIdentityRoutes } from './managed-identity.ts';
import type { EntraState, Principal } from './state.ts';
import { tokenRoutes } from './token-endpoint.ts';
import { issueToken, judgeToken, type Tenant } from './tokens.ts';

/** Settings of the twin. */
export interface EntraSettings extends Omit<TwinSettings, 'acceptsToken'> {
  tenantId?: string;
  principals?: readonly Principal[];
  /** What callers of the App Service endpoint must send as `X-IDENTITY-HEADER`. */
  identityHeader?: string;
}

/** A tenant of Microsoft Entra ID with the managed identity endpoints of a host. */
export interface EntraTwin extends Twin {
  tenantId: string;
  /** What a service says to a bearer token; `audience` is its own name, or several that it takes. */
  acceptsToken(token: string | undefined, audience: string | readonly string[]): Verdict;
  /** A token of a principal, by its name. Throws when there is no such principal. */
  tokenFor(name: string, audience: string): string;
  addPrincipal(principal: Principal): void;
}

const DEFAULT_TENANT = '7f58f645-c190-4ce5-9de4-e2b7acd2a6ab';
const DEFAULT_PRINCIPAL: Principal = {
  name: 'slipway',
  clientId: 'b1d6a2c4-52f0-4d5e-8a39-6a1f4c1f7e01',
  objectId: '0f1c7b9e-3a64-4c6e-9a55-2d8f1be7c902',
  managed: 'system',
};

/** Builds the twin with one system-assigned managed identity, unless principals are given. */
export function createEntraTwin(settings: EntraSettings = {}): EntraTwin {
  const {
    tenantId = DEFAULT_TENANT,
    principals = [DEFAULT_PRINCIPAL],
    identityHeader = 'sandbox',
  } = settings;
  const { clock = realClock, chance = createChance(), ...rest } = settings;
  const state: EntraState = { tenantId, principals: [...principals] };
  const tenant: Tenant = { state, clock, chance };
  const twin = createTwin({
    ...rest,
    clock,
    chance,
    name: 'entra',
    state,
    ignorePathCase: true,
    errorBody,
    wordError,
    routes: [
      ...managedIdentityRoutes(tenant, identityHeader),
      ...tokenRoutes(tenant),
      ...discoveryRoutes(tenant),
    ],
  });
  return {
    ...twin,
    tenantId,
    acceptsToken: (token, audience) => judgeToken(tenant, token, audience),
    tokenFor: (name, audience) => tokenFor(tenant, name, audience),
    addPrincipal: (principal) => void state.principals.push(principal),
  };
}

function tokenFor(tenant: Tenant, name: string, audience: string): string {
  const principal = tenant.state.principals.find((one) => one.name === name);
  if (!principal) throw new Error(`no principal "${name}"`);
  return issueToken(tenant, principal, { audience, lifetimeInSeconds: 3599 }).token;
}

function wordError({ kind, status, why }: Problem): Answer {
  return json({ error: kind.replace('-', '_'), error_description: why }, status);
}
