import { z } from 'zod';
import { operation } from '../../twin/contract.ts';
import { clusterSpec, library } from './cluster-spec.ts';
import { count, textMap } from './shapes.ts';

const PATH = '/api/2.1/clusters';
const id = z.strictObject({ cluster_id: z.string() });
const requested = clusterSpec.extend({ spark_version: z.string() });

const details = clusterSpec.omit({ apply_policy_default_values: true }).extend({
  cluster_id: z.string(),
  cluster_source: z.string(),
  creator_user_name: z.string(),
  default_tags: textMap,
  spec: clusterSpec,
  start_time: z.int(),
  state: z.enum(['PENDING', 'RUNNING', 'RESTARTING', 'TERMINATING', 'TERMINATED']),
  state_message: z.string(),
  terminated_time: z.int().optional(),
  termination_reason: z.strictObject({ code: z.string(), type: z.string() }).optional(),
});

const act = (name: string, path: string) =>
  operation({
    name: `Clusters.${name}`,
    method: 'POST',
    path: `${PATH}/${path}`,
    body: id,
    errors: [400, 404],
  });

export const create = operation({
  name: 'Clusters.create',
  method: 'POST',
  path: `${PATH}/create`,
  body: requested,
  responses: { 200: id },
  errors: [400],
});

export const edit = operation({
  name: 'Clusters.edit',
  method: 'POST',
  path: `${PATH}/edit`,
  body: requested.extend({ cluster_id: z.string() }),
  errors: [400, 404],
});

export const get = operation({
  name: 'Clusters.get',
  method: 'GET',
  path: `${PATH}/get`,
  query: id,
  responses: { 200: details },
  errors: [400, 404],
});

export const list = operation({
  name: 'Clusters.list',
  method: 'GET',
  path: `${PATH}/list`,
  query: z.strictObject({
    'filter_by.cluster_sources': z.string().optional(),
    page_size: count.optional(),
    page_token: z.string().optional(),
  }),
  responses: {
    200: z.strictObject({ clusters: z.array(details).optional(), next_page_token: z.string().optional() }),
  },
  errors: [400],
  deviations: {
    'query.filter_by.cluster_sources': 'a field of `filter_by`, spelled as query strings spell it',
  },
});

export const start = act('start', 'start');
export const restart = act('restart', 'restart');
export const terminate = act('delete', 'delete');
export const permanentDelete = act('permanent_delete', 'permanent-delete');

const statuses = z.strictObject({
  cluster_id: z.string(),
  library_statuses: z
    .array(
      z.strictObject({
        library,
        status: z.enum(['FAILED', 'INSTALLED', 'PENDING', 'UNINSTALL_ON_RESTART']),
        messages: z.array(z.string()).optional(),
        is_library_for_all_clusters: z.boolean(),
      }),
    )
    .optional(),
});
const libraries = z.strictObject({ cluster_id: z.string(), libraries: z.array(library) });

export const installLibraries = operation({
  name: 'Libraries.install',
  method: 'POST',
  path: '/api/2.0/libraries/install',
  body: libraries,
  errors: [400, 404],
});

export const uninstallLibraries = operation({
  name: 'Libraries.uninstall',
  method: 'POST',
  path: '/api/2.0/libraries/uninstall',
  body: libraries,
  errors: [400, 404],
});

export const libraryStatus = operation({
  name: 'Libraries.cluster_status',
  method: 'GET',
  path: '/api/2.0/libraries/cluster-status',
  query: id,
  responses: { 200: statuses },
  errors: [400, 404],
});

export const allLibraryStatuses = operation({
  name: 'Libraries.all_cluster_statuses',
  method: 'GET',
  path: '/api/2.0/libraries/all-cluster-statuses',
  responses: { 200: z.strictObject({ statuses: z.array(statuses).optional() }) },
});

const POLICIES = '/api/2.0/policies/clusters';
const policyFields = z.strictObject({
  name: z.string().optional(),
  definition: z.string().optional(),
  description: z.string().optional(),
  libraries: z.array(library).optional(),
  max_clusters_per_user: z.int().optional(),
  policy_family_id: z.string().optional(),
  policy_family_definition_overrides: z.string().optional(),
});
const policyId = z.strictObject({ policy_id: z.string() });
export const policy = policyFields.extend({
  policy_id: z.string(),
  creator_user_name: z.string(),
  created_at_timestamp: z.int(),
  is_default: z.boolean(),
});

export const createPolicy = operation({
  name: 'ClusterPolicies.create',
  method: 'POST',
  path: `${POLICIES}/create`,
  body: policyFields,
  responses: { 200: policyId },
  errors: [400],
});

export const editPolicy = operation({
  name: 'ClusterPolicies.edit',
  method: 'POST',
  path: `${POLICIES}/edit`,
  body: policyFields.extend(policyId.shape),
  errors: [400, 404],
});

export const getPolicy = operation({
  name: 'ClusterPolicies.get',
  method: 'GET',
  path: `${POLICIES}/get`,
  query: policyId.extend({ policy_view: z.string().optional() }),
  responses: { 200: policy },
  errors: [404],
});

export const listPolicies = operation({
  name: 'ClusterPolicies.list',
  method: 'GET',
  path: `${POLICIES}/list`,
  query: z.strictObject({ sort_column: z.string().optional(), sort_order: z.string().optional() }),
  responses: { 200: z.strictObject({ policies: z.array(policy).optional() }) },
});

export const deletePolicy = operation({
  name: 'ClusterPolicies.delete',
  method: 'POST',
  path: `${POLICIES}/delete`,
  body: policyId,
  errors: [404],
  deviations: { operation: 'in the REST reference; left out of the derived file' },
});
