import { z } from 'zod';
import { int64, operation } from '../../twin/contract.ts';
import { count } from './shapes.ts';

const fileInfo = z.strictObject({
  path: z.string(),
  is_dir: z.boolean(),
  file_size: z.int(),
  modification_time: z.int(),
});
const path = z.strictObject({ path: z.string() });

export const put = operation({
  name: 'Dbfs.put',
  method: 'POST',
  path: '/api/2.0/dbfs/put',
  multipart: true,
  body: path.extend({ contents: z.string().optional(), overwrite: z.boolean().optional() }),
  errors: [400],
});

export const create = operation({
  name: 'Dbfs.create',
  method: 'POST',
  path: '/api/2.0/dbfs/create',
  body: path.extend({ overwrite: z.boolean().optional() }),
  responses: { 200: z.strictObject({ handle: int64 }) },
  errors: [400],
});

export const addBlock = operation({
  name: 'Dbfs.add_block',
  method: 'POST',
  path: '/api/2.0/dbfs/add-block',
  body: z.strictObject({ handle: int64, data: z.string() }),
  errors: [400, 404],
});

export const close = operation({
  name: 'Dbfs.close',
  method: 'POST',
  path: '/api/2.0/dbfs/close',
  body: z.strictObject({ handle: int64 }),
  errors: [404],
});

export const read = operation({
  name: 'Dbfs.read',
  method: 'GET',
  path: '/api/2.0/dbfs/read',
  query: path.extend({ offset: count.optional(), length: count.optional() }),
  responses: { 200: z.strictObject({ bytes_read: z.int(), data: z.string() }) },
  errors: [400, 404],
});

export const list = operation({
  name: 'Dbfs.list',
  method: 'GET',
  path: '/api/2.0/dbfs/list',
  query: path,
  responses: { 200: z.strictObject({ files: z.array(fileInfo).optional() }) },
  errors: [404],
});

export const getStatus = operation({
  name: 'Dbfs.get_status',
  method: 'GET',
  path: '/api/2.0/dbfs/get-status',
  query: path,
  responses: { 200: fileInfo },
  errors: [404],
});

export const deletePath = operation({
  name: 'Dbfs.delete',
  method: 'POST',
  path: '/api/2.0/dbfs/delete',
  body: path.extend({ recursive: z.boolean().optional() }),
  errors: [400, 404],
});

export const mkdirs = operation({
  name: 'Dbfs.mkdirs',
  method: 'POST',
  path: '/api/2.0/dbfs/mkdirs',
  body: path,
  errors: [400],
});

export const move = operation({
  name: 'Dbfs.move',
  method: 'POST',
  path: '/api/2.0/dbfs/move',
  body: z.strictObject({ source_path: z.string(), destination_path: z.string() }),
  errors: [400, 404],
});
