import { z } from 'zod';
import { noBody, type Operation, operation } from '../twin/contract.ts';

const version = z.strictObject({ 'api-version': z.string() });
const page = version.extend({
  maxresults: z.string().optional(),
  $skiptoken: z.string().optional(),
});
const TAGS = 'the file held here leaves out fields of this name; every version has it';
const CLIENT = 'described by the official client library, not by the file held here';

const attributesGiven = z.strictObject({
  enabled: z.boolean().optional(),
  nbf: z.int().optional(),
  exp: z.int().optional(),
});
const attributes = attributesGiven.extend({
  enabled: z.boolean(),
  created: z.int(),
  updated: z.int(),
  recoveryLevel: z.string(),
  recoverableDays: z.int(),
});
const tags = z.record(z.string(), z.string());
const item = z.strictObject({
  id: z.string(),
  attributes,
  contentType: z.string().optional(),
  tags: tags.optional(),
});
const bundle = item.extend({ value: z.string() });
const deleted = { recoveryId: z.string(), deletedDate: z.int(), scheduledPurgeDate: z.int() };

function listOf(items: z.ZodObject) {
  return z.strictObject({ value: z.array(items), nextLink: z.string().nullable() });
}

export const getSecrets = operation({
  name: 'GetSecrets',
  method: 'GET',
  path: '/secrets',
  query: page,
  responses: { 200: listOf(item) },
  errors: [400],
  deviations: { 'query.$skiptoken': 'part of nextLink', 'response.200.value.tags': TAGS },
});

export const getSecretVersions = operation({
  name: 'GetSecretVersions',
  method: 'GET',
  path: '/secrets/{secret-name}/versions',
  query: page,
  responses: { 200: listOf(item) },
  errors: [400, 404],
  deviations: { 'query.$skiptoken': 'part of nextLink', 'response.200.value.tags': TAGS },
});

export const getSecret = operation({
  name: 'GetSecret',
  method: 'GET',
  path: '/secrets/{secret-name}/{secret-version}',
  query: version,
  responses: { 200: bundle },
  errors: [400, 404],
  deviations: { 'response.200.tags': TAGS },
});

/** The same with an empty version: the newest one. */
export const getLatestSecret = operation({
  ...getSecret,
  name: 'GetSecret',
  path: '/secrets/{secret-name}',
  query: version,
  deviations: { operation: 'the published path with an empty version' },
});

export const setSecret = operation({
  name: 'SetSecret',
  method: 'PUT',
  path: '/secrets/{secret-name}',
  query: version,
  body: z.strictObject({
    value: z.string(),
    contentType: z.string().optional(),
    attributes: attributesGiven.optional(),
    tags: tags.optional(),
  }),
  responses: { 200: bundle },
  errors: [400, 409],
  deviations: { 'body.tags': TAGS, 'response.200.tags': TAGS },
});

export const updateSecret = operation({
  name: 'UpdateSecret',
  method: 'PATCH',
  path: '/secrets/{secret-name}/{secret-version}',
  query: version,
  body: z.strictObject({
    contentType: z.string().optional(),
    attributes: attributesGiven.optional(),
    tags: tags.optional(),
  }),
  responses: { 200: item },
  errors: [400, 404],
  deviations: { 'body.tags': TAGS, 'response.200.tags': TAGS },
});

export const deleteSecret = operation({
  name: 'DeleteSecret',
  method: 'DELETE',
  path: '/secrets/{secret-name}',
  query: version,
  responses: { 200: item.extend(deleted) },
  errors: [400, 404],
  deviations: { operation: CLIENT },
});

export const getDeletedSecrets = operation({
  name: 'GetDeletedSecrets',
  method: 'GET',
  path: '/deletedsecrets',
  query: page,
  responses: { 200: listOf(item.extend(deleted)) },
  errors: [400],
  deviations: { operation: CLIENT },
});

export const getDeletedSecret = operation({
  name: 'GetDeletedSecret',
  method: 'GET',
  path: '/deletedsecrets/{secret-name}',
  query: version,
  responses: { 200: item.extend(deleted) },
  errors: [400, 404],
  deviations: { operation: CLIENT },
});

export const purgeDeletedSecret = operation({
  name: 'PurgeDeletedSecret',
  method: 'DELETE',
  path: '/deletedsecrets/{secret-name}',
  query: version,
  responses: { 204: noBody },
  errors: [400, 404],
  deviations: { operation: CLIENT },
});

export const recoverDeletedSecret = operation({
  name: 'RecoverDeletedSecret',
  method: 'POST',
  path: '/deletedsecrets/{secret-name}/recover',
  query: version,
  responses: { 200: item },
  errors: [400, 404],
  deviations: { operation: CLIENT },
});

/** Every error body. */
export const errorBody = z.strictObject({
  error: z.strictObject({
    code: z.string(),
    message: z.string(),
    innererror: z.strictObject({ code: z.string() }).optional(),
  }),
});

export const keyVaultOperations: readonly Operation[] = [
  getSecrets,
  getSecretVersions,
  getSecret,
  getLatestSecret,
  setSecret,
  updateSecret,
  deleteSecret,
  getDeletedSecrets,
  getDeletedSecret,
  purgeDeletedSecret,
  recoverDeletedSecret,
];
