import { z } from 'zod';
import { int64, nothing, operation } from '../../twin/contract.ts';
import { forced, listFields, securableOperations } from './securable-operations.ts';
import { flag, paging, textMap } from './shapes.ts';

/** Fields that the server adds to every securable. */
const stamps = {
  owner: z.string(),
  metastore_id: z.string(),
  created_at: z.int(),
  created_by: z.string(),
  updated_at: z.int(),
  updated_by: z.string(),
};
const comment = z.string().optional();
const properties = textMap.optional();
const enable_predictive_optimization = z.enum(['DISABLE', 'ENABLE', 'INHERIT']).optional();
const unbound = { include_unbound: flag.optional() };
/** Fields that every update takes. */
const change = { comment, new_name: z.string().optional(), owner: z.string().optional() };

export const catalogInfo = z.strictObject({
  ...stamps,
  name: z.string(),
  full_name: z.string(),
  comment,
  properties,
  options: properties,
  storage_root: z.string().optional(),
  storage_location: z.string().optional(),
  catalog_type: z.string(),
  isolation_mode: z.enum(['ISOLATED', 'OPEN', 'OPEN_IN_ACCOUNT']),
  enable_predictive_optimization,
  securable_type: z.string(),
});

export const catalogs = securableOperations({
  group: 'Catalogs',
  path: 'catalogs',
  collection: 'catalogs',
  info: catalogInfo,
  create: z.strictObject({
    name: z.string(),
    comment,
    properties,
    options: properties,
    storage_root: z.string().optional(),
  }),
  update: z.strictObject({
    ...change,
    properties,
    options: properties,
    isolation_mode: catalogInfo.shape.isolation_mode.optional(),
    enable_predictive_optimization,
  }),
  listQuery: z.strictObject({ ...listFields, ...unbound }),
  removeQuery: forced,
  canBrowse: true,
});

export const schemaInfo = z.strictObject({
  ...stamps,
  name: z.string(),
  full_name: z.string(),
  catalog_name: z.string(),
  catalog_type: z.string(),
  schema_id: z.string(),
  comment,
  properties,
  storage_root: z.string().optional(),
  storage_location: z.string().optional(),
  enable_predictive_optimization,
});

export const schemas = securableOperations({
  group: 'Schemas',
  path: 'schemas',
  collection: 'schemas',
  info: schemaInfo,
  create: z.strictObject({
    name: z.string(),
    catalog_name: z.string(),
    comment,
    properties,
    storage_root: z.string().optional(),
  }),
  update: z.strictObject({ ...change, properties, enable_predictive_optimization }),
  listQuery: z.strictObject({ ...listFields, catalog_name: z.string() }),
  removeQuery: forced,
  canBrowse: true,
});

export const volumeInfo = z.strictObject({
  ...stamps,
  name: z.string(),
  full_name: z.string(),
  catalog_name: z.string(),
  schema_name: z.string(),
  volume_id: z.string(),
  volume_type: z.enum(['EXTERNAL', 'MANAGED']),
  storage_location: z.string(),
  comment,
});

export const volumes = securableOperations({
  group: 'Volumes',
  path: 'volumes',
  collection: 'volumes',
  readName: 'read',
  info: volumeInfo,
  create: z.strictObject({
    name: z.string(),
    catalog_name: z.string(),
    schema_name: z.string(),
    volume_type: volumeInfo.shape.volume_type,
    storage_location: z.string().optional(),
    comment,
  }),
  update: z.strictObject(change),
  listQuery: z.strictObject({ ...listFields, catalog_name: z.string(), schema_name: z.string() }),
  removeQuery: nothing,
  canBrowse: true,
});

export const metastoreSummary = operation({
  name: 'Metastores.summary',
  method: 'GET',
  path: '/api/2.1/unity-catalog/metastore_summary',
  responses: {
    200: z.strictObject({
      metastore_id: z.string(),
      global_metastore_id: z.string(),
      name: z.string(),
      owner: z.string(),
      region: z.string(),
      cloud: z.string(),
      storage_root: z.string().optional(),
      privilege_model_version: z.string(),
    }),
  },
});

export const metastoreAssignment = operation({
  name: 'Metastores.current',
  method: 'GET',
  path: '/api/2.1/unity-catalog/current-metastore-assignment',
  responses: {
    200: z.strictObject({
      workspace_id: int64,
      metastore_id: z.string(),
      default_catalog_name: z.string().optional(),
    }),
  },
});

const binding = z.strictObject({
  workspace_id: int64,
  binding_type: z.enum(['BINDING_TYPE_READ_ONLY', 'BINDING_TYPE_READ_WRITE']).optional(),
});
const BINDINGS = '/api/2.1/unity-catalog/bindings/{type}/{name}';

export const getBindings = operation({
  name: 'WorkspaceBindings.get_bindings',
  method: 'GET',
  path: BINDINGS,
  query: z.strictObject(paging),
  responses: {
    200: z.strictObject({ bindings: z.array(binding).optional(), next_page_token: z.string().optional() }),
  },
  errors: [400, 404],
});

export const updateBindings = operation({
  name: 'WorkspaceBindings.update_bindings',
  method: 'PATCH',
  path: BINDINGS,
  body: z.strictObject({ add: z.array(binding).optional(), remove: z.array(binding).optional() }),
  responses: { 200: z.strictObject({ bindings: z.array(binding).optional() }) },
  errors: [400, 404],
});
