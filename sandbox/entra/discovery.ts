import { json } from '../twin/exchange.ts';
import { type Route, route } from '../twin/route.ts';
import { keys, openIdConfiguration, openIdConfigurationOfVersion1 } from './contract.ts';
import { keyId, publicPart } from './jwt.ts';
import { requireTenant } from './token-endpoint.ts';
import { issuerOf, signingKeyOf, type Tenant } from './tokens.ts';

/** What a service reads to check tokens itself: OpenID Connect discovery and the keys. */
export function discoveryRoutes(tenant: Tenant): Route[] {
  return [
    route(openIdConfiguration, ({ url, param }) => {
      requireTenant(tenant, param('tenant'));
      const { tenantId } = tenant.state;
      return json(configuration(url.origin, tenantId, `https://login.microsoftonline.com/${tenantId}/v2.0`));
    }),
    route(openIdConfigurationOfVersion1, ({ url, param }) => {
      requireTenant(tenant, param('tenant'));
      const { tenantId } = tenant.state;
      return json(configuration(url.origin, tenantId, issuerOf(tenantId)));
    }),
    route(keys, ({ param }) => {
      requireTenant(tenant, param('tenant'));
      const key = signingKeyOf(tenant.state);
      const kid = keyId(key);
      return json({ keys: [{ ...publicPart(key), use: 'sig', alg: 'RS256', kid, x5t: kid }] });
    }),
  ];
}

function configuration(origin: string, tenantId: string, issuer: string) {
  return {
    issuer,
    token_endpoint: `${origin}/${tenantId}/oauth2/v2.0/token`,
    authorization_endpoint: `${origin}/${tenantId}/oauth2/v2.0/authorize`,
    jwks_uri: `${origin}/${tenantId}/discovery/v2.0/keys`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt'],
    response_types_supported: ['code', 'id_token', 'code id_token'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    cloud_instance_name: 'microsoftonline.com',
  };
}
