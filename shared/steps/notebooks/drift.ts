import type { WorkspaceObject, WorkspaceTree } from '../../engine/databricks-client.ts';
import { inParallel } from '../in-parallel.ts';
import type { DeployedFile } from './inventory.ts';
import { folderOf } from './paths.ts';

/** The objects at these paths, by one list request a folder. */
export async function objectsAt(
  workspace: WorkspaceTree,
  paths: Iterable<string>,
): Promise<ReadonlyMap<string, WorkspaceObject>> {
  const wanted = new Set(paths);
  const folders = [...new Set([...wanted].map(folderOf))].sort();
  const found = new Map<string, WorkspaceObject>();
  await inParallel(folders, { inFlight: 10 }, async (folder) => {
    for (const [path, object] of (await folderFiles(workspace, folder)) ?? [])
      if (wanted.has(path)) found.set(path, object);
  });
  return found;
}

/** What is in a folder, by path; null when that is not there. */
export async function folderFiles(
  workspace: WorkspaceTree,
  folder: string,
): Promise<readonly (readonly [string, WorkspaceObject])[] | null> {
  const objects = await workspace.list(folder);
  return objects?.map((object) => [object.path.replace(/^\/Workspace(?=\/)/, ''), object] as const) ?? null;
}

/** How an object in the workspace differs from what we put there; null when it does not. */
export function driftOf(
  file: DeployedFile,
  object: WorkspaceObject | undefined,
): 'gone' | 'changed' | 'replaced' | null {
  if (object === undefined) return 'gone';
  if (object.type !== (file.form === 'FILE' ? 'FILE' : 'NOTEBOOK')) return 'replaced';
  const isTouched = file.modifiedAt !== undefined && object.modifiedAt !== file.modifiedAt;
  return isTouched ? 'changed' : null;
}
