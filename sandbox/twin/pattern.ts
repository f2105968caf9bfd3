/**
 * Which requests a fault or a limit is for: an operation's name, or a path; `*` stands for any text.
 * Examples: `Workspace.import`, `Jobs.*`, `/api/2.0/dbfs/*`.
 */
export function matchesPattern(pattern: string, request: { operation: string; path: string }): boolean {
  const source = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${source}$`).test(pattern.startsWith('/') ? request.path : request.operation);
}
