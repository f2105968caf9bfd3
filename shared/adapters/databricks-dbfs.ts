import type { DbfsFiles } from '../engine/databricks-client.ts';
import { TransientFailure } from '../errors.ts';
import type { Call } from './databricks-call.ts';
import { numberIn, objectIn, textIn } from './databricks-call.ts';
import { isMissing } from './databricks-errors.ts';

const API = '/api/2.0/dbfs';
/** The most that one call may carry. */
const BLOCK_BYTES = 1024 * 1024;
const MOST_UPLOADS = 3;

/** The DBFS API. */
export function dbfsFiles(call: Call): DbfsFiles {
  const size = (path: string) => sizeOf(call, pathOf(path));
  return {
    size,
    async remove(path) {
      const json = { path: pathOf(path), recursive: false };
      const request = { method: 'POST', path: `${API}/delete`, json, idempotent: true } as const;
      const answer = await call(request, (error) => {
        if (/not empty/i.test(error.message)) return 'not-empty' as const;
        return isMissing(error) ? ('done' as const) : undefined;
      });
      return answer === 'not-empty' ? answer : 'done';
    },
    async put(path, content) {
      if (content.length > BLOCK_BYTES) await putInBlocks(call, pathOf(path), content);
      else await putAtOnce(call, pathOf(path), content);
      const there = await size(path);
      if (there !== content.length)
        throw new TransientFailure(`${path} has ${there} bytes after its upload, not ${content.length}`);
    },
  };
}

function pathOf(path: string): string {
  return path.replace(/^dbfs:/, '');
}

async function sizeOf(call: Call, path: string): Promise<number | null> {
  const request = { method: 'GET', path: `${API}/get-status`, query: { path } } as const;
  const answer = await call(request, (error) => (isMissing(error) ? null : undefined));
  return answer === null ? null : numberIn(objectIn(answer).file_size);
}

async function putAtOnce(call: Call, path: string, content: Uint8Array): Promise<void> {
  const json = { path, contents: Buffer.from(content).toString('base64'), overwrite: true };
  await call({ method: 'POST', path: `${API}/put`, json, idempotent: true });
}

/** A block whose answer was lost may be there or not, and cannot be looked at: the whole upload begins again then. */
async function putInBlocks(call: Call, path: string, content: Uint8Array): Promise<void> {
  for (let uploads = 1; ; uploads += 1) {
    try {
      return await uploadOnce(call, path, content);
    } catch (error) {
      if (!(error instanceof TransientFailure) || uploads === MOST_UPLOADS) throw error;
    }
  }
}

async function uploadOnce(call: Call, path: string, content: Uint8Array): Promise<void> {
  const opened = await call({
    method: 'POST',
    path: `${API}/create`,
    json: { path, overwrite: true },
    idempotent: true,
  });
  const handle = textIn(objectIn(opened).handle);
  if (!/^-?\d+$/.test(handle)) throw new TransientFailure(`dbfs/create of ${path} gives no handle`);
  for (let start = 0; start < content.length; start += BLOCK_BYTES) {
    const data = Buffer.from(content.subarray(start, start + BLOCK_BYTES)).toString('base64');
    await post(call, 'add-block', `{"handle":${handle},"data":"${data}"}`);
  }
  await post(call, 'close', `{"handle":${handle}}`);
}

/** The handle is a 64-bit number, so the JSON is written by hand. */
async function post(call: Call, verb: string, json: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  await call({ method: 'POST', path: `${API}/${verb}`, body: Buffer.from(json), headers, idempotent: false });
}
