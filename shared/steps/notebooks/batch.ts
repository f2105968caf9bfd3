import type { WorkspaceObject, WorkspaceTree } from '../../engine/databricks-client.ts';
import type { Clock } from '../../engine/ports.ts';
import { inParallel } from '../in-parallel.ts';
import type { Wrong } from './difference.ts';
import { wrongAmong } from './difference.ts';
import { folderFiles } from './drift.ts';
import type { WorkspaceFile } from './files.ts';
import { folderOf } from './paths.ts';

/** What one call can look at, send and look at again, also where a request takes a second. */
const MOST_FILES = 250;
const MOST_FOLDERS = 100;
const MOST_BYTES = 100 * 1024 * 1024;
/** On a slow service a batch ends with the folders that were looked at in this time. */
const LOOK_IN_MS = 20_000;

/** The first files of a list, at least one. */
export function batchOf(files: readonly WorkspaceFile[]): readonly WorkspaceFile[] {
  const folders = new Set<string>();
  let bytes = 0;
  const end = files.findIndex(({ path, size }, index) => {
    folders.add(folderOf(path));
    bytes += size;
    return index > 0 && (index === MOST_FILES || folders.size > MOST_FOLDERS || bytes > MOST_BYTES);
  });
  return end === -1 ? files : files.slice(0, end);
}

/** What was seen of a batch. */
export interface Look {
  /** As many of its first files as there was time for, at least one. */
  readonly files: readonly WorkspaceFile[];
  /** Those of them that are not there as they should be. */
  readonly wrong: readonly Wrong[];
  /** Folders of theirs that are not there. */
  readonly newFolders: readonly string[];
}

/** What looking works with. */
interface Sight {
  readonly workspace: WorkspaceTree;
  readonly clock: Clock;
  /** Whether it is known that nothing is at a path, so that nobody has to ask. */
  readonly isAbsent: (path: string) => boolean;
}

/** Looks at the files of a batch: one list request for each of their folders. */
export async function lookAt(
  batch: readonly WorkspaceFile[],
  { workspace, clock, isAbsent }: Sight,
): Promise<Look> {
  const end = clock.now() + LOOK_IN_MS;
  const absent = new Set(
    batch
      .map(({ path }) => path)
      .filter(isAbsent)
      .map(folderOf),
  );
  const folders = [...new Set(batch.map(({ path }) => folderOf(path)))].filter((each) => !absent.has(each));
  const objects = new Map<string, WorkspaceObject>();
  const mayGoOn = () => clock.now() < end;
  const begun = await inParallel(folders, { inFlight: 10, mayGoOn }, async (folder) => {
    const found = await folderFiles(workspace, folder);
    if (found === null) absent.add(folder);
    for (const [path, object] of found ?? []) objects.set(path, object);
  });
  const unseen = new Set(folders.slice(begun));
  const first = batch.findIndex(({ path }) => unseen.has(folderOf(path)));
  const files = first === -1 ? batch : batch.slice(0, first);
  const wrong = wrongAmong(files, objects);
  const newFolders = new Set(wrong.map(({ file }) => folderOf(file.path)).filter((each) => absent.has(each)));
  return { files, wrong, newFolders: [...newFolders] };
}
