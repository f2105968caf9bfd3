import { z } from 'zod';
import { noBody, operation } from '../../twin/contract.ts';
import { count, identity, links, listOf, PROJECT, text, versioned, versionOnly } from './shapes.ts';

const ENVIRONMENTS = `${PROJECT}/distributedtask/environments`;
const CONFIGURATIONS = `${PROJECT}/pipelines/checks/configurations`;
const PERMISSIONS = `${PROJECT}/pipelines/pipelinepermissions/{resourceType}/{resourceId}`;

const environment = z.strictObject({
  id: z.int(),
  name: z.string(),
  description: z.string(),
  createdBy: identity,
  createdOn: z.string(),
  lastModifiedBy: identity,
  lastModifiedOn: z.string(),
  resources: z.array(z.never()).optional(),
  project: z.strictObject({ id: z.string(), name: z.string() }),
});

const given = z.strictObject({ name: z.string().optional(), description: z.string().optional() });

export const listEnvironments = operation({
  name: 'Environments.List',
  method: 'GET',
  path: ENVIRONMENTS,
  query: versioned({ name: text, continuationToken: text, $top: count }),
  responses: { 200: listOf(environment) },
});

export const getEnvironment = operation({
  name: 'Environments.Get',
  method: 'GET',
  path: `${ENVIRONMENTS}/{environmentId}`,
  query: versioned({ expands: text }),
  responses: { 200: environment },
  errors: [404],
});

export const addEnvironment = operation({
  name: 'Environments.Add',
  method: 'POST',
  path: ENVIRONMENTS,
  query: versionOnly,
  body: given,
  responses: { 200: environment },
  errors: [400],
});

export const resource = z.strictObject({
  type: z.string().optional(),
  id: z.string().optional(),
  name: z.string().optional(),
});

const checkGiven = z.strictObject({
  type: z.strictObject({ id: z.string().optional(), name: z.string().optional() }).optional(),
  settings: z.looseObject({}).optional(),
  timeout: z.int().optional(),
  isDisabled: z.boolean().optional(),
  resource: resource.optional(),
});

const check = z.strictObject({
  settings: z.looseObject({}).optional(),
  createdBy: identity,
  createdOn: z.string(),
  modifiedBy: identity,
  modifiedOn: z.string(),
  timeout: z.int(),
  isDisabled: z.boolean(),
  _links: links,
  id: z.int(),
  type: z.strictObject({ id: z.string(), name: z.string() }),
  url: z.string(),
  resource: z.strictObject({ type: z.string(), id: z.string(), name: z.string() }),
});

const settingsDiffer = 'settings belong to the check type; the description shows them in its examples only';

export const listChecks = operation({
  name: 'CheckConfigurations.List',
  method: 'GET',
  path: CONFIGURATIONS,
  query: versioned({ resourceType: text, resourceId: text, $expand: text }),
  responses: { 200: listOf(check) },
  deviations: { 'response.200.value.settings': settingsDiffer },
});

export const getCheck = operation({
  name: 'CheckConfigurations.Get',
  method: 'GET',
  path: `${CONFIGURATIONS}/{id}`,
  query: versioned({ $expand: text }),
  responses: { 200: check },
  errors: [404],
  deviations: { 'response.200.settings': settingsDiffer },
});

export const addCheck = operation({
  name: 'CheckConfigurations.Add',
  method: 'POST',
  path: CONFIGURATIONS,
  query: versionOnly,
  body: checkGiven,
  responses: { 200: check },
  errors: [400, 404],
  deviations: { 'body.settings': settingsDiffer, 'response.200.settings': settingsDiffer },
});

export const updateCheck = operation({
  ...addCheck,
  name: 'CheckConfigurations.Update',
  method: 'PATCH',
  path: `${CONFIGURATIONS}/{id}`,
});

export const deleteCheck = operation({
  name: 'CheckConfigurations.Delete',
  method: 'DELETE',
  path: `${CONFIGURATIONS}/{id}`,
  query: versionOnly,
  responses: { 204: noBody },
  errors: [404],
  deviations: { 'response.204': 'the service answers without content' },
});

const permission = z.strictObject({ authorized: z.boolean() });

const permissions = z.strictObject({
  resource: z.strictObject({ type: z.string(), id: z.string() }),
  allPipelines: permission,
  pipelines: z.array(permission.extend({ id: z.int() })),
});

export const getPermissions = operation({
  name: 'PipelinePermissions.Get',
  method: 'GET',
  path: PERMISSIONS,
  query: versionOnly,
  responses: { 200: permissions },
  errors: [404],
});

export const updatePermissions = operation({
  name: 'PipelinePermissions.Update',
  method: 'PATCH',
  path: PERMISSIONS,
  query: versionOnly,
  body: z.strictObject({
    resource: resource.optional(),
    allPipelines: z.looseObject({ authorized: z.boolean().optional() }).optional(),
    pipelines: z
      .array(z.looseObject({ id: z.int().optional(), authorized: z.boolean().optional() }))
      .optional(),
  }),
  responses: { 200: permissions },
  errors: [400, 404],
});
