import { type Answer, json, Refusal, type TwinRequest } from '../twin/exchange.ts';
import { type Route, route } from '../twin/route.ts';
import { appServiceToken, instanceMetadataToken } from './contract.ts';
import type { Principal } from './state.ts';
import { issueToken, type Tenant } from './tokens.ts';

/** Tokens of managed identities are valid for a day. */
const LIFETIME_IN_SECONDS = 86_400;

interface IdentityQuery {
  client_id?: string | undefined;
  principal_id?: string | undefined;
  object_id?: string | undefined;
}

/** The endpoints that a host gives its applications; `identityHeader` is what `X-IDENTITY-HEADER` must hold. */
export function managedIdentityRoutes(tenant: Tenant, identityHeader: string): Route[] {
  return [
    route(appServiceToken, ({ request, query }) => {
      requireHeader(request, 'x-identity-header', identityHeader);
      const issued = issue(tenant, query, query.resource);
      return json({
        access_token: issued.token,
        expires_on: String(issued.expiresAt),
        resource: query.resource,
        token_type: 'Bearer',
        client_id: issued.principal.clientId,
      });
    }),
    route(instanceMetadataToken, ({ request, query }) => {
      requireHeader(request, 'metadata', 'true');
      const issued = issue(tenant, query, query.resource);
      return json({
        access_token: issued.token,
        client_id: issued.principal.clientId,
        expires_in: String(LIFETIME_IN_SECONDS),
        expires_on: String(issued.expiresAt),
        ext_expires_in: String(LIFETIME_IN_SECONDS),
        not_before: String(issued.expiresAt - LIFETIME_IN_SECONDS),
        resource: query.resource,
        token_type: 'Bearer',
      });
    }),
  ];
}

function requireHeader(request: TwinRequest, name: string, value: string): void {
  if (request.headers[name]?.toLowerCase() !== value.toLowerCase())
    throw new Refusal(refused(400, `The header ${name} is missing or wrong.`));
}

function issue(tenant: Tenant, query: IdentityQuery, resource: string) {
  const principal = tenant.state.principals.find((one) => isMeant(one, query));
  if (!principal)
    throw new Refusal(
      refused(
        400,
        'No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.',
      ),
    );
  const options = { audience: resource, lifetimeInSeconds: LIFETIME_IN_SECONDS };
  return { principal, ...issueToken(tenant, principal, options) };
}

function isMeant(principal: Principal, { client_id, principal_id, object_id }: IdentityQuery): boolean {
  const objectId = principal_id ?? object_id;
  if (client_id !== undefined) return principal.managed !== undefined && principal.clientId === client_id;
  if (objectId !== undefined) return principal.managed !== undefined && principal.objectId === objectId;
  return principal.managed === 'system';
}

function refused(statusCode: number, message: string): Answer {
  return json({ statusCode, message }, statusCode);
}
