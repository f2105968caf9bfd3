import type { DatabricksContext } from './context.ts';
import { refusal } from './errors.ts';
import type { StoredFile } from './state.ts';
import { ancestorsOf, isBelow, parentOf } from './workspace-path.ts';

/** The most bytes of one block, of one JSON `put` and of one `read`. */
export const BLOCK_BYTES = 1024 * 1024;

/** The absolute path of a DBFS call; `dbfs:` in front does not count. Refuses everything where the root is disabled. */
export function dbfsPath({ options }: DatabricksContext, text: string): string {
  const path = text.replace(/^dbfs:/, '');
  if (!path.startsWith('/')) throw refusal('INVALID_PARAMETER_VALUE', `Path must be absolute: ${text}`);
  if (options.dbfsRoot === 'disabled') {
    throw refusal('PERMISSION_DENIED', `Public DBFS root is disabled. Access is denied on path: ${path}`);
  }
  return (
    '/' +
    path
      .split('/')
      .filter((part) => part !== '')
      .join('/')
  );
}

/** The file or folder at a path; refuses with 404 when there is none. */
export function fileAt({ state }: DatabricksContext, path: string): StoredFile {
  const found = state.dbfs.get(path);
  if (!found) throw refusal('RESOURCE_DOES_NOT_EXIST', `No file or directory exists on path ${path}.`);
  return found;
}

/** Makes a folder and every folder above it; refuses when a file is in the way. */
export function makeFolders({ state, clock }: DatabricksContext, path: string): void {
  for (const folder of [...ancestorsOf(path), path]) {
    if (state.dbfs.get(folder)?.content) {
      throw refusal('RESOURCE_ALREADY_EXISTS', `A file exists on path ${folder}.`);
    }
    if (!state.dbfs.has(folder)) state.dbfs.set(folder, { modifiedAt: clock.now() });
  }
}

/** Refuses a path that cannot be written: a folder, or a file that must not be overwritten. */
export function refuseTaken({ state }: DatabricksContext, path: string, overwrite: boolean): void {
  const there = state.dbfs.get(path);
  if (!there || (there.content && overwrite)) return;
  throw refusal(
    'RESOURCE_ALREADY_EXISTS',
    `A file or directory already exists at the input path dbfs:${path}.`,
  );
}

/** Writes a whole file and makes its folders. */
export function writeFile(context: DatabricksContext, path: string, content: Uint8Array): void {
  makeFolders(context, parentOf(path));
  context.state.dbfs.set(path, { content, modifiedAt: context.clock.now() });
}

/** Everything right inside a folder, by path. */
export function childrenOf({ state }: DatabricksContext, folder: string): [string, StoredFile][] {
  return [...state.dbfs].filter(([path]) => path !== '/' && parentOf(path) === folder);
}

/** Every path below a folder. */
export function pathsBelow({ state }: DatabricksContext, folder: string): string[] {
  return [...state.dbfs.keys()].filter((path) => isBelow(path, folder));
}
