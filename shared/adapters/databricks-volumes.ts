import type { VolumeEntry, VolumeFiles } from '../engine/databricks-client.ts';
import type { Call } from './databricks-call.ts';
import { encodedPath, isResponse, numberIn, objectsIn, pagesOf, textIn } from './databricks-call.ts';
import { isMissing } from './databricks-errors.ts';
import type { HttpError } from './http-error.ts';

const fileAt = (path: string) => `/api/2.0/fs/files${encodedPath(path)}`;
const folderAt = (path: string) => `/api/2.0/fs/directories${encodedPath(path)}`;

/** The Files API. `overwrite` is always sent, since its default is documented in two ways. */
export function volumeFiles(call: Call): VolumeFiles {
  return {
    async put(path, body) {
      const query = { overwrite: true };
      return doneIf(await call({ method: 'PUT', path: fileAt(path), query, body }, orNull));
    },
    makeFolder: async (path) => doneIf(await call({ method: 'PUT', path: folderAt(path) }, orNull)),
    async size(path) {
      const answer = await call({ method: 'HEAD', path: fileAt(path) }, orNull);
      return answer === null ? null : Number(answer.headers['content-length']);
    },
    async read(path) {
      const answer = await call({ method: 'GET', path: fileAt(path) }, orNull);
      return answer === null ? null : answer.bytes;
    },
    async list(path) {
      const pages = await pagesOf(call, { method: 'GET', path: folderAt(path) }, orNull);
      return pages === null ? null : pages.flatMap(({ contents }) => objectsIn(contents).map(readEntry));
    },
    async remove(path) {
      await call({ method: 'DELETE', path: fileAt(path) }, orNull);
    },
    async removeFolder(path) {
      const answer = await call({ method: 'DELETE', path: folderAt(path) }, (error) => {
        if (/not empty/i.test(error.message)) return 'not-empty' as const;
        return isMissing(error) ? ('done' as const) : undefined;
      });
      return answer === 'not-empty' ? answer : 'done';
    },
  };
}

function orNull(error: HttpError): null | undefined {
  return isMissing(error) ? null : undefined;
}

function doneIf(answer: unknown): 'done' | 'no-volume' {
  return isResponse(answer) ? 'done' : 'no-volume';
}

function readEntry(entry: Readonly<Record<string, unknown>>): VolumeEntry {
  return {
    path: textIn(entry.path),
    isFolder: entry.is_directory === true,
    size: numberIn(entry.file_size),
  };
}
