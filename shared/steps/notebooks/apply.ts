import type { WorkspaceTree } from '../../engine/databricks-client.ts';
import type { ContentStore } from '../../engine/ports.ts';
import type { Change } from '../../release/plan.ts';
import type { Task } from '../work-through.ts';
import { refusedIf } from '../work-through.ts';
import { importContent, importForm } from './files.ts';
import type { ChangeData, Deployed } from './inventory.ts';
import { dataOf } from './inventory.ts';
import { folderNotSeen, folderOf, foldersBetween } from './paths.ts';

/** What sending works with. */
export interface Site {
  readonly workspace: WorkspaceTree;
  readonly content: ContentStore;
}

/** A file to send. */
export interface Put {
  readonly path: string;
  readonly digest: string;
  readonly data: Pick<ChangeData, 'form' | 'replaces'>;
}

/**
 * The order of the work: what stands in the way goes first, folders innermost first, then come new folders, then
 * files. Nothing else goes here, so that a notebook that moved is never missing.
 */
export function tasksFor(changes: readonly Change[], deployed: Deployed, site: Site): Task[] {
  const puts = putsIn(changes);
  const files = changes.filter((change) => change.action === 'delete' && dataOf(change) !== null);
  const folders = changes.filter((change) => change.action === 'delete' && dataOf(change) === null);
  const removals = (those: readonly Change[]) => those.map(({ target }) => removal(target, site));
  return inPhases([
    removals(files),
    ...byDepth(folders).map(removals),
    newFolders(puts, deployed).map((folder) => () => makeFolder(folder, site)),
    puts.map((put) => () => send(put, site)),
  ]);
}

/** Sends files to folders, some of which are to be made before. */
export function sendingTasks(puts: readonly Put[], folders: readonly string[], site: Site): Task[] {
  return inPhases([
    innermost(folders).map((folder) => () => makeFolder(folder, site)),
    puts.map((put) => () => send(put, site)),
  ]);
}

function inPhases(groups: readonly (readonly (() => Promise<string | null>)[])[]): Task[] {
  return groups.flatMap((group, phase) =>
    group.map((run) => ({ phase, run: async () => refusedIf(await run()) })),
  );
}

function putsIn(changes: readonly Change[]): Put[] {
  return changes.flatMap((change) => {
    const data = dataOf(change);
    return change.after === null || data === null
      ? []
      : [{ path: change.target, digest: change.after, data }];
  });
}

function byDepth(folders: readonly Change[]): Change[][] {
  const depths = new Map<number, Change[]>();
  for (const folder of folders) {
    const depth = folder.target.split('/').length;
    depths.set(depth, [...(depths.get(depth) ?? []), folder]);
  }
  return [...depths].sort(([left], [right]) => right - left).map(([, those]) => those);
}

/** Folders that hold nothing of ours yet. */
function newFolders(puts: readonly Put[], { files }: Deployed): string[] {
  const known = new Set([...files.keys()].flatMap((path) => foldersBetween('', path)));
  return innermost(puts.map(({ path }) => folderOf(path)).filter((folder) => !known.has(folder)));
}

/** A folder that has another of them below it is made along with that one. */
function innermost(folders: readonly string[]): string[] {
  const wanted = new Set(folders);
  const above = new Set([...wanted].flatMap((folder) => foldersBetween('', folder)));
  return [...wanted].filter((folder) => !above.has(folder));
}

function removal(path: string, { workspace }: Site): () => Promise<null> {
  return async () => {
    // A folder that is not empty holds something of somebody else.
    await workspace.remove(path);
    return null;
  };
}

async function makeFolder(folder: string, { workspace }: Site): Promise<string | null> {
  const made = await workspace.makeFolder(folder);
  if (made === 'done') return null;
  return `The folder ${folder} cannot be made: a notebook or file that Slipway did not put there has its path. Move it away, then retry.`;
}

async function send({ path, digest, data }: Put, site: Site): Promise<string | null> {
  const { workspace, content } = site;
  const bytes = importContent(data.form, await content.get(digest));
  if (data.replaces) await workspace.remove(path);
  let sent = await workspace.put(path, bytes, importForm(data.form));
  if (sent === 'no-folder') {
    const refused = await makeFolder(folderOf(path), site);
    if (refused !== null) return refused;
    sent = await workspace.put(path, bytes, importForm(data.form));
  }
  if (sent === 'done') return null;
  if (sent === 'no-folder') throw folderNotSeen(path);
  return `${path} cannot be written: something of another type that Slipway did not put there has its path. Move it away, then retry.`;
}
