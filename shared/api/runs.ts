import type { Ports } from '../engine/engine-ports.ts';
import type { Records } from '../engine/ports.ts';
import { readChanges } from '../engine/run-step.ts';
import { UnreadableRequest } from '../errors.ts';
import { explain } from '../release/explain.ts';
import type { RunKind } from '../release/model.ts';
import type { Answer } from './answer.ts';
import { notFound } from './answer.ts';

type ReadPorts = Pick<Ports, 'store' | 'content' | 'clock'> & { readonly records: Records };

const MOST_LISTED = 200;
/** Among so many of the newest runs those are looked for that a filter leaves. */
const MOST_LOOKED_AT = 1_000;

/** What is wanted of the list of runs; null: everything. */
export interface RunFilter {
  readonly environment: string | null;
  readonly kind: string | null;
  readonly limit: string | null;
}

/** The runs of a project, newest first; of an environment: those with a stage of its name. */
export async function listRuns(
  { records }: ReadPorts,
  project: string,
  { environment, kind, limit }: RunFilter,
): Promise<Answer> {
  const most = limitIn(limit);
  if (kind !== null && !KINDS.some((known) => known === kind))
    throw new UnreadableRequest(`kind: there is no "${kind}"; there are ${KINDS.join(', ')}`);
  const isAll = environment === null && kind === null;
  const listed = await records.listRuns(project, isAll ? most : MOST_LOOKED_AT);
  const runs = listed.filter(
    (run) =>
      (kind === null || run.kind === kind) &&
      (environment === null || run.stages.some(({ name }) => name === environment)),
  );
  return { status: 200, jsonBody: { runs: runs.slice(0, most) } };
}

const KINDS: readonly RunKind[] = ['release', 'pull-request', 'redeploy', 'rollback'];

function limitIn(text: string | null): number {
  if (text === null) return MOST_LISTED;
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= MOST_LISTED) return limit;
  throw new UnreadableRequest(`limit: it is a whole number from 1 to ${MOST_LISTED}`);
}

/** A run, and why it does not move if it does not. */
export async function getRun(ports: ReadPorts, project: string, id: string): Promise<Answer> {
  const { run, environments } = await ports.store.load(project, id);
  if (run === null) return notFound(`run ${id} in project ${project}`);
  const { pipeline: _pipeline, ...shown } = run;
  return { status: 200, jsonBody: { ...shown, blockedBy: explain(run, environments, ports.clock.now()) } };
}

/** The audit log of a run: every transition in order. */
export async function getRunEvents({ records }: ReadPorts, project: string, id: string): Promise<Answer> {
  const events = await records.events(project, id);
  if (events.length === 0) return notFound(`run ${id} in project ${project}`);
  return { status: 200, jsonBody: { events } };
}

/** What a stage would change, step by step: what an approver reads before approving its hash. */
export async function getPlan(
  ports: ReadPorts,
  project: string,
  { run: id, stage: name }: { run: string; stage: string },
): Promise<Answer> {
  const { run } = await ports.store.load(project, id);
  const stage = run?.stages.find((each) => each.name === name);
  if (stage === undefined) return notFound(`stage ${name} in run ${id}`);
  const steps = await Promise.all(
    stage.steps.map(async ({ name: step, plan, status }) => {
      const changes = plan === null ? [] : await readChanges(ports, plan.digest);
      return { step, status, digest: plan?.digest ?? null, changes };
    }),
  );
  const { plan, approved, stalePlanHash } = stage;
  return {
    status: 200,
    jsonBody: {
      planHash: plan?.hash ?? null,
      changes: plan?.changes ?? null,
      approvedHash: approved?.hash ?? null,
      stalePlanHash,
      steps,
    },
  };
}
