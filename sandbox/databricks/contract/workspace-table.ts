import { z } from 'zod';
import { bytes, int64, operation } from '../../twin/contract.ts';
import { flag, idText } from './shapes.ts';

export const language = z.enum(['PYTHON', 'R', 'SCALA', 'SQL']);
const format = z.enum(['AUTO', 'DBC', 'HTML', 'JUPYTER', 'RAW', 'R_MARKDOWN', 'SOURCE']);

/** What the workspace tells about one of its objects; a FILE has no language. */
export const objectInfo = z.strictObject({
  object_id: int64,
  object_type: z.enum(['DIRECTORY', 'FILE', 'NOTEBOOK']),
  path: z.string(),
  language: language.optional(),
  created_at: z.int().optional(),
  modified_at: z.int().optional(),
  size: z.int().optional(),
  resource_id: z.string().optional(),
});

export const mkdirs = operation({
  name: 'Workspace.mkdirs',
  method: 'POST',
  path: '/api/2.0/workspace/mkdirs',
  body: z.strictObject({ path: z.string() }),
  errors: [400],
});

export const importObject = operation({
  name: 'Workspace.import',
  method: 'POST',
  path: '/api/2.0/workspace/import',
  multipart: true,
  body: z.strictObject({
    path: z.string(),
    content: z.string().optional(),
    format: format.optional(),
    language: language.optional(),
    overwrite: z.boolean().optional(),
  }),
  errors: [400, 404, 409],
});

export const importFile = operation({
  name: 'WorkspaceFiles.import_file',
  method: 'POST',
  path: '/api/2.0/workspace-files/import-file/{+path}',
  query: z.strictObject({ overwrite: flag.optional() }),
  body: bytes,
  errors: [400, 404, 409],
  deviations: { operation: 'used by the official command line tool, without documentation' },
});

export const exportObject = operation({
  name: 'Workspace.export',
  method: 'GET',
  path: '/api/2.0/workspace/export',
  query: z.strictObject({
    path: z.string(),
    format: format.optional(),
    outputs: z.enum(['ALL', 'NONE']).optional(),
    direct_download: flag.optional(),
  }),
  responses: { 200: z.union([z.strictObject({ content: z.string(), file_type: z.string() }), bytes]) },
  errors: [400, 404],
  deviations: { 'query.direct_download': 'in the REST reference; the SDK leaves it out' },
});

export const getStatus = operation({
  name: 'Workspace.get_status',
  method: 'GET',
  path: '/api/2.0/workspace/get-status',
  query: z.strictObject({ path: z.string() }),
  responses: { 200: objectInfo },
  errors: [404],
});

export const list = operation({
  name: 'Workspace.list',
  method: 'GET',
  path: '/api/2.0/workspace/list',
  query: z.strictObject({ path: z.string(), notebooks_modified_after: idText.optional() }),
  responses: { 200: z.strictObject({ objects: z.array(objectInfo).optional() }) },
  errors: [404],
});

export const deleteObject = operation({
  name: 'Workspace.delete',
  method: 'POST',
  path: '/api/2.0/workspace/delete',
  body: z.strictObject({ path: z.string(), recursive: z.boolean().optional() }),
  errors: [400, 404],
});
