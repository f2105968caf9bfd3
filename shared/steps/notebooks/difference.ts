import type { WorkspaceObject, WorkspaceTree } from '../../engine/databricks-client.ts';
import { objectsAt } from './drift.ts';
import type { WorkspaceFile } from './files.ts';

/** A folder, and everything that has to be in it. */
export interface Folder {
  readonly folder: string;
  readonly files: readonly WorkspaceFile[];
}

/** A file that is not there as it should be. */
export interface Wrong {
  readonly file: WorkspaceFile;
  readonly how: 'missing' | 'other-type' | 'other';
}

/** Reads a folder back: one list request for each folder in it, or a single one when it is not there. */
export async function wrongIn({ folder, files }: Folder, workspace: WorkspaceTree): Promise<Wrong[]> {
  const isThere = (await workspace.list(folder)) !== null;
  const paths = files.map(({ path }) => path);
  return wrongAmong(files, isThere ? await objectsAt(workspace, paths) : new Map());
}

/** Compares files with what is at their paths. */
export function wrongAmong(
  files: readonly WorkspaceFile[],
  objects: ReadonlyMap<string, WorkspaceObject>,
): Wrong[] {
  return files.flatMap((file) => {
    const how = differenceIn(file, objects.get(file.path));
    return how === null ? [] : [{ file, how }];
  });
}

/** The service rewrites sources of notebooks, so their bytes cannot be compared; sizes of files can. */
function differenceIn(
  { form, size }: WorkspaceFile,
  object: WorkspaceObject | undefined,
): Wrong['how'] | null {
  if (object === undefined) return 'missing';
  if (object.type !== (form === 'FILE' ? 'FILE' : 'NOTEBOOK')) return 'other-type';
  if (form === 'FILE') return object.size === null || object.size === size ? null : 'other';
  // The language of a Jupyter notebook is its own affair.
  return form === 'JUPYTER' || object.language === form ? null : 'other-type';
}
