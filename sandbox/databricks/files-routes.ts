import { empty, json } from '../twin/exchange.ts';
import { type Route, route } from '../twin/route.ts';
import type { DatabricksContext } from './context.ts';
import * as table from './contract/files-table.ts';
import { refusal } from './errors.ts';
import { pageOf } from './pages.ts';
import type { StoredFile } from './state.ts';
import { contentAt, isFolder, makeFolders, placeOf, type VolumePlace, writeFile } from './volume-files.ts';
import { isBelow, parentOf } from './workspace-path.ts';

const MAX_PAGE = 1000;

/** The Files API on volumes; writes answer 204 without a body. */
export function filesRoutes(context: DatabricksContext): Route[] {
  return [
    route(table.upload, ({ body, param, query }) => {
      const place = placeOf(context, param('path'));
      const there = place.files.get(place.path);
      if (there?.content && !query.overwrite)
        throw refusal('ALREADY_EXISTS', 'The file being created already exists.');
      writeFile(place, body, context.clock.now());
      return empty(204);
    }),
    route(table.download, ({ param }) => {
      const { content, ...file } = contentAt(placeOf(context, param('path')));
      return { status: 200, headers: headersOf(file.modifiedAt), bytes: content };
    }),
    route(table.metadata, ({ param }) => {
      const { content, modifiedAt } = contentAt(placeOf(context, param('path')));
      return { status: 200, headers: { ...headersOf(modifiedAt), 'content-length': String(content.length) } };
    }),
    route(table.deleteFile, ({ param }) => {
      const place = placeOf(context, param('path'));
      contentAt(place);
      place.files.delete(place.path);
      return empty(204);
    }),
    ...directoryRoutes(context),
  ];
}

function directoryRoutes(context: DatabricksContext): Route[] {
  return [
    route(table.createDirectory, ({ param }) => {
      const place = placeOf(context, param('path'));
      makeFolders(place, place.path, context.clock.now());
      return empty(204);
    }),
    route(table.directoryMetadata, ({ param }) => {
      requireFolder(placeOf(context, param('path')));
      return empty(200);
    }),
    route(table.listDirectory, ({ param, query }) => {
      const place = requireFolder(placeOf(context, param('path')));
      const entries = [...place.files].filter(([path]) => parentOf(path) === place.path && path !== '/');
      const volume = param('path')
        .replace(/\/+$/, '')
        .slice(0, place.path === '/' ? undefined : -place.path.length);
      const size = Math.min(query.page_size ?? MAX_PAGE, MAX_PAGE);
      const page = pageOf(entries.sort(), { size, token: query.page_token });
      const contents = page.items.map(([path, file]) => entryOf(volume + path, file));
      return json({ ...(contents.length > 0 ? { contents } : {}), ...page.next });
    }),
    route(table.deleteDirectory, ({ param }) => {
      const place = requireFolder(placeOf(context, param('path')));
      if ([...place.files.keys()].some((path) => isBelow(path, place.path))) {
        const reason = 'FILES_API_DIRECTORY_IS_NOT_EMPTY';
        throw refusal('BAD_REQUEST', 'The specified directory is not empty.', { reason });
      }
      place.files.delete(place.path);
      return empty(204);
    }),
  ];
}

function requireFolder(place: VolumePlace): VolumePlace {
  if (!isFolder(place)) throw refusal('NOT_FOUND', 'The directory being accessed is not found.');
  return place;
}

function headersOf(modifiedAt: number): Record<string, string> {
  return { 'content-type': 'application/octet-stream', 'last-modified': new Date(modifiedAt).toUTCString() };
}

function entryOf(path: string, { content, modifiedAt }: StoredFile) {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (!content) return { path, name, is_directory: true };
  return { path, name, is_directory: false, file_size: content.length, last_modified: modifiedAt };
}
