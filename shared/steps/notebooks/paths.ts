import { Refusal, TransientFailure } from '../../errors.ts';

/** Why a file of an artifact must not be deployed under its path, or null. The path is relative, with `/`. */
export function pathProblem(path: string): string | null {
  if (/[\p{Cc}\\]/u.test(path)) return 'has a control character or a backslash in its name';
  if (path.startsWith('/')) return 'is an absolute path';
  const segments = path.split('/');
  if (segments.includes('')) return 'has an empty folder name (//)';
  if (segments.includes('..') || segments.includes('.')) return 'leads out of its folder (. or ..)';
  return null;
}

/** Folders of people and of Git: a release has no business there unless somebody said so. */
const PERSONAL = /^\/(Users|Repos)(\/|$)/;

/** Whether the environment allows such folders: the input `allowPersonalFolders`. */
export function mayBePersonal({ input }: { readonly input: Readonly<Record<string, unknown>> }): boolean {
  return input.allowPersonalFolders === true;
}

/**
 * The workspace folder that a project's files go to, in the one spelling that the API uses: without slash at the
 * end and without `/Workspace` in front, which is the root under another name.
 * @throws Refusal when the value is no folder that a release may write to.
 */
export function rootFolder(
  value: string | undefined,
  { variable, allowPersonal }: { readonly variable: string; readonly allowPersonal: boolean },
): string {
  if (value === undefined || value === '') throw new Refusal(`The variable ${variable} has no value.`);
  const inner = value.replace(/\/+$/, '');
  const root = inner.replace(/^\/Workspace(?=\/|$)/, '');
  if (root === '')
    throw new Refusal(`${variable} is "${value}", the root of the workspace: name a folder in it.`);
  const problem = value.startsWith('/') ? pathProblem(inner.slice(1)) : 'is not an absolute path';
  if (problem !== null) throw new Refusal(`${variable} is "${value}", which ${problem}.`);
  if (PERSONAL.test(root) && !allowPersonal) {
    throw new Refusal(
      `${variable} is "${value}", a folder of a person or of Git. Use /Workspace/Shared/…, or allow it with ` +
        'allowPersonalFolders: true of the environment in slipway.yaml.',
    );
  }
  return root;
}

/** Databricks may not see everywhere at once what was made a moment ago: another attempt will find it. */
export function folderNotSeen(path: string): TransientFailure {
  return new TransientFailure(
    `${path} cannot be written yet: its folder was made, and Databricks does not see it`,
  );
}

/** The folder that holds a path. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

/**
 * Which of the things that are not wanted any more stand where wanted ones must be: a file where a folder has to be,
 * and all of a folder where a file has to be.
 */
export function inTheWayOf(wanted: readonly string[]): {
  readonly file: (path: string) => boolean;
  readonly folder: (path: string) => boolean;
} {
  const paths = new Set(wanted);
  const needed = new Set(wanted.flatMap((path) => foldersBetween('', path)));
  const folder = (path: string) =>
    paths.has(path) || foldersBetween('', path).some((above) => paths.has(above));
  return { folder, file: (path) => needed.has(path) || folder(path) };
}

/** Every folder on the way from a root to a path, nearest the root first, without the root. */
export function foldersBetween(root: string, path: string): string[] {
  const segments = folderOf(path).slice(root.length).split('/').slice(1);
  return segments.map((_segment, index) => `${root}/${segments.slice(0, index + 1).join('/')}`);
}
