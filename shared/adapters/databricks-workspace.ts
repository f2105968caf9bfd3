import type { ImportForm, WorkspaceObject, WorkspaceTree } from '../engine/databricks-client.ts';
import { TransientFailure } from '../errors.ts';
import type { Call } from './databricks-call.ts';
import { isResponse, numberIn, objectIn, objectsIn, textIn } from './databricks-call.ts';
import { isExisting, isMissing } from './databricks-errors.ts';
import type { HttpError } from './http-error.ts';

const API = '/api/2.0/workspace';
/** The only folders that are ever removed with what is in them, whatever a caller says. */
const VERSION_FOLDER = /^\/(?!.*\/\.{0,2}\/).+\/releases\/[0-9a-f]{16}$/;

/** The Workspace API. All its writes may be repeated. */
export function workspaceTree(call: Call): WorkspaceTree {
  const post = <Known>(verb: string, json: object, known: (error: HttpError) => Known | undefined) =>
    call({ method: 'POST', path: `${API}/${verb}`, json, idempotent: true }, known);
  const get = (verb: string, query: Record<string, string>) =>
    call({ method: 'GET', path: `${API}/${verb}`, query }, orNull);
  return {
    put: (path, content, form) => putObject(call, path, { content, form }),
    async makeFolder(path) {
      const answer = await post('mkdirs', { path }, (error) => isExisting(error) || undefined);
      return answer === true ? 'in-the-way' : 'done';
    },
    async putArchive(path, zip) {
      const json = { path, content: Buffer.from(zip).toString('base64'), format: 'SOURCE' };
      const answer = await post('import', json, (error) => isExisting(error) || undefined);
      return answer === true ? 'exists' : 'done';
    },
    async remove(path) {
      const answer = await post('delete', { path, recursive: false }, (error) => {
        if (isMissing(error)) return 'done';
        return error.code === 'DIRECTORY_NOT_EMPTY' ? 'not-empty' : undefined;
      });
      return isResponse(answer) || answer === 'done' ? 'done' : 'not-empty';
    },
    async removeTree(path) {
      if (!VERSION_FOLDER.test(path)) throw new Error(`${path} is no folder of a version: it is not removed`);
      await post('delete', { path, recursive: true }, (error) => isMissing(error) || undefined);
    },
    async list(path) {
      const answer = await get('list', { path });
      return answer === null ? null : objectsIn(objectIn(answer).objects).map(readObject);
    },
    async status(path) {
      const answer = await get('get-status', { path });
      return answer === null ? null : readObject(objectIn(answer));
    },
    read: (path) => readContent(call, path),
  };
}

function orNull(error: HttpError): null | undefined {
  return isMissing(error) ? null : undefined;
}

async function readContent(call: Call, path: string): Promise<Uint8Array | null> {
  const query = { path, format: 'SOURCE', direct_download: true };
  const answer = await call({ method: 'GET', path: `${API}/export`, query }, orNull);
  return answer === null ? null : answer.bytes;
}

interface Upload {
  readonly content: Uint8Array;
  readonly form: ImportForm;
}

type Put = Awaited<ReturnType<WorkspaceTree['put']>> | 'exists';

/**
 * Imports and overwrites. The service is known to answer RESOURCE_ALREADY_EXISTS at times although it was told to
 * overwrite: one more try, then what is there decides.
 */
async function putObject(call: Call, path: string, upload: Upload): ReturnType<WorkspaceTree['put']> {
  for (let tries = 1; tries <= 2; tries += 1) {
    const answer = await importOnce(call, path, upload);
    if (answer !== 'exists') return answer;
  }
  const there = await readContent(call, path);
  if (there !== null && Buffer.from(there).equals(upload.content)) return 'done';
  throw new TransientFailure(`${path}: Databricks says that it exists although it was told to overwrite it`);
}

async function importOnce(call: Call, path: string, { content, form }: Upload): Promise<Put> {
  const json = { path, content: Buffer.from(content).toString('base64'), overwrite: true, ...form };
  const answer = await call(
    { method: 'POST', path: `${API}/import`, json, idempotent: true },
    (error): Put | undefined => {
      if (isMissing(error)) return 'no-folder';
      if (/type mismatch/i.test(error.message)) return 'other-type';
      return isExisting(error) ? 'exists' : undefined;
    },
  );
  return isResponse(answer) ? 'done' : answer;
}

function readObject(info: Readonly<Record<string, unknown>>): WorkspaceObject {
  return {
    path: textIn(info.path),
    type: textIn(info.object_type),
    id: textIn(info.object_id),
    language: textIn(info.language) || null,
    size: numberIn(info.size),
    modifiedAt: numberIn(info.modified_at),
  };
}
