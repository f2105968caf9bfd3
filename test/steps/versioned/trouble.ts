import type { DatabricksTwin } from '../../../sandbox/databricks/twin.ts';

/** What deployments ask; people ask other things, which no fault hits. */
const OPERATIONS = [
  'Workspace.import',
  'Workspace.mkdirs',
  'Workspace.list',
  'Workspace.delete',
  'Files.upload',
  'Files.create_directory',
  'Files.get_metadata',
  'Files.delete',
  'Files.delete_directory',
  'Jobs.get',
  'Jobs.reset',
  'Jobs.create',
  'Jobs.list_runs',
  'Libraries.all_cluster_statuses',
] as const;

/** How patient the engine is with a stage that is in trouble. */
export interface Trouble {
  /** How often a step is applied at most; one that is given up leaves its plan uncertain. */
  readonly attempts: number;
}

/** Puts the workspace under the faults of one deployment. */
export function makeTrouble(twin: DatabricksTwin, random: () => number): Trouble {
  twin.faults.clear();
  const latencyInMs = Math.floor(20 + random() * 600);
  twin.faults.add({ kind: 'latency', latencyInMs, match: OPERATIONS.join('|') });
  const choice = random();
  const match = OPERATIONS[Math.floor(random() * OPERATIONS.length)] ?? '*';
  const skip = Math.floor(random() * 6);
  const when = random() < 0.5 ? 'before' : 'after';
  if (choice < 0.35) return { attempts: 3 };
  if (choice < 0.55)
    twin.faults.add({ kind: 'drop', match, when, skip, times: 1 + Math.floor(random() * 8) });
  else if (choice < 0.65)
    twin.faults.add({ kind: 'status', match, status: 429, skip, times: 2, retryAfterInSeconds: 1 });
  else if (choice < 0.73) twin.faults.add({ kind: 'status', match, status: 500, when, skip, times: 5 });
  else if (choice < 0.8)
    twin.faults.add({ kind: 'status', match: 'Workspace.import', status: 400, skip: 0, times: 1 });
  else return dies(twin, random);
  return { attempts: 3 };
}

/** From some request on nothing is answered any more, as if the function had died there, and nobody tries again. */
function dies(twin: DatabricksTwin, random: () => number): Trouble {
  const when = random() < 0.5 ? 'before' : 'after';
  const skip = Math.floor(random() * 30);
  const match = OPERATIONS.join('|');
  // The last request may have had its effect.
  twin.faults.add({ kind: 'drop', match, when, skip, times: 1 });
  twin.faults.add({ kind: 'drop', match, when: 'before', skip, times: 1_000 });
  return { attempts: 1 };
}
