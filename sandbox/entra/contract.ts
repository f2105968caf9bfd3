import { z } from 'zod';
import { bytes, type Operation, operation } from '../twin/contract.ts';

const identity = {
  client_id: z.string().optional(),
  principal_id: z.string().optional(),
  object_id: z.string().optional(),
  mi_res_id: z.string().optional(),
  msi_res_id: z.string().optional(),
};
const managedIdentityQuery = z.strictObject({
  'api-version': z.string(),
  resource: z.string(),
  ...identity,
});

/** Managed identity of App Service and Functions: `IDENTITY_ENDPOINT` with `X-IDENTITY-HEADER`. */
export const appServiceToken = operation({
  name: 'ManagedIdentity.appService',
  method: 'GET',
  path: '/msi/token',
  query: managedIdentityQuery,
  responses: {
    200: z.strictObject({
      access_token: z.string(),
      expires_on: z.string(),
      resource: z.string(),
      token_type: z.literal('Bearer'),
      client_id: z.string(),
    }),
  },
  errors: [400],
  anonymous: true,
});

/** Managed identity of a virtual machine (instance metadata service) with `Metadata: true`. */
export const instanceMetadataToken = operation({
  name: 'ManagedIdentity.instanceMetadata',
  method: 'GET',
  path: '/metadata/identity/oauth2/token',
  query: managedIdentityQuery,
  responses: {
    200: z.strictObject({
      access_token: z.string(),
      client_id: z.string(),
      expires_in: z.string(),
      expires_on: z.string(),
      ext_expires_in: z.string(),
      not_before: z.string(),
      resource: z.string(),
      token_type: z.literal('Bearer'),
    }),
  },
  errors: [400],
  anonymous: true,
});

/** The token endpoint of a tenant; the body is a form (RFC 6749, RFC 7523). */
export const token = operation({
  name: 'Tenant.token',
  method: 'POST',
  path: '/{tenant}/oauth2/v2.0/token',
  body: bytes,
  responses: {
    200: z.strictObject({
      token_type: z.literal('Bearer'),
      expires_in: z.int(),
      ext_expires_in: z.int(),
      access_token: z.string(),
    }),
  },
  errors: [400],
  anonymous: true,
});

const discovery = z.strictObject({
  issuer: z.string(),
  token_endpoint: z.string(),
  authorization_endpoint: z.string(),
  jwks_uri: z.string(),
  token_endpoint_auth_methods_supported: z.array(z.string()),
  response_types_supported: z.array(z.string()),
  subject_types_supported: z.array(z.string()),
  id_token_signing_alg_values_supported: z.array(z.string()),
  scopes_supported: z.array(z.string()),
  cloud_instance_name: z.string(),
});

/** OpenID Connect discovery of a tenant; its `issuer` is the one of version 2 tokens. */
export const openIdConfiguration = operation({
  name: 'Tenant.openIdConfiguration',
  method: 'GET',
  path: '/{tenant}/v2.0/.well-known/openid-configuration',
  responses: { 200: discovery },
  errors: [400],
  anonymous: true,
});

/** The same for version 1 tokens, which Azure's own services take. */
export const openIdConfigurationOfVersion1 = operation({
  name: 'Tenant.openIdConfigurationOfVersion1',
  method: 'GET',
  path: '/{tenant}/.well-known/openid-configuration',
  responses: { 200: discovery },
  errors: [400],
  anonymous: true,
});

const key = z.strictObject({
  kty: z.literal('RSA'),
  use: z.literal('sig'),
  alg: z.literal('RS256'),
  kid: z.string(),
  x5t: z.string(),
  n: z.string(),
  e: z.string(),
});

/** The keys that a tenant signs with. */
export const keys = operation({
  name: 'Tenant.keys',
  method: 'GET',
  path: '/{tenant}/discovery/v2.0/keys',
  responses: { 200: z.strictObject({ keys: z.array(key) }) },
  errors: [400],
  anonymous: true,
});

/** Errors of the token endpoint, and of the managed identity endpoints. */
export const errorBody = z.union([
  z.strictObject({
    error: z.string(),
    error_description: z.string(),
    error_codes: z.array(z.int()),
    timestamp: z.string(),
    trace_id: z.string(),
    correlation_id: z.string(),
    error_uri: z.string(),
  }),
  z.strictObject({ statusCode: z.int(), message: z.string() }),
  z.strictObject({ error: z.string(), error_description: z.string() }),
]);

export const entraOperations: readonly Operation[] = [
  appServiceToken,
  instanceMetadataToken,
  token,
  openIdConfiguration,
  openIdConfigurationOfVersion1,
  keys,
];
