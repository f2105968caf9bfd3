import type { Limit } from '../twin/rate-limit.ts';

/** Requests per second and workspace, as published copies of the limits page give them; no guarantee. */
export const DOCUMENTED_LIMITS: readonly Limit[] = [
  { match: 'Workspace.import', requestsPerSecond: 30 },
  { match: 'Workspace.export', requestsPerSecond: 60 },
  { match: 'Dbfs.*', requestsPerSecond: 30 },
  { match: 'Jobs.create', requestsPerSecond: 20 },
  { match: 'Jobs.run_now', requestsPerSecond: 20 },
  { match: 'Jobs.submit', requestsPerSecond: 35 },
  { match: 'Jobs.get_run', requestsPerSecond: 100 },
  { match: 'Permissions.get', requestsPerSecond: 100 },
  { match: 'Permissions.set', requestsPerSecond: 30 },
  { match: 'Permissions.update', requestsPerSecond: 30 },
];
