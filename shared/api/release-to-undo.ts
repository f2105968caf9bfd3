import type { Records, RunSummary, Store } from '../engine/ports.ts';
import type { Environment, Run } from '../release/model.ts';

interface RunPorts {
  readonly store: Pick<Store, 'load'>;
  readonly records: Pick<Records, 'listRuns'>;
}

const MOST_LISTED = 200;
const MOST_LOADED = 20;

/**
 * Name of the release that a rollback of the environment would undo: the one that last began to be applied there, be
 * it that it failed half-way and never was live. A rollback that itself failed half-way still has the live one to undo.
 * Null: nothing was applied there.
 */
export async function releaseToUndo(
  ports: RunPorts,
  project: string,
  environment: Environment,
): Promise<string | null> {
  const live = environment.live?.release ?? null;
  const last = await lastToApply(ports, project, environment);
  return last === null || last.kind === 'rollback' ? live : last.release.name;
}

/** The run whose stage made the environment what it is now: it carries the environment's generation. */
async function lastToApply(
  { store, records }: RunPorts,
  project: string,
  { name, generation }: Environment,
): Promise<Run | null> {
  if (generation === 0) return null;
  const recent = await records.listRuns(project, MOST_LISTED);
  for (const { id } of recent.filter((run) => mayHaveApplied(run, name)).slice(0, MOST_LOADED)) {
    const { run } = await store.load(project, id);
    if (run !== null && hasApplied(run, name, generation)) return run;
  }
  return null;
}

/** A deployment stage has the name of its environment. */
function mayHaveApplied({ stages }: RunSummary, environment: string): boolean {
  const status = stages.find(({ name }) => name === environment)?.status;
  return status !== undefined && !['queued', 'skipped', 'superseded', 'rejected'].includes(status);
}

function hasApplied({ pipeline, stages }: Run, environment: string, generation: number): boolean {
  const own = new Set(
    pipeline.stages.filter((stage) => stage.environment === environment).map(({ name }) => name),
  );
  return stages.some(({ name, appliedGeneration }) => own.has(name) && appliedGeneration === generation);
}
