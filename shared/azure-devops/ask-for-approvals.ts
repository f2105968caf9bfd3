import type { AzureDevOpsClient, PipelineRun } from '../engine/azure-devops-client.ts';
import type { Clients } from '../engine/clients.ts';
import type { Clock, Log, Projects, Records, Store } from '../engine/ports.ts';
import { messageOf, Refusal } from '../errors.ts';
import type { ProjectFile } from '../project/project-file.ts';
import { readStoredProject } from '../project/project-file.ts';
import type { Run, StageState } from '../release/model.ts';

export interface AskingPorts {
  readonly clients: Pick<Clients, 'azureDevOps'>;
  readonly projects: Pick<Projects, 'listProjects'>;
  readonly records: Pick<Records, 'activeRuns'>;
  readonly store: Pick<Store, 'load'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

/** What a process remembers from one look to the next. */
export interface Asking {
  /** Gates that were seen to. */
  readonly asked: Set<string>;
  /** With what the runs of a project's release pipeline were started, by project and run. It never changes. */
  readonly started: Map<string, Map<string, PipelineRun['parameters']>>;
}

export function newAsking(): Asking {
  return { asked: new Set(), started: new Map() };
}

/** A gate that is open, and what its pipeline run is started with. */
interface Gate {
  readonly run: Run;
  readonly stage: StageState;
  readonly parameters: { readonly build: string; readonly stage: string; readonly plan: string };
}

/** Clocks of Azure DevOps and Slipway may differ by so much. */
const CLOCK_DIFFERENCE_IN_MS = 5 * 60_000;
/** After this time the rest is left to the next look, which does not repeat what was seen. */
const LONGEST_IN_MS = 60_000;

/**
 * For every open gate, lets the project's release pipeline ask people in Azure DevOps: one pipeline run for each plan.
 * Run by a timer, of which there is one at a time. Looks for a run first, since starting one cannot be repeated safely.
 * @param asking keeps the timer from asking again what it knows.
 */
export async function askForApprovals(ports: AskingPorts, asking: Asking): Promise<void> {
  const end = ports.clock.now() + LONGEST_IN_MS;
  const isOver = () => ports.clock.now() >= end;
  for (const { name, settings } of await ports.projects.listProjects()) {
    if (isOver()) return;
    try {
      await askFor(ports, readStoredProject(settings), { asking, isOver });
    } catch (error) {
      ports.log.warn(`could not ask for approvals in Azure DevOps: ${messageOf(error)}`, { project: name });
    }
  }
}

/** One look of the timer. */
interface Look {
  readonly asking: Asking;
  readonly isOver: () => boolean;
}

/** All gates of a project are compared with one list of pipeline runs, each of which is read once. */
async function askFor(ports: AskingPorts, file: ProjectFile, { asking, isOver }: Look): Promise<void> {
  const { project, azureDevOps } = file;
  const { organization, releasePipeline } = azureDevOps;
  if (releasePipeline === undefined) return;
  const gates = (await gatesOf(ports, project)).filter((gate) => !asking.asked.has(nameOf(project, gate)));
  if (gates.length === 0) return void asking.started.delete(project);
  const client = ports.clients.azureDevOps(organization);
  const runs = await client.runs(azureDevOps.project, releasePipeline);
  const started = asking.started.get(project) ?? new Map<string, PipelineRun['parameters']>();
  asking.started.set(project, started);
  for (const gate of gates) {
    const isAsked = await wasAsked(gate, { client, file, runs, started, isOver });
    if (isAsked === 'unknown') return;
    if (!isAsked) await ask(ports, file, gate);
    asking.asked.add(nameOf(project, gate));
  }
}

async function gatesOf({ records, store }: AskingPorts, project: string): Promise<Gate[]> {
  const gates: Gate[] = [];
  for (const id of await records.activeRuns(project)) {
    const { run } = await store.load(project, id);
    if (run !== null) gates.push(...openGates(run));
  }
  return gates;
}

function nameOf(project: string, { run, parameters }: Gate): string {
  return [project, run.id, ...Object.values(parameters)].join('|');
}

function openGates(run: Run): Gate[] {
  const build = /^build-(\d+)$/.exec(run.release.name)?.[1];
  if (build === undefined) return [];
  return run.stages.flatMap((stage) => {
    const plan = stage.plan?.hash;
    if (stage.status !== 'waiting-for-approval' || plan === undefined) return [];
    return [{ run, stage, parameters: { build, stage: stage.name, plan } }];
  });
}

/** A pipeline that does not take the parameters is somebody's own: it is started by its owners. */
async function ask({ clients, log }: AskingPorts, file: ProjectFile, gate: Gate): Promise<void> {
  const { organization, project, releasePipeline = '' } = file.azureDevOps;
  const client = clients.azureDevOps(organization);
  const fields = { project: file.project, run: gate.run.id, stage: gate.stage.name };
  try {
    const started = await client.startRun(project, releasePipeline, gate.parameters);
    log.info(`pipeline run ${started.name} asks for approval in Azure DevOps`, fields);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    log.warn(`pipeline ${releasePipeline} does not ask for this approval: ${messageOf(error)}`, fields);
  }
}

/** What a gate is compared with. */
interface Sight {
  readonly client: AzureDevOpsClient;
  readonly file: ProjectFile;
  /** Those of the release pipeline. Lists do not have their parameters. */
  readonly runs: readonly Pick<PipelineRun, 'id' | 'createdAt'>[];
  readonly started: Map<string, PipelineRun['parameters']>;
  readonly isOver: () => boolean;
}

/** Whether a pipeline run asks for this gate; unknown when the time of this look is over. */
async function wasAsked({ stage, parameters }: Gate, sight: Sight): Promise<boolean | 'unknown'> {
  const since = (stage.gateOpenedAt ?? 0) - CLOCK_DIFFERENCE_IN_MS;
  for (const { id } of sight.runs.filter(({ createdAt }) => createdAt >= since)) {
    if (!sight.started.has(id) && sight.isOver()) return 'unknown';
    const theirs = sight.started.get(id) ?? (await parametersOf(id, sight));
    if (Object.entries(parameters).every(([name, value]) => theirs[name] === value)) return true;
  }
  return sight.isOver() ? 'unknown' : false;
}

async function parametersOf(
  run: string,
  { client, file, started }: Sight,
): Promise<PipelineRun['parameters']> {
  const { project, releasePipeline = '' } = file.azureDevOps;
  const found = await client.run(project, { pipeline: releasePipeline, run });
  const parameters = found?.parameters ?? {};
  started.set(run, parameters);
  return parameters;
}
