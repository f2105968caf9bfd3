import type { Ports } from '../engine/engine-ports.ts';
import type { Records } from '../engine/ports.ts';
import { readChanges } from '../engine/run-step.ts';
import { explain } from '../release/explain.ts';
import type { Answer } from './answer.ts';
import { notFound } from './answer.ts';

type ReadPorts = Pick<Ports, 'store' | 'content' | 'clock'> & { readonly records: Records };

const MOST_LISTED = 200;

/** The runs of a project, newest first. */
export async function listRuns({ records }: ReadPorts, project: string): Promise<Answer> {
  return { status: 200, jsonBody: { runs: await records.listRuns(project, MOST_LISTED) } };
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

/** The environments of a project: what is live, who holds and waits, freezes and holds. */
export async function listEnvironments({ records }: ReadPorts, project: string): Promise<Answer> {
  return { status: 200, jsonBody: { environments: await records.environments(project) } };
}
