import type { WorkspaceTree } from '../../engine/databricks-client.ts';
import type { Json } from '../../release/canonical-json.ts';
import type { StepContext, StepOutcome } from '../step.ts';
import { workThrough } from '../work-through.ts';
import { sendingTasks } from './apply.ts';
import { sendArchive } from './archive.ts';
import type { Look } from './batch.ts';
import { batchOf, lookAt } from './batch.ts';
import type { Folder, Wrong } from './difference.ts';

/** Files are sent as often as this before a folder is given up. */
const MOST_PASSES = 2;
/** As many calls may end before a batch was sent wholly: far more than even a slow service needs. */
const MOST_CUTS = 20;
/** After this time another invocation goes on: a function that began to send a batch must be able to end that. */
const ENOUGH_IN_MS = 30_000;
const MOST_NAMED = 5;

/** How far a call came: everything before a path is proved to be there. */
interface Progress {
  readonly from: string;
  /** How often the batch that begins there was sent. */
  readonly passes: number;
  /** How often a call ended while it was being sent. */
  readonly cuts: number;
}

type Unfinished = Exclude<StepOutcome, { readonly done: unknown }>;

/**
 * Makes folders whole and proves it, batch by batch: looks what is there, sends what is missing (a new folder as one
 * archive where that is possible, anything else file by file), and looks again. A folder that is whole is only looked
 * at. Every call gets a batch further or says why it cannot.
 * @returns null when everything is there.
 */
export async function completeFolders(
  context: StepContext,
  folders: readonly Folder[],
  workspace: WorkspaceTree,
): Promise<Unfinished | null> {
  const { clock, signal } = context;
  const end = clock.now() + ENOUGH_IN_MS;
  const files = folders.flatMap((folder) => folder.files).sort((a, b) => (a.path < b.path ? -1 : 1));
  const before = readProgress(context.memo);
  const absent = before === null ? await sendArchives(context, folders, workspace) : [];
  let sentTo = '';
  let at = before ?? { from: '', passes: 0, cuts: 0 };
  for (let isFirst = true; ; isFirst = false) {
    if (signal.aborted) throw new Error('the run was cancelled');
    const rest = files.filter(({ path }) => path >= at.from);
    const isAbsent = (path: string) =>
      path > sentTo && absent.some((folder) => path.startsWith(`${folder}/`));
    const look = await lookAt(batchOf(rest), { workspace, clock, isAbsent });
    if (look.wrong.length === 0) {
      const next = rest[look.files.length];
      if (next === undefined) return null;
      at = { from: next.path, passes: 0, cuts: 0 };
    } else {
      if (at.passes === MOST_PASSES || at.cuts === MOST_CUTS)
        return { refused: inWords(look.wrong, folders) };
      // A call that has done something before may have no time left for it.
      if (clock.now() > end && !isFirst) return waitingAt(at, clock.now());
      const unfinished = await send(context, look, workspace);
      if (unfinished !== null && 'refused' in unfinished) return unfinished;
      if (unfinished !== null) return waitingAt({ ...at, cuts: at.cuts + 1 }, clock.now());
      at = { ...at, passes: at.passes + 1 };
      sentTo = look.files.at(-1)?.path ?? sentTo;
    }
    if (clock.now() > end) return waitingAt(at, clock.now());
  }
}

function waitingAt({ from, passes, cuts }: Progress, until: number): Unfinished {
  return { waiting: { until, memo: { from, passes, cuts } } };
}

/** What is missing is found out anew, so how far it came does not matter. */
function send(
  { clock, signal, content }: StepContext,
  { wrong, newFolders }: Look,
  workspace: WorkspaceTree,
): Promise<Unfinished | null> {
  const tasks = sendingTasks(wrong.map(toPut), newFolders, { workspace, content });
  return workThrough({ clock, signal, memo: null }, tasks);
}

/** Sends what can go as archives. @returns folders that are not there, and of which nothing was sent. */
async function sendArchives(
  context: StepContext,
  folders: readonly Folder[],
  workspace: WorkspaceTree,
): Promise<string[]> {
  const absent: string[] = [];
  for (const folder of folders) {
    const isThere = (await workspace.list(folder.folder)) !== null;
    if (!isThere && !(await sendArchive(context, folder, workspace))) absent.push(folder.folder);
  }
  return absent;
}

function toPut({ file, how }: Wrong) {
  const replaces = how === 'other-type' ? { replaces: true } : {};
  return { path: file.path, digest: file.sha256, data: { form: file.form, ...replaces } };
}

/** Null before the first call, and for what another version of Slipway noted: that begins anew. */
function readProgress(memo: Json): Progress | null {
  if (typeof memo !== 'object' || memo === null || !('from' in memo)) return null;
  const { from, passes, cuts } = memo;
  if (typeof from !== 'string') return null;
  return { from, passes: Number(passes ?? 0), cuts: Number(cuts ?? 0) };
}

function inWords(wrong: readonly Wrong[], folders: readonly Folder[]): string {
  const sentences = folders.flatMap(({ folder }) => {
    const own = wrong.filter(({ file }) => file.path.startsWith(`${folder}/`));
    if (own.length === 0) return [];
    const named = own.slice(0, MOST_NAMED).map(({ file, how }) => {
      const what = file.form === 'FILE' ? `file of ${file.size} bytes` : `notebook (${file.form})`;
      return `${file.path} is ${how === 'missing' ? 'missing' : `no ${what}`}`;
    });
    const more = own.length > MOST_NAMED ? `; and ${own.length - MOST_NAMED} more` : '';
    return [`${folder} is not what the release says, though it was sent twice: ${named.join('; ')}${more}.`];
  });
  return `${sentences.join(' ')} See whether somebody else writes there, then retry.`;
}
