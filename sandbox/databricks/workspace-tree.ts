import type { DatabricksContext } from './context.ts';
import { refusal } from './errors.ts';
import type { Language, WorkspaceObject } from './state.ts';
import { ancestorsOf, isBelow, parentOf } from './workspace-path.ts';

/** What an import puts into the tree. */
export interface NewObject {
  path: string;
  type: 'FILE' | 'NOTEBOOK';
  language?: Language;
  content: Uint8Array;
}

/** The object at a canonical path; refuses with 404 when there is none. */
export function objectAt({ state }: DatabricksContext, path: string): WorkspaceObject {
  const found = state.objects.get(path);
  if (!found) throw refusal('RESOURCE_DOES_NOT_EXIST', `Path (${path}) doesn't exist.`);
  return found;
}

/** Makes a folder and every folder above it; refuses when a file or notebook is in the way. */
export function makeFolders({ state, clock, chance }: DatabricksContext, path: string): void {
  for (const folder of [...ancestorsOf(path), path]) {
    const there = state.objects.get(folder);
    if (there && there.type !== 'DIRECTORY') {
      throw refusal('RESOURCE_ALREADY_EXISTS', `Cannot create directory ${folder}. A file is on the path.`);
    }
    if (there) continue;
    const now = clock.now();
    const content = new Uint8Array();
    const times = { createdAt: now, modifiedAt: now };
    state.objects.set(folder, { objectId: chance.int64(), type: 'DIRECTORY', content, ...times });
  }
}

/** Puts a file or notebook into an existing folder. An overwritten object keeps its id. */
export function putObject(context: DatabricksContext, object: NewObject, overwrite: boolean): void {
  const { state, clock, chance } = context;
  const { path, ...rest } = object;
  const parent = parentOf(path);
  if (state.objects.get(parent)?.type !== 'DIRECTORY') {
    throw refusal('RESOURCE_DOES_NOT_EXIST', `The parent folder (${parent}) does not exist.`);
  }
  const there = state.objects.get(path);
  if (there) refuseConflict(there, object, overwrite);
  const now = clock.now();
  const id = { objectId: there?.objectId ?? chance.int64(), createdAt: there?.createdAt ?? now };
  state.objects.set(path, { ...rest, ...id, modifiedAt: now });
}

function refuseConflict(there: WorkspaceObject, { path, type }: NewObject, overwrite: boolean): void {
  if (overwrite && there.type === type) return;
  if (overwrite) {
    const types = `(asked: ${type}, actual: ${there.type})`;
    throw refusal(
      'INVALID_PARAMETER_VALUE',
      `Cannot overwrite the asset at ${path} due to type mismatch ${types}.`,
    );
  }
  if (there.type === 'FILE') throw refusal('ALREADY_EXISTS', `File already exists at (${path}).`);
  throw refusal('RESOURCE_ALREADY_EXISTS', `Path (${path}) already exists.`);
}

/** Everything right inside a folder, by path. */
export function childrenOf({ state }: DatabricksContext, folder: string): [string, WorkspaceObject][] {
  return [...state.objects].filter(([path]) => path !== '/' && parentOf(path) === folder);
}

/** Removes an object, and with `recursive` everything below it. */
export function removeObject(context: DatabricksContext, path: string, recursive: boolean): void {
  objectAt(context, path);
  const below = [...context.state.objects.keys()].filter((other) => isBelow(other, path));
  if (below.length > 0 && !recursive) {
    throw refusal(
      'DIRECTORY_NOT_EMPTY',
      `Folder (${path}) is not empty. Set the recursive flag to delete it.`,
    );
  }
  for (const one of path === '/' ? below : [...below, path]) context.state.objects.delete(one);
}
