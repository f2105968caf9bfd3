import type { AzureDevOpsClient } from '../engine/azure-devops-client.ts';
import type { Clients } from '../engine/clients.ts';
import type { Log, Projects, Records, Store } from '../engine/ports.ts';
import { messageOf, Refusal } from '../errors.ts';
import type { ProjectFile } from '../project/project-file.ts';
import { readStoredProject } from '../project/project-file.ts';
import type { Run, StageState } from '../release/model.ts';

export interface AskingPorts {
  readonly clients: Pick<Clients, 'azureDevOps'>;
  readonly projects: Pick<Projects, 'listProjects'>;
  readonly records: Pick<Records, 'activeRuns'>;
  readonly store: Pick<Store, 'load'>;
  readonly log: Log;
}

/** A gate that is open, and what its pipeline run is started with. */
interface Gate {
  readonly run: Run;
  readonly stage: StageState;
  readonly parameters: { readonly build: string; readonly stage: string; readonly plan: string };
}

/** Clocks of Azure DevOps and Slipway may differ by so much. */
const CLOCK_DIFFERENCE_IN_MS = 5 * 60_000;

/**
 * For every open gate, lets the project's release pipeline ask people in Azure DevOps: one pipeline run for each plan.
 * Run by a timer, of which there is one at a time. Looks for a run first, since starting one cannot be repeated safely.
 * @param asked gates that this process has seen to; keeps the timer from asking again what it knows.
 */
export async function askForApprovals(ports: AskingPorts, asked: Set<string>): Promise<void> {
  for (const { name, settings } of await ports.projects.listProjects()) {
    try {
      await askFor(ports, readStoredProject(settings), asked);
    } catch (error) {
      ports.log.warn(`could not ask for approvals in Azure DevOps: ${messageOf(error)}`, { project: name });
    }
  }
}

async function askFor(ports: AskingPorts, file: ProjectFile, asked: Set<string>): Promise<void> {
  const { project, azureDevOps } = file;
  if (azureDevOps.releasePipeline === undefined) return;
  const runs = await ports.records.activeRuns(project);
  for (const id of runs) {
    const { run } = await ports.store.load(project, id);
    for (const gate of run === null ? [] : openGates(run)) {
      const key = [project, gate.run.id, ...Object.values(gate.parameters)].join('|');
      if (asked.has(key)) continue;
      await ask(ports, file, gate);
      asked.add(key);
    }
  }
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
  if (await isAsked(client, file, gate)) return;
  try {
    const started = await client.startRun(project, releasePipeline, gate.parameters);
    log.info(`pipeline run ${started.name} asks for approval in Azure DevOps`, fields);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    log.warn(`pipeline ${releasePipeline} does not ask for this approval: ${messageOf(error)}`, fields);
  }
}

async function isAsked(
  client: AzureDevOpsClient,
  { azureDevOps: { project, releasePipeline = '' } }: ProjectFile,
  { stage, parameters }: Gate,
): Promise<boolean> {
  const since = (stage.gateOpenedAt ?? 0) - CLOCK_DIFFERENCE_IN_MS;
  const recent = (await client.runs(project, releasePipeline)).filter(({ createdAt }) => createdAt >= since);
  for (const { id } of recent) {
    const found = await client.run(project, { pipeline: releasePipeline, run: id });
    const theirs = found?.parameters ?? {};
    if (Object.entries(parameters).every(([name, value]) => theirs[name] === value)) return true;
  }
  return false;
}
