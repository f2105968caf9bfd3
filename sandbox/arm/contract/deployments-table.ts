import { z } from 'zod';
import { noBody, type Operation, operation } from '../../twin/contract.ts';
import {
  armError,
  deployment,
  deploymentRequest,
  page,
  version,
  whatIfRequest,
  whatIfResult,
} from './shapes.ts';

const GROUP = '/subscriptions/{subscriptionId}/resourcegroups/{resourceGroupName}';
const PATH = `${GROUP}/providers/Microsoft.Resources/deployments/{deploymentName}`;
const TAGS = 'the file held here leaves out fields of this name; every version has it';

export const createOrUpdate = operation({
  name: 'Deployments_CreateOrUpdate',
  method: 'PUT',
  path: PATH,
  query: version,
  body: deploymentRequest,
  responses: { 200: deployment, 201: deployment },
  errors: [400, 404, 409, 413],
  deviations: {
    'body.tags': TAGS,
    'body.properties.validationLevel': 'since version 2025-03-01',
    'response.200.tags': TAGS,
    'response.201.tags': TAGS,
  },
});

export const get = operation({
  name: 'Deployments_Get',
  method: 'GET',
  path: PATH,
  query: version,
  responses: { 200: deployment },
  errors: [400, 404],
  deviations: { 'response.200.tags': TAGS },
});

export const checkExistence = operation({
  name: 'Deployments_CheckExistence',
  method: 'HEAD',
  path: PATH,
  query: version,
  responses: { 204: noBody, 404: noBody },
  errors: [400],
});

export const deleteDeployment = operation({
  name: 'Deployments_Delete',
  method: 'DELETE',
  path: PATH,
  query: version,
  responses: { 202: noBody, 204: noBody },
  errors: [400, 404, 409],
});

export const cancel = operation({
  name: 'Deployments_Cancel',
  method: 'POST',
  path: `${PATH}/cancel`,
  query: version,
  responses: { 204: noBody },
  errors: [400, 404, 409],
});

const validated = deployment.partial().extend({ error: armError.optional() });

export const validate = operation({
  name: 'Deployments_Validate',
  method: 'POST',
  path: `${PATH}/validate`,
  query: version,
  body: deploymentRequest,
  responses: { 200: validated, 202: noBody, 400: validated },
  errors: [404, 413],
  deviations: {
    'body.tags': TAGS,
    'body.properties.validationLevel': 'since version 2025-03-01',
    ...validateDeviations('response.200'),
    ...validateDeviations('response.400'),
  },
});

function validateDeviations(at: string): Record<string, string> {
  const since = 'since version 2025-04-01 the result names the deployment';
  const fields = ['id', 'name', 'type', 'location', 'tags'];
  return Object.fromEntries(fields.map((field) => [`${at}.${field}`, since]));
}

export const whatIf = operation({
  name: 'Deployments_WhatIf',
  method: 'POST',
  path: `${PATH}/whatIf`,
  query: version,
  body: whatIfRequest,
  responses: { 200: whatIfResult, 202: noBody },
  errors: [400, 404, 413],
  deviations: {
    'body.properties.validationLevel': 'since version 2025-03-01',
    'response.200.properties.diagnostics': 'since version 2025-04-01',
  },
});

export const list = operation({
  name: 'Deployments_ListByResourceGroup',
  method: 'GET',
  path: `${GROUP}/providers/Microsoft.Resources/deployments/`,
  query: page.extend({ $filter: z.string().optional() }),
  responses: { 200: z.strictObject({ value: z.array(deployment), nextLink: z.string().optional() }) },
  errors: [400, 404],
  deviations: { 'query.$skiptoken': 'part of nextLink', 'response.200.value.tags': TAGS },
});

const target = z.strictObject({ id: z.string(), resourceType: z.string(), resourceName: z.string() });
const deploymentOperation = z.strictObject({
  id: z.string(),
  operationId: z.string(),
  properties: z.strictObject({
    provisioningOperation: z.enum(['Create', 'EvaluateDeploymentOutput']),
    provisioningState: z.enum(['Running', 'Succeeded', 'Failed', 'Canceled']),
    timestamp: z.string(),
    duration: z.string(),
    serviceRequestId: z.string(),
    statusCode: z.string(),
    statusMessage: z.strictObject({ status: z.string(), error: armError }).optional(),
    targetResource: target.optional(),
  }),
});

export const listOperations = operation({
  name: 'DeploymentOperations_List',
  method: 'GET',
  path: `${GROUP}/deployments/{deploymentName}/operations`,
  query: page,
  responses: {
    200: z.strictObject({ value: z.array(deploymentOperation), nextLink: z.string().optional() }),
  },
  errors: [400, 404],
  deviations: { 'query.$skiptoken': 'part of nextLink' },
});

const follow = {
  operation: 'where a header of an earlier answer points to; not in the published description',
};

/** The target of `Azure-AsyncOperation`. */
export const operationStatus = operation({
  name: 'OperationStatuses_Get',
  method: 'GET',
  path: `${PATH}/operationStatuses/{operationId}`,
  query: version.extend({ t: z.string().optional() }),
  responses: { 200: z.strictObject({ status: z.string(), error: armError.optional() }) },
  errors: [400, 404],
  deviations: follow,
});

/** The target of `Location`: 202 until the result is there. */
export const operationResult = operation({
  name: 'OperationResults_Get',
  method: 'GET',
  path: '/subscriptions/{subscriptionId}/operationresults/{operationId}',
  query: version.extend({ t: z.string().optional() }),
  responses: { 200: z.union([whatIfResult, validated]), 202: noBody, 204: noBody },
  errors: [400, 404],
  deviations: follow,
});

export const deploymentOperations: readonly Operation[] = [
  createOrUpdate,
  get,
  checkExistence,
  deleteDeployment,
  cancel,
  validate,
  whatIf,
  list,
  listOperations,
  operationStatus,
  operationResult,
];
