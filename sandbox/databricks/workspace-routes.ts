import { type Answer, json } from '../twin/exchange.ts';
import { type Route, route } from '../twin/route.ts';
import type { DatabricksContext } from './context.ts';
import * as table from './contract/workspace-table.ts';
import { refusal } from './errors.ts';
import { extensionOf, toJupyter } from './notebook-source.ts';
import type { WorkspaceObject } from './state.ts';
import { importArchive } from './workspace-archive.ts';
import {
  automatic,
  decodeContent,
  interpret,
  isArchive,
  limited,
  MAX_IMPORT_BYTES,
} from './workspace-import.ts';
import { canonicalPath } from './workspace-path.ts';
import { childrenOf, makeFolders, objectAt, putObject, removeObject } from './workspace-tree.ts';

/** The Workspace API: folders, notebooks and workspace files. */
export function workspaceRoutes(context: DatabricksContext): Route[] {
  return [
    route(table.mkdirs, ({ body }) => {
      makeFolders(context, canonicalPath(body.path));
      return json({});
    }),
    route(table.importObject, async ({ body }) => {
      const path = canonicalPath(body.path);
      const content = decodeContent(body.content ?? '');
      const isFolder = (body.format ?? 'SOURCE') === 'SOURCE' && !body.language && isArchive(content);
      if (isFolder) await importArchive(context, path, content);
      else putObject(context, interpret(path, content, body), body.overwrite ?? false);
      return json({});
    }),
    route(table.importFile, ({ body, param, query }) => {
      const object = automatic(canonicalPath(param('path')), limited(body));
      putObject(context, object, query.overwrite ?? false);
      return json({});
    }),
    ...readingRoutes(context),
    route(table.deleteObject, ({ body }) => {
      removeObject(context, canonicalPath(body.path), body.recursive ?? false);
      return json({});
    }),
  ];
}

function readingRoutes(context: DatabricksContext): Route[] {
  return [
    route(table.getStatus, ({ query }) => {
      const path = canonicalPath(query.path);
      return json(infoOf(path, objectAt(context, path)));
    }),
    route(table.list, ({ query }) => {
      const path = canonicalPath(query.path);
      const object = objectAt(context, path);
      const entries: [string, WorkspaceObject][] =
        object.type === 'DIRECTORY' ? childrenOf(context, path) : [[path, object]];
      const objects = entries.map(([at, entry]) => infoOf(at, entry));
      return json(objects.length > 0 ? { objects } : {});
    }),
    route(table.exportObject, ({ query }) => {
      const path = canonicalPath(query.path);
      const { bytes, fileType } = exported(objectAt(context, path), query.format ?? 'SOURCE');
      if (bytes.length > MAX_IMPORT_BYTES)
        throw refusal('MAX_NOTEBOOK_SIZE_EXCEEDED', `(${path}) exceeds 10 MB.`);
      return contentAnswer(bytes, fileType, query.direct_download ?? false);
    }),
  ];
}

function contentAnswer(bytes: Uint8Array, fileType: string, raw: boolean): Answer {
  if (raw) return { status: 200, bytes };
  return json({ content: Buffer.from(bytes).toString('base64'), file_type: fileType });
}

type Format = NonNullable<ReturnType<typeof table.exportObject.query.parse>['format']>;

/** Files come back as they went in; notebooks in the format asked for. */
function exported(object: WorkspaceObject, format: Format): { bytes: Uint8Array; fileType: string } {
  const { content, language, type } = object;
  if (type === 'DIRECTORY')
    throw refusal('BAD_REQUEST', 'The export of folders is not mirrored by this twin.');
  if (type === 'FILE' || !language) return { bytes: content, fileType: 'file' };
  const source = Buffer.from(content).toString('utf8');
  switch (format) {
    case 'JUPYTER':
      return { bytes: Buffer.from(toJupyter({ language, source })), fileType: 'ipynb' };
    case 'SOURCE':
    case 'AUTO':
      return { bytes: content, fileType: extensionOf(language).slice(1) };
    default:
      throw refusal('BAD_REQUEST', `The export of notebooks as ${format} is not mirrored by this twin.`);
  }
}

function infoOf(path: string, object: WorkspaceObject) {
  const { objectId, type, language, content, createdAt, modifiedAt } = object;
  return {
    object_id: objectId,
    object_type: type,
    path,
    resource_id: String(objectId),
    ...(type === 'NOTEBOOK' && language ? { language } : {}),
    ...(type === 'FILE' ? { size: content.length } : {}),
    ...(type === 'DIRECTORY' ? {} : { created_at: createdAt, modified_at: modifiedAt }),
  };
}
