import type { PipelineRun } from '../engine/azure-devops-client.ts';
import type { Records, Releases, Store } from '../engine/ports.ts';
import type { WebhookEvent } from '../engine/webhook-events.ts';
import type { ProjectFile } from '../project/project-file.ts';
import type { Run, StageState } from '../release/model.ts';

type ApprovalEvent = Exclude<WebhookEvent, { type: 'build-completed' }>;

/** The stage that an approval is about. */
export interface Waiting {
  readonly run: string;
  readonly stage: string;
  /** The plan that the pipeline run was started for; null when it names none. */
  readonly planHash: string | null;
  /** The plan at the gate now, and since when. */
  readonly currentHash: string;
  readonly gateOpenedAt: number;
}

export interface Search {
  readonly file: ProjectFile;
  readonly event: ApprovalEvent;
  readonly pipelineRun: PipelineRun;
}

/** What the search reads. */
export interface SearchPorts {
  readonly store: Pick<Store, 'load'>;
  readonly records: Pick<Records, 'activeRuns' | 'listRuns'>;
  readonly releases: Pick<Releases, 'list'>;
}

/** How far back runs and releases are looked at, beside the runs that are under way. */
const MOST_LOOKED_AT = 200;

/**
 * Finds the run and stage that an approval is about: by the parameters `build`, `stage` and `plan` of the pipeline
 * run, or, where a pipeline has no such parameters, by the build that it uses and its environment. A stage that does
 * not wait any more is found too: its run refuses the approval with a reason, and sends what it has not sent yet.
 * @returns one sentence on why there is none.
 */
export async function findWaiting(ports: SearchPorts, search: Search): Promise<Waiting | string> {
  const { file, event, pipelineRun } = search;
  const subject = await subjectOf(ports, search);
  if (typeof subject === 'string') return subject;
  const { environments, planHash, releases } = subject;
  const own = environments.filter((name) => named(file, name) === event.environment.name.toLowerCase());
  if (own.length === 0)
    return `the approval is for environment ${event.environment.name} of Azure DevOps, not for ${environments.join(', ')}`;
  const runs = await runsOf(ports, file.project, releases);
  const gates = runs.flatMap((run) => gatesOf(run, own));
  const wanted = gates.filter(({ stage }) => planHash === null || stage.plan?.hash === planHash);
  const waiting = wanted.filter(({ stage }) => stage.status === 'waiting-for-approval');
  if (waiting.length > 1)
    return `${waiting.length} stages wait, and pipeline run ${pipelineRun.id} does not say for which it is`;
  const gate = waiting[0] ?? wanted[0] ?? gates[0];
  return gate === undefined
    ? `no run of ${releases.join(', ')} has a gate at ${own.join(', ')}`
    : toWaiting(gate, planHash);
}

interface Subject {
  /** Environments of Slipway that it may be about. */
  readonly environments: readonly string[];
  readonly planHash: string | null;
  /** Names of the releases that it may be about: one, unless two builds have the same number. */
  readonly releases: readonly string[];
}

const PLAN = /^[0-9a-f]{64}$/;

async function subjectOf(
  { releases }: SearchPorts,
  { file, pipelineRun }: Search,
): Promise<Subject | string> {
  const { build, stage, plan } = pipelineRun.parameters;
  const all = Object.keys(file.environments);
  const environments = stage === undefined || stage === 'all' ? all : all.filter((name) => name === stage);
  if (environments.length === 0) return `project ${file.project} has no environment ${stage}`;
  const planHash = plan !== undefined && PLAN.test(plan) ? plan : null;
  if (build !== undefined && /^\d+$/.test(build))
    return { environments, planHash, releases: [`build-${build}`] };
  const { artifactsPipeline } = file.azureDevOps;
  const resource = pipelineRun.resources.find(({ pipeline }) => pipeline === artifactsPipeline);
  if (resource === undefined)
    return `pipeline run ${pipelineRun.id} names no build: neither as parameter nor as pipeline resource`;
  const known = await releases.list(file.project, MOST_LOOKED_AT);
  const names = known.filter(({ source }) => source.number === resource.version).map(({ name }) => name);
  if (names.length > 0) return { environments, planHash, releases: names };
  return `build ${resource.version} is no release of project ${file.project}`;
}

/** Azure DevOps does not tell cases apart in names of environments. */
function named({ environments }: ProjectFile, name: string): string {
  return (environments[name]?.azureDevOpsEnvironment ?? name).toLowerCase();
}

async function runsOf(
  { store, records }: SearchPorts,
  project: string,
  releases: readonly string[],
): Promise<Run[]> {
  const recent = await records.listRuns(project, MOST_LOOKED_AT);
  const theirs = recent.filter(({ release }) => releases.includes(release)).map(({ id }) => id);
  const ids = new Set([...theirs, ...(await records.activeRuns(project))]);
  const loaded = await Promise.all([...ids].map((id) => store.load(project, id)));
  return loaded.flatMap(({ run }) => (run !== null && releases.includes(run.release.name) ? [run] : []));
}

interface Gate {
  readonly run: Run;
  readonly stage: StageState;
}

/** Stages with a gate that deploy to one of the environments. */
function gatesOf(run: Run, environments: readonly string[]): Gate[] {
  const gated = run.pipeline.stages.filter(
    ({ environment, gate }) =>
      environment !== null && environments.includes(environment) && gate.approvals > 0,
  );
  const names = new Set(gated.map(({ name }) => name));
  return run.stages.filter(({ name }) => names.has(name)).map((stage) => ({ run, stage }));
}

function toWaiting({ run, stage }: Gate, planHash: string | null): Waiting {
  return {
    run: run.id,
    stage: stage.name,
    planHash,
    currentHash: stage.plan?.hash ?? '',
    gateOpenedAt: stage.gateOpenedAt ?? 0,
  };
}
