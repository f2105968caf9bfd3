import { z } from 'zod';
import { noBody, type Operation, operation } from '../twin/contract.ts';

const version = z.strictObject({ 'api-version': z.string() });
const labelled = version.extend({ label: z.string().optional() });

/** A setting of the store. A feature flag is one whose key starts with `.appconfig.featureflag/`. */
export const keyValue = z.strictObject({
  etag: z.string(),
  key: z.string(),
  label: z.string().nullable(),
  content_type: z.string().nullable(),
  value: z.string().nullable(),
  tags: z.record(z.string(), z.string()),
  locked: z.boolean(),
  last_modified: z.string(),
});
export type KeyValue = z.infer<typeof keyValue>;

export const getKeyValue = operation({
  name: 'GetKeyValue',
  method: 'GET',
  path: '/kv/{+key}',
  query: labelled,
  responses: { 200: keyValue, 304: noBody },
  errors: [400, 404, 412],
});

export const putKeyValue = operation({
  name: 'PutKeyValue',
  method: 'PUT',
  path: '/kv/{+key}',
  query: labelled,
  body: z.strictObject({
    value: z.string().nullable().optional(),
    content_type: z.string().nullable().optional(),
    tags: z.record(z.string(), z.string()).optional(),
    key: z.string().optional(),
    label: z.string().nullable().optional(),
  }),
  responses: { 200: keyValue },
  errors: [400, 409, 412],
});

export const deleteKeyValue = operation({
  name: 'DeleteKeyValue',
  method: 'DELETE',
  path: '/kv/{+key}',
  query: labelled,
  responses: { 200: keyValue, 204: noBody },
  errors: [400, 409, 412],
});

export const listKeyValues = operation({
  name: 'GetKeyValues',
  method: 'GET',
  path: '/kv',
  query: labelled.extend({ key: z.string().optional(), after: z.string().optional() }),
  responses: { 200: z.strictObject({ items: z.array(keyValue), '@nextLink': z.string().optional() }) },
  errors: [400],
});

export const putLock = operation({
  name: 'PutLock',
  method: 'PUT',
  path: '/locks/{+key}',
  query: labelled,
  responses: { 200: keyValue },
  errors: [400, 404, 412],
});

export const deleteLock = operation({
  ...putLock,
  name: 'DeleteLock',
  method: 'DELETE',
  query: labelled,
  body: noBody,
});

/** Every error body: problem details (RFC 9457). */
export const errorBody = z.strictObject({
  type: z.string(),
  title: z.string(),
  name: z.string().optional(),
  detail: z.string(),
  status: z.int(),
});

export const appConfigurationOperations: readonly Operation[] = [
  getKeyValue,
  putKeyValue,
  deleteKeyValue,
  listKeyValues,
  putLock,
  deleteLock,
];
