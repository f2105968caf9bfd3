import type { WorkspaceTree } from '../../engine/databricks-client.ts';
import type { ContentStore } from '../../engine/ports.ts';
import { messageOf, Refusal, TransientFailure } from '../../errors.ts';
import { inParallel } from '../in-parallel.ts';
import type { StepContext } from '../step.ts';
import type { WorkspaceFile } from './files.ts';
import { importContent, MAX_BYTES } from './files.ts';
import { folderOf } from './paths.ts';
import type { ArchiveEntry } from './zip-archive.ts';

/** Sources that the import of an archive makes notebooks of, in the spelling in which Databricks writes them. */
const SOURCES: Readonly<Record<string, RegExp | undefined>> = {
  PYTHON: /\.py$/,
  SQL: /\.sql$/,
  SCALA: /\.scala$/,
  R: /\.r$/,
};
/** Larger ones would not fit in one import, and need not be in memory at once. */
const MOST_UNPACKED_BYTES = 50 * 1024 * 1024;

/**
 * Makes a new folder with one request, where all its files are sources of notebooks and small enough: the import of
 * an archive makes a notebook of every source, so nothing else may be in it. What becomes of it must be read back.
 * @returns whether something was sent, or may have been.
 */
export async function sendArchive(
  { content, log, project, run, step }: StepContext,
  { folder, files }: { readonly folder: string; readonly files: readonly WorkspaceFile[] },
  workspace: WorkspaceTree,
): Promise<boolean> {
  if (!isEligible(files)) return false;
  const { zipArchive } = await import('./zip-archive.ts');
  const zip = await zipArchive(await entriesOf(files, content));
  if (zip.length > MAX_BYTES) return false;
  try {
    await workspace.makeFolder(folderOf(folder));
    await workspace.putArchive(folder, zip);
  } catch (error) {
    // Whatever the reason, files one by one may still go through.
    if (!(error instanceof Refusal || error instanceof TransientFailure)) throw error;
    const text = `${folder} was not taken as an archive, its files go one by one: ${messageOf(error)}`;
    log.warn(text, { project, run: run.id, step });
  }
  return true;
}

/** One file alone needs no archive. */
function isEligible(files: readonly WorkspaceFile[]): boolean {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (bytes > MOST_UNPACKED_BYTES || files.length < 2) return false;
  return files.every(({ form, from }) => SOURCES[form]?.test(from) === true);
}

async function entriesOf(files: readonly WorkspaceFile[], content: ContentStore): Promise<ArchiveEntry[]> {
  const entries: ArchiveEntry[] = [];
  await inParallel(files, { inFlight: 10 }, async ({ from, form, sha256 }) => {
    entries.push({ path: from.normalize('NFC'), content: importContent(form, await content.get(sha256)) });
  });
  return entries;
}
