/**
 * Which requests a fault or a limit is for: an operation's name, or a path; `*` stands for any text, `|` for "or".
 * Examples: `Workspace.import`, `Jobs.*`, `/api/2.0/dbfs/*`, `Jobs.get|Jobs.list`.
 */
export function matchesPattern(pattern: string, request: { operation: string; path: string }): boolean {
  return pattern.split('|').some((alternative) => matchesOne(alternative, request));
}

function matchesOne(pattern: string, request: { operation: string; path: string }): boolean {
  const source = pattern.replace(/[.+?^${}()[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${source}$`).test(pattern.startsWith('/') ? request.path : request.operation);
}
