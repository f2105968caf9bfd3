import { messageOf, Refusal } from '../../errors.ts';
import type { Change } from '../../release/plan.ts';
import { folderOf, foldersBetween } from '../notebooks/paths.ts';
import { removeWheel, removeWheelFolder } from '../wheel/target.ts';
import type { Task } from '../work-through.ts';
import type { Stock } from './items.ts';
import { removalIn } from './memory.ts';
import type { Uses } from './uses.ts';
import { readUses } from './uses.ts';

/** What is left where it is, and why, by target. Tasks add to it. */
type Kept = Map<string, string>;

/**
 * The order of the work: versions and wheels, then files in place, then folders that they leave empty, innermost
 * first. Just before something goes, whether it is used is looked at once more.
 */
export function removalTasks(changes: readonly Change[], stock: Stock, kept: Kept): Task[] {
  const ofKind = (kind: string) => changes.filter((change) => removalIn(change)?.kind === kind);
  const files = ofKind('file');
  const versions = ofKind('version').map((change) => ({ phase: 0, run: versionTask(change, stock, kept) }));
  const wheels = ofKind('wheel').map((change) => ({ phase: 0, run: wheelTask(change, stock, kept) }));
  const all = [...versions, ...wheels, ...fileTasks(files, stock, kept), ...folderTasks(files, stock, kept)];
  return all
    .sort((left, right) => left.phase - right.phase)
    .map(({ phase, run }) => ({ phase, run: ended(run) }));
}

function ended(run: () => Promise<void>): Task['run'] {
  return async () => {
    await run();
    return null;
  };
}

function versionTask({ target }: Change, stock: Stock, kept: Kept): () => Promise<void> {
  const { workspace } = stock.client;
  return keeping(target, kept, async () => {
    const user = (await readUses(stock)).of(target, 'version');
    if (user !== null) return user;
    await workspace.removeTree(target);
    if (stock.strategy === 'in-place') await workspace.remove(folderOf(target));
    return null;
  });
}

function wheelTask({ target }: Change, stock: Stock, kept: Kept): () => Promise<void> {
  const { client } = stock;
  return keeping(target, kept, async () => {
    const user = (await readUses(stock)).of(target, 'wheel');
    if (user !== null) return user;
    await removeWheel(client, target);
    const folder = folderOf(target);
    if (!/\/releases\/[0-9a-f]{16}$/.test(folder)) return null;
    await removeWheelFolder(client, folder);
    if (stock.strategy === 'in-place') await removeWheelFolder(client, folderOf(folder));
    return null;
  });
}

/** One look for all of them: there may be many, and they go within moments. */
function fileTasks(files: readonly Change[], stock: Stock, kept: Kept) {
  let uses: Promise<Uses> | null = null;
  const keptAt = new Map(stock.items.map((item) => [item.target, item.keptAt ?? null]));
  return files.map(({ target }) => {
    const run = keeping(target, kept, async () => {
      uses ??= readUses(stock);
      const user = (await uses).ofFile(target, keptAt.get(target) ?? null);
      if (user === null) await stock.client.workspace.remove(target);
      return user;
    });
    return { phase: 1, run };
  });
}

/** Folders that lose a file and that the release does not need. One that is not empty holds something of somebody else. */
function folderTasks(files: readonly Change[], { client, items, wanted }: Stock, kept: Kept) {
  const rootOf = new Map(items.map(({ target, group }) => [target, group]));
  const needed = new Set([...wanted].flatMap((path) => foldersBetween('', path)));
  const left = files.flatMap(({ target }) => foldersBetween(rootOf.get(target) ?? folderOf(target), target));
  const folders = [...new Set(left)].filter((folder) => !needed.has(folder));
  const depthOf = (folder: string) => folder.split('/').length;
  const deepest = Math.max(...folders.map(depthOf));
  return folders.map((folder) => {
    const run = async () => {
      const isKept = [...kept.keys()].some((target) => target.startsWith(`${folder}/`));
      if (!isKept) await client.workspace.remove(folder);
    };
    return { phase: 2 + deepest - depthOf(folder), run };
  });
}

/** What must not be looked at or removed stays, too: no release fails because something old is still there. */
function keeping(target: string, kept: Kept, remove: () => Promise<string | null>): () => Promise<void> {
  return async () => {
    const why = await remove().catch((error: unknown) => {
      if (error instanceof Refusal) return messageOf(error);
      throw error;
    });
    if (why !== null) kept.set(target, why);
    else kept.delete(target);
  };
}
