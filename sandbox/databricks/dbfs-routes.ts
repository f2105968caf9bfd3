import { json } from '../twin/exchange.ts';
import { isMultipart } from '../twin/read-body.ts';
import { type Route, route } from '../twin/route.ts';
import type { DatabricksContext } from './context.ts';
import * as table from './contract/dbfs-table.ts';
import {
  BLOCK_BYTES,
  childrenOf,
  dbfsPath,
  fileAt,
  makeFolders,
  pathsBelow,
  refuseTaken,
  writeFile,
} from './dbfs-store.ts';
import { refusal } from './errors.ts';
import type { StoredFile, Upload } from './state.ts';
import { parentOf } from './workspace-path.ts';

const HANDLE_LIVES_IN_MS = 10 * 60 * 1000;
const DEFAULT_READ_BYTES = BLOCK_BYTES / 2;

/** The DBFS API, with uploads in one piece or in blocks. */
export function dbfsRoutes(context: DatabricksContext): Route[] {
  return [
    route(table.put, ({ body, request }) => {
      const path = dbfsPath(context, body.path);
      const content = Buffer.from(body.contents ?? '', 'base64');
      if (!isMultipart(request)) refuseLarge(content);
      refuseTaken(context, path, body.overwrite ?? false);
      writeFile(context, path, content);
      return json({});
    }),
    route(table.mkdirs, ({ body }) => {
      makeFolders(context, dbfsPath(context, body.path));
      return json({});
    }),
    ...uploadRoutes(context),
    ...readingRoutes(context),
    ...changingRoutes(context),
  ];
}

function uploadRoutes(context: DatabricksContext): Route[] {
  const { state, clock, chance } = context;
  return [
    route(table.create, ({ body }) => {
      const path = dbfsPath(context, body.path);
      refuseTaken(context, path, body.overwrite ?? false);
      const handle = chance.int64();
      state.uploads.set(String(handle), { path, blocks: [], lastUsedAt: clock.now() });
      return json({ handle });
    }),
    route(table.addBlock, ({ body }) => {
      const upload = uploadOf(context, body.handle);
      const block = Buffer.from(body.data, 'base64');
      refuseLarge(block);
      upload.blocks.push(block);
      upload.lastUsedAt = clock.now();
      return json({});
    }),
    route(table.close, ({ body }) => {
      const upload = uploadOf(context, body.handle);
      writeFile(context, upload.path, Buffer.concat(upload.blocks));
      state.uploads.delete(String(body.handle));
      return json({});
    }),
  ];
}

/** An open upload; a handle dies when it is not used for ten minutes. */
function uploadOf({ state, clock }: DatabricksContext, handle: bigint): Upload {
  const upload = state.uploads.get(String(handle));
  if (!upload || clock.now() - upload.lastUsedAt > HANDLE_LIVES_IN_MS) {
    throw refusal('RESOURCE_DOES_NOT_EXIST', `No open stream with handle ${handle}.`);
  }
  return upload;
}

function refuseLarge(content: Uint8Array): void {
  if (content.length <= BLOCK_BYTES) return;
  throw refusal('MAX_BLOCK_SIZE_EXCEEDED', `The block of ${content.length} bytes exceeds 1 MB.`);
}

function readingRoutes(context: DatabricksContext): Route[] {
  return [
    route(table.getStatus, ({ query }) => {
      const path = dbfsPath(context, query.path);
      return json(infoOf([path, fileAt(context, path)]));
    }),
    route(table.list, ({ query }) => {
      const path = dbfsPath(context, query.path);
      const file = fileAt(context, path);
      const entries: [string, StoredFile][] = file.content ? [[path, file]] : childrenOf(context, path);
      return json(entries.length > 0 ? { files: entries.map(infoOf) } : {});
    }),
    route(table.read, ({ query: { path: text, offset = 0, length = DEFAULT_READ_BYTES } }) => {
      const path = dbfsPath(context, text);
      const { content } = fileAt(context, path);
      if (!content) throw refusal('INVALID_PARAMETER_VALUE', `Cannot read directory dbfs:${path}.`);
      if (length > BLOCK_BYTES) throw refusal('MAX_READ_SIZE_EXCEEDED', 'The read length exceeds 1 MB.');
      const piece = content.subarray(offset, offset + length);
      return json({ bytes_read: piece.length, data: Buffer.from(piece).toString('base64') });
    }),
  ];
}

function changingRoutes(context: DatabricksContext): Route[] {
  const { state, options } = context;
  return [
    route(table.deletePath, ({ body }) => {
      const path = dbfsPath(context, body.path);
      fileAt(context, path);
      const below = pathsBelow(context, path);
      if (below.length > 0 && !body.recursive) {
        throw refusal('IO_ERROR', `The directory dbfs:${path} is not empty.`);
      }
      const doomed = [...below.reverse(), path];
      const batch = doomed.slice(0, options.dbfsDeleteBatch);
      for (const one of batch) state.dbfs.delete(one);
      if (batch.length < doomed.length) throw unfinishedDelete(batch.length);
      return json({});
    }),
    route(table.move, ({ body }) => {
      const [from, to] = [dbfsPath(context, body.source_path), dbfsPath(context, body.destination_path)];
      fileAt(context, from);
      if (state.dbfs.has(to)) throw refusal('RESOURCE_ALREADY_EXISTS', `dbfs:${to} already exists.`);
      makeFolders(context, parentOf(to));
      for (const path of [from, ...pathsBelow(context, from)]) {
        state.dbfs.set(to + path.slice(from.length), fileAt(context, path));
        state.dbfs.delete(path);
      }
      return json({});
    }),
  ];
}

/** A large delete stops half-way and wants to be asked again. */
function unfinishedDelete(deleted: number) {
  const message = `The recursive delete is not finished: ${deleted} files are deleted. Please call again.`;
  return refusal('TEMPORARILY_UNAVAILABLE', message);
}

function infoOf([path, { content, modifiedAt }]: [string, StoredFile]) {
  return { path, is_dir: !content, file_size: content?.length ?? 0, modification_time: modifiedAt };
}
