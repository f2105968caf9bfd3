import { z } from 'zod';
import { operation } from '../../twin/contract.ts';
import { forced, listFields, securableOperations } from './securable-operations.ts';
import { echoed, flag, paging } from './shapes.ts';

const comment = z.string().optional();
const change = {
  comment,
  new_name: z.string().optional(),
  owner: z.string().optional(),
  force: z.boolean().optional(),
};
const isolation_mode = z.enum([
  'ISOLATION_MODE_ISOLATED',
  'ISOLATION_MODE_OPEN',
  'ISOLATION_MODE_OPEN_IN_ACCOUNT',
]);
const stamps = {
  owner: z.string(),
  metastore_id: z.string(),
  created_at: z.int(),
  created_by: z.string(),
  updated_at: z.int(),
  updated_by: z.string(),
};

const managedIdentity = z.strictObject({
  access_connector_id: z.string(),
  managed_identity_id: z.string().optional(),
});
/** Ways to identify; all but the managed identity are declared and refused. */
const identities = {
  azure_managed_identity: managedIdentity.optional(),
  azure_service_principal: echoed,
  aws_iam_role: echoed,
  cloudflare_api_token: echoed,
  databricks_gcp_service_account: echoed,
};
const switches = { read_only: z.boolean().optional(), skip_validation: z.boolean().optional() };

export const credentialInfo = z.strictObject({
  ...stamps,
  id: z.string(),
  name: z.string(),
  full_name: z.string(),
  comment,
  azure_managed_identity: managedIdentity.extend({ credential_id: z.string() }).optional(),
  isolation_mode,
  read_only: z.boolean(),
  used_for_managed_storage: z.boolean(),
});

export const credentials = securableOperations({
  group: 'StorageCredentials',
  path: 'storage-credentials',
  collection: 'storage_credentials',
  info: credentialInfo,
  create: z.strictObject({ ...identities, ...switches, name: z.string(), comment }),
  update: z.strictObject({
    ...identities,
    ...switches,
    ...change,
    azure_managed_identity: managedIdentity.extend({ credential_id: z.string().optional() }).optional(),
    isolation_mode: isolation_mode.optional(),
  }),
  listQuery: z.strictObject({ ...paging, include_unbound: flag.optional() }),
  removeQuery: forced,
  canBrowse: false,
});

export const locationInfo = z.strictObject({
  ...stamps,
  name: z.string(),
  url: z.string(),
  credential_name: z.string(),
  credential_id: z.string(),
  comment,
  fallback: z.boolean(),
  isolation_mode,
  read_only: z.boolean(),
});

const fallback = z.boolean().optional();

export const locations = securableOperations({
  group: 'ExternalLocations',
  path: 'external-locations',
  collection: 'external_locations',
  info: locationInfo,
  create: z.strictObject({
    ...switches,
    name: z.string(),
    url: z.string(),
    credential_name: z.string(),
    comment,
    fallback,
  }),
  update: z.strictObject({
    ...switches,
    ...change,
    url: z.string().optional(),
    credential_name: z.string().optional(),
    fallback,
    isolation_mode: isolation_mode.optional(),
  }),
  listQuery: z.strictObject({ ...listFields, include_unbound: flag.optional() }),
  removeQuery: forced,
  canBrowse: true,
});

const verdict = z.strictObject({
  operation: z.enum(['DELETE', 'LIST', 'PATH_EXISTS', 'READ', 'WRITE']),
  result: z.enum(['FAIL', 'PASS', 'SKIP']),
  message: z.string().optional(),
});

export const validateCredential = operation({
  name: 'StorageCredentials.validate',
  method: 'POST',
  path: '/api/2.1/unity-catalog/validate-storage-credentials',
  body: z.strictObject({
    ...identities,
    storage_credential_name: z.string().optional(),
    external_location_name: z.string().optional(),
    url: z.string().optional(),
    read_only: z.boolean().optional(),
  }),
  responses: { 200: z.strictObject({ isDir: z.boolean(), results: z.array(verdict) }) },
  errors: [400, 404],
});
