import { z } from 'zod';
import { noBody, type Operation, operation } from '../../twin/contract.ts';
import { tags, version } from './shapes.ts';

const PATH = '/subscriptions/{subscriptionId}/resourcegroups/{resourceGroupName}';
const TAGS = 'the file held here leaves out fields of this name; every version has it';

const resourceGroup = z.strictObject({
  id: z.string(),
  name: z.string(),
  type: z.literal('Microsoft.Resources/resourceGroups'),
  location: z.string(),
  tags: tags.optional(),
  properties: z.strictObject({ provisioningState: z.string() }),
});

export const checkGroup = operation({
  name: 'ResourceGroups_CheckExistence',
  method: 'HEAD',
  path: PATH,
  query: version,
  responses: { 204: noBody, 404: noBody },
  errors: [400],
});

export const getGroup = operation({
  name: 'ResourceGroups_Get',
  method: 'GET',
  path: PATH,
  query: version,
  responses: { 200: resourceGroup },
  errors: [400, 404],
  deviations: { 'response.200.tags': TAGS },
});

export const putGroup = operation({
  name: 'ResourceGroups_CreateOrUpdate',
  method: 'PUT',
  path: PATH,
  query: version,
  body: z.strictObject({
    location: z.string(),
    tags: tags.optional(),
    managedBy: z.string().optional(),
    properties: z.looseObject({}).optional(),
  }),
  responses: { 200: resourceGroup, 201: resourceGroup },
  errors: [400, 409],
  deviations: { 'body.tags': TAGS, 'response.200.tags': TAGS, 'response.201.tags': TAGS },
});

export const resourceGroupOperations: readonly Operation[] = [checkGroup, getGroup, putGroup];
