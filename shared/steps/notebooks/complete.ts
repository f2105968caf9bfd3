import type { WorkspaceObject, WorkspaceTree } from '../../engine/databricks-client.ts';
import type { Json } from '../../release/canonical-json.ts';
import type { StepContext, StepOutcome } from '../step.ts';
import { workThrough } from '../work-through.ts';
import { sendingTasks } from './apply.ts';
import { sendArchive } from './archive.ts';
import { objectsAt } from './drift.ts';
import type { WorkspaceFile } from './files.ts';

/** A folder, and everything that has to be in it. */
export interface Folder {
  readonly folder: string;
  readonly files: readonly WorkspaceFile[];
}

/** What is wrong in a folder. */
interface Findings {
  readonly isThere: boolean;
  readonly wrong: readonly {
    readonly file: WorkspaceFile;
    readonly how: 'missing' | 'other-type' | 'other';
  }[];
}

/** Files are sent as often as this before a folder is given up. */
const MOST_PASSES = 2;
/** After this time another invocation goes on: a function that began a pass must be able to end it. */
const ENOUGH_IN_MS = 30_000;
const MOST_NAMED = 5;

/**
 * Makes folders whole and proves it: looks what is there, sends what is missing (a new folder as one archive where
 * that is possible, anything else file by file), and looks again. A folder that is whole is only looked at.
 * @returns null when everything is there.
 */
export async function completeFolders(
  context: StepContext,
  folders: readonly Folder[],
  workspace: WorkspaceTree,
): Promise<Exclude<StepOutcome, { readonly done: unknown }> | null> {
  const { clock, content, signal } = context;
  const site = { workspace, content };
  const begunAt = clock.now();
  const isEnough = () => clock.now() - begunAt > ENOUGH_IN_MS;
  let passes = passesIn(context.memo);
  let findings = await findingsIn(folders, workspace);
  if (passes === 0 && (await sendArchives(context, findings, workspace)))
    findings = await findingsIn(folders, workspace);
  while (findings.some(({ wrong }) => wrong.length > 0)) {
    if (signal.aborted) throw new Error('the run was cancelled');
    if (passes === MOST_PASSES) return { refused: inWords(findings) };
    if (isEnough()) return { waiting: { until: clock.now(), memo: { passes } } };
    const tasks = findings.flatMap(({ wrong, isThere }) => sendingTasks(wrong.map(toPut), !isThere, site));
    const byPhase = tasks.sort((left, right) => left.phase - right.phase);
    const unfinished = await workThrough({ clock, signal, memo: null }, byPhase);
    // What is missing is found out anew, so how far it came does not matter.
    if (unfinished !== null && 'waiting' in unfinished)
      return { waiting: { ...unfinished.waiting, memo: { passes } } };
    if (unfinished !== null) return unfinished;
    passes += 1;
    findings = await findingsIn(folders, workspace);
  }
  return null;
}

type FolderFindings = Findings & Folder;

async function findingsIn(folders: readonly Folder[], workspace: WorkspaceTree): Promise<FolderFindings[]> {
  const found: FolderFindings[] = [];
  for (const folder of folders) found.push({ ...folder, ...(await wrongIn(folder, workspace)) });
  return found;
}

/** Reads a folder back: one list request for each folder in it, or a single one when it is not there. */
export async function wrongIn({ folder, files }: Folder, workspace: WorkspaceTree): Promise<Findings> {
  const isThere = (await workspace.list(folder)) !== null;
  const paths = files.map(({ path }) => path);
  const objects = isThere ? await objectsAt(workspace, paths) : new Map<string, WorkspaceObject>();
  const wrong = files.flatMap((file) => {
    const how = differenceIn(file, objects.get(file.path));
    return how === null ? [] : [{ file, how }];
  });
  return { isThere, wrong };
}

/** The service rewrites sources of notebooks, so their bytes cannot be compared; sizes of files can. */
function differenceIn(
  { form, size }: WorkspaceFile,
  object: WorkspaceObject | undefined,
): 'missing' | 'other-type' | 'other' | null {
  if (object === undefined) return 'missing';
  if (object.type !== (form === 'FILE' ? 'FILE' : 'NOTEBOOK')) return 'other-type';
  if (form === 'FILE') return object.size === null || object.size === size ? null : 'other';
  // The language of a Jupyter notebook is its own affair.
  return form === 'JUPYTER' || object.language === form ? null : 'other-type';
}

/** @returns whether anything was sent, or may have been. */
async function sendArchives(
  context: StepContext,
  findings: readonly FolderFindings[],
  workspace: WorkspaceTree,
): Promise<boolean> {
  let sent = false;
  for (const finding of findings) {
    if (!finding.isThere && (await sendArchive(context, finding, workspace))) sent = true;
  }
  return sent;
}

function toPut({ file, how }: Findings['wrong'][number]) {
  const replaces = how === 'other-type' ? { replaces: true } : {};
  return { path: file.path, digest: file.sha256, data: { form: file.form, ...replaces } };
}

function passesIn(memo: Json): number {
  const isOurs = typeof memo === 'object' && memo !== null && 'passes' in memo;
  return isOurs && typeof memo.passes === 'number' ? memo.passes : 0;
}

function inWords(findings: readonly FolderFindings[]): string {
  const broken = findings.filter(({ wrong }) => wrong.length > 0);
  const sentences = broken.map(({ folder, wrong }) => {
    const named = wrong.slice(0, MOST_NAMED).map(({ file, how }) => {
      const what = file.form === 'FILE' ? `file of ${file.size} bytes` : `notebook (${file.form})`;
      return `${file.path} is ${how === 'missing' ? 'missing' : `no ${what}`}`;
    });
    const more = wrong.length > MOST_NAMED ? `; and ${wrong.length - MOST_NAMED} more` : '';
    return `${folder} is not what the release says, though it was sent twice: ${named.join('; ')}${more}.`;
  });
  return `${sentences.join(' ')} See whether somebody else writes there, then retry.`;
}
