import { z } from 'zod';
import { bytes, noBody, operation } from '../../twin/contract.ts';
import { count, flag } from './shapes.ts';

const FILES = '/api/2.0/fs/files{+path}';
const DIRECTORIES = '/api/2.0/fs/directories{+path}';

export const upload = operation({
  name: 'Files.upload',
  method: 'PUT',
  path: FILES,
  query: z.strictObject({ overwrite: flag.optional() }),
  body: bytes,
  responses: { 204: noBody },
  errors: [400, 404, 409],
});

export const download = operation({
  name: 'Files.download',
  method: 'GET',
  path: FILES,
  responses: { 200: bytes },
  errors: [400, 404],
});

export const metadata = operation({
  name: 'Files.get_metadata',
  method: 'HEAD',
  path: FILES,
  responses: { 200: noBody },
  errors: [400, 404],
});

export const deleteFile = operation({
  name: 'Files.delete',
  method: 'DELETE',
  path: FILES,
  responses: { 204: noBody },
  errors: [400, 404],
});

export const createDirectory = operation({
  name: 'Files.create_directory',
  method: 'PUT',
  path: DIRECTORIES,
  responses: { 204: noBody },
  errors: [400, 404, 409],
});

export const directoryMetadata = operation({
  name: 'Files.get_directory_metadata',
  method: 'HEAD',
  path: DIRECTORIES,
  responses: { 200: noBody },
  errors: [400, 404],
});

const entry = z.strictObject({
  path: z.string(),
  name: z.string(),
  is_directory: z.boolean(),
  file_size: z.int().optional(),
  last_modified: z.int().optional(),
});

export const listDirectory = operation({
  name: 'Files.list_directory_contents',
  method: 'GET',
  path: DIRECTORIES,
  query: z.strictObject({ page_size: count.optional(), page_token: z.string().optional() }),
  responses: {
    200: z.strictObject({ contents: z.array(entry).optional(), next_page_token: z.string().optional() }),
  },
  errors: [400, 404],
});

export const deleteDirectory = operation({
  name: 'Files.delete_directory',
  method: 'DELETE',
  path: DIRECTORIES,
  responses: { 204: noBody },
  errors: [400, 404],
});
