import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Files by path relative to a root, with forward slashes on every platform. */
export type ProjectFiles = ReadonlyMap<string, Buffer>;

/** Changes to files as one commit would make them: text or bytes add or replace, null removes. */
export type FileChanges = Readonly<Record<string, string | Buffer | null>>;

const LEFT_BEHIND = /^(__pycache__|\.pytest_cache|build|dist|.*\.egg-info|.*\.pyc)$/;

/** Reads all files under `root` (what Python and pytest leave behind excepted), in a fixed order. */
export async function readProjectFiles(root: string): Promise<ProjectFiles> {
  const files = new Map<string, Buffer>();
  await collect({ root, folder: '', files });
  return sorted(files);
}

/** The files after the changes. Throws when a change removes a file that is not there. */
export function withChanges(files: ProjectFiles, changes: FileChanges): ProjectFiles {
  const changed = new Map(files);
  for (const [path, content] of Object.entries(changes)) {
    if (content !== null) changed.set(path, Buffer.from(content));
    else if (!changed.delete(path)) throw new Error(`cannot remove ${path}: the project has no such file`);
  }
  return sorted(changed);
}

/** The files under `folder`, their paths relative to it. */
export function filesUnder(files: ProjectFiles, folder: string): ProjectFiles {
  const inside = [...files].filter(([path]) => path.startsWith(`${folder}/`));
  return new Map(inside.map(([path, content]) => [path.slice(folder.length + 1), content]));
}

/** The text of one file. Throws when it is missing. */
export function textOf(files: ProjectFiles, path: string): string {
  const content = files.get(path);
  if (content === undefined) throw new Error(`${path} is missing`);
  return content.toString('utf8');
}

async function collect(options: { root: string; folder: string; files: Map<string, Buffer> }): Promise<void> {
  const { root, folder, files } = options;
  for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
    if (LEFT_BEHIND.test(entry.name)) continue;
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) await collect({ root, folder: path, files });
    else if (entry.isFile()) files.set(path, await readFile(join(root, path)));
  }
}

function sorted(files: ProjectFiles): ProjectFiles {
  // By code unit, not by locale: the order decides bytes of the wheel.
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
