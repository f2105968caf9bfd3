/**
 * The one spelling of a workspace path: slashes collapse, none at the end, and `/Workspace` is the root under
 * another name.
 */
export function canonicalPath(path: string): string {
  const parts = path.split('/').filter((part) => part !== '');
  if (parts[0] === 'Workspace') parts.shift();
  return '/' + parts.join('/');
}

/** The folder that holds a path; `/` holds itself. */
export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

/** Every folder on the way to a path, from the top, without `/` and the path itself. */
export function ancestorsOf(path: string): string[] {
  const parts = path.split('/').slice(1, -1);
  return parts.map((_part, index) => '/' + parts.slice(0, index + 1).join('/'));
}

/** Whether a path lies below a folder, at any depth. */
export function isBelow(path: string, folder: string): boolean {
  return path !== folder && path.startsWith(folder === '/' ? '/' : folder + '/');
}
