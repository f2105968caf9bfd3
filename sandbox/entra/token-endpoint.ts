import { type Answer, json, Refusal } from '../twin/exchange.ts';
import { type Route, route } from '../twin/route.ts';
import { token } from './contract.ts';
import { verifiedClaims } from './jwt.ts';
import type { FederatedCredential, Principal } from './state.ts';
import { issueToken, signingKeyOf, type Tenant } from './tokens.ts';

const LIFETIME_IN_SECONDS = 3599;
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** What a federated assertion must be meant for. */
const EXCHANGE_AUDIENCE = 'api://AzureADTokenExchange';

/** The token endpoint: client credentials with a secret or with a federated assertion. */
export function tokenRoutes(tenant: Tenant): Route[] {
  return [
    route(token, ({ body, param }) => {
      const form = new URLSearchParams(Buffer.from(body).toString('utf8'));
      requireTenant(tenant, param('tenant'));
      const principal = authenticated(tenant, form);
      const audience = audienceOf(tenant, form.get('scope') ?? '');
      const issued = issueToken(tenant, principal, { audience, lifetimeInSeconds: LIFETIME_IN_SECONDS });
      return json({
        token_type: 'Bearer',
        expires_in: LIFETIME_IN_SECONDS,
        ext_expires_in: LIFETIME_IN_SECONDS,
        access_token: issued.token,
      });
    }),
  ];
}

/** Refuses a tenant that this twin does not hold. */
export function requireTenant(tenant: Tenant, tenantId: string): void {
  if (tenantId.toLowerCase() !== tenant.state.tenantId.toLowerCase())
    throw refusal(tenant, {
      error: 'invalid_request',
      code: 90002,
      why: `Tenant '${tenantId}' not found.`,
    });
}

function authenticated(tenant: Tenant, form: URLSearchParams): Principal {
  if (form.get('grant_type') !== 'client_credentials')
    throw refusal(tenant, {
      error: 'unsupported_grant_type',
      code: 70003,
      why: `The app requested an unsupported grant type '${form.get('grant_type')}'.`,
    });
  const clientId = form.get('client_id') ?? '';
  const principal = tenant.state.principals.find((one) => one.clientId === clientId);
  if (!principal)
    throw refusal(tenant, {
      error: 'unauthorized_client',
      code: 700016,
      why: `Application with identifier '${clientId}' was not found in the directory.`,
    });
  if (form.has('client_assertion')) requireAssertion(tenant, principal, form);
  else if (principal.clientSecret === undefined || form.get('client_secret') !== principal.clientSecret)
    throw refusal(tenant, {
      status: 401,
      error: 'invalid_client',
      code: 7000215,
      why: 'Invalid client secret provided.',
    });
  return principal;
}

function requireAssertion(tenant: Tenant, principal: Principal, form: URLSearchParams): void {
  const assertion = form.get('client_assertion') ?? '';
  const vouched = principal.federated?.some((credential) => holds(tenant, credential, assertion));
  if (form.get('client_assertion_type') !== ASSERTION_TYPE || !vouched)
    throw refusal(tenant, {
      status: 401,
      error: 'invalid_client',
      code: 700213,
      why: 'No matching federated identity record found for the presented assertion.',
    });
}

function holds(tenant: Tenant, credential: FederatedCredential, assertion: string): boolean {
  const claims = verifiedClaims(assertion, credential.publicKey ?? signingKeyOf(tenant.state));
  return (
    claims !== undefined &&
    claims.iss === credential.issuer &&
    claims.sub === credential.subject &&
    claims.aud === EXCHANGE_AUDIENCE &&
    claims.exp * 1000 > tenant.clock.now()
  );
}

/** `https://vault.azure.net/.default` is a token for `https://vault.azure.net`. */
function audienceOf(tenant: Tenant, scope: string): string {
  const audience = /^(.+)\/\.default$/.exec(scope)?.[1];
  if (audience === undefined)
    throw refusal(tenant, {
      error: 'invalid_scope',
      code: 70011,
      why: `The provided value for scope ${scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier.`,
    });
  return audience;
}

interface Reason {
  error: string;
  code: number;
  why: string;
  status?: number;
}

function refusal({ clock, chance }: Tenant, { error, code, why, status = 400 }: Reason): Refusal {
  const answer: Answer = json(
    {
      error,
      error_description: `AADSTS${code}: ${why}`,
      error_codes: [code],
      timestamp: new Date(clock.now()).toISOString(),
      trace_id: chance.uuid(),
      correlation_id: chance.uuid(),
      error_uri: `https://login.microsoftonline.com/error?code=${code}`,
    },
    status,
  );
  return new Refusal(answer);
}
