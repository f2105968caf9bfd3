import type { AzureDevOpsClient } from '../engine/azure-devops-client.ts';
import type { Log, Projects, RegisteredProject } from '../engine/ports.ts';
import type { Directory, Meaning } from '../engine/take-intake.ts';
import type { WebhookEvent } from '../engine/webhook-events.ts';
import { messageOf, TransientFailure } from '../errors.ts';
import type { RunRequested } from '../release/events.ts';
import { pipelineOf } from './pipeline-of.ts';
import type { ProjectFile } from './project-file.ts';
import { readStoredProject } from './project-file.ts';

type BuildCompleted = Extract<WebhookEvent, { type: 'build-completed' }>;
type ApprovalEvent = Exclude<WebhookEvent, BuildCompleted>;

/** Finds out what an approval in Azure DevOps means for a run; it reads the approval back from there. */
export interface ApprovalReader {
  meaningOf(event: ApprovalEvent, projects: readonly ProjectFile[]): Promise<Meaning>;
}

export interface DirectoryParts {
  readonly projects: Pick<Projects, 'listProjects'>;
  readonly approvals: ApprovalReader;
  /** Of each organisation of Azure DevOps. */
  readonly clients: { azureDevOps(organization: string): Pick<AzureDevOpsClient, 'build'> };
  /** Names of the step kinds that this version has. */
  readonly kinds: ReadonlySet<string>;
  readonly now: () => number;
}

/**
 * Makes the directory of the registered projects. A registration that this version cannot read stops no other project;
 * an event that may be of it is put off, so that it is not lost while somebody mends the registration.
 */
export function projectDirectory(parts: DirectoryParts): Directory {
  return {
    async meaningOf(event, { traceparent, log }): Promise<Meaning> {
      const { files, unreadable } = readAll(await parts.projects.listProjects(), log);
      const meaning = await meaningAmong(files, event, { parts, traceparent });
      const mayBeMeant = unreadable.filter((project) => mayName(project, pipelineIn(event)));
      const [first] = mayBeMeant;
      if (first === undefined || meaning.project !== null) return meaning;
      throw new TransientFailure(
        `the event may be for project ${first.name}, whose registration this version of Slipway cannot read: ` +
          `register it anew with PUT /api/projects/${first.name}`,
      );
    },
  };
}

interface Registered {
  readonly files: readonly ProjectFile[];
  readonly unreadable: readonly RegisteredProject[];
}

function readAll(projects: readonly RegisteredProject[], log: Log): Registered {
  const files: ProjectFile[] = [];
  const unreadable: RegisteredProject[] = [];
  for (const project of projects) {
    try {
      files.push(readStoredProject(project.settings));
    } catch (error) {
      log.error(`its registration cannot be read: ${messageOf(error)}`, { project: project.name });
      unreadable.push(project);
    }
  }
  return { files, unreadable };
}

function pipelineIn(event: WebhookEvent): string | null {
  return event.type === 'build-completed' ? event.definition : event.pipeline;
}

/** Whether the text of a registration has the number of the pipeline anywhere; a null one may be any. */
function mayName({ settings }: RegisteredProject, pipeline: string | null): boolean {
  return pipeline === null || new Set(JSON.stringify(settings).match(/\d+/g)).has(pipeline);
}

interface Asked {
  readonly parts: DirectoryParts;
  readonly traceparent: string;
}

async function meaningAmong(
  files: readonly ProjectFile[],
  event: WebhookEvent,
  asked: Asked,
): Promise<Meaning> {
  if (event.type !== 'build-completed') return asked.parts.approvals.meaningOf(event, files);
  const found = await findProject(asked.parts, event, files);
  if (typeof found === 'string') return { project: null, ignored: found };
  const ignored = whyNotReleased(event, found);
  if (ignored !== null) return { project: found.project, ignored };
  return { project: found.project, start: releaseOf(event, found, asked) };
}

async function findProject(
  { clients }: DirectoryParts,
  event: BuildCompleted,
  files: readonly ProjectFile[],
): Promise<ProjectFile | string> {
  const { definition } = event;
  if (files.length === 0) return 'no project is registered';
  const candidates = files.filter(
    ({ azureDevOps }) => definition === null || azureDevOps.artifactsPipeline === definition,
  );
  const [only] = candidates;
  if (only === undefined) return `pipeline ${definition} is the artifacts pipeline of no registered project`;
  if (candidates.length === 1) return only;
  return definition === null ? MINIMAL_EVENT : ownerOf(clients, event, candidates);
}

const MINIMAL_EVENT =
  'the event does not say of which pipeline the build is: set "Resource details to send" of the subscription to All';

/**
 * Numbers of pipelines are unique in one organisation only. Of several projects with the number the one counts in whose
 * organisation the build is, read back from there.
 * @throws TransientFailure when it is found nowhere, and somewhere it could not be looked for.
 */
async function ownerOf(
  clients: DirectoryParts['clients'],
  { definition, build, sourceProject }: BuildCompleted,
  candidates: readonly ProjectFile[],
): Promise<ProjectFile | string> {
  const owners: ProjectFile[] = [];
  const failures: string[] = [];
  for (const file of candidates) {
    const { organization, project } = file.azureDevOps;
    try {
      const found = await clients.azureDevOps(organization).build(project, build);
      const isIt =
        found?.definition === definition && found.projectId?.toLowerCase() === sourceProject.toLowerCase();
      if (isIt) owners.push(file);
    } catch (error) {
      failures.push(`${file.project}: ${messageOf(error)}`);
    }
  }
  const [owner] = owners;
  if (owner !== undefined && owners.length === 1) return owner;
  const names = candidates
    .map(({ project, azureDevOps }) => `${project} (${azureDevOps.organization}/${azureDevOps.project})`)
    .join(', ');
  if (owner === undefined && failures.length > 0)
    throw new TransientFailure(`build ${build} may be of ${names}: ${failures.join('; ')}`);
  return owner === undefined
    ? `pipeline ${definition} is the artifacts pipeline of ${names}, and build ${build} is in none of them`
    : `pipeline ${definition} is the artifacts pipeline of ${names}: register one of them with another pipeline`;
}

function whyNotReleased({ branch, build }: BuildCompleted, { branches }: ProjectFile): string | null {
  if (branch === null || branches.some((name) => branch === name || branch === `refs/heads/${name}`))
    return null;
  return `build ${build} is of ${branch}; releases are made of ${branches.join(', ')}`;
}

function releaseOf(event: BuildCompleted, file: ProjectFile, { parts, traceparent }: Asked): RunRequested {
  return {
    type: 'run-requested',
    at: parts.now(),
    project: file.project,
    id: `release-${event.build}`,
    kind: 'release',
    release: { name: `build-${event.build}`, order: Number(event.build.slice(-15)) },
    requestedBy: event.requestedBy ?? { id: 'azure-devops', name: 'Azure DevOps' },
    why: `build ${event.number ?? event.build} completed`,
    overridesFreeze: false,
    pipeline: pipelineOf(file, { id: event.build }, parts.kinds),
    traceparent,
  };
}
