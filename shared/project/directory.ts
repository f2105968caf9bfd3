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
  const found = findProject(event, files);
  if (typeof found === 'string') return { project: null, ignored: found };
  const ignored = whyNotReleased(event, found);
  if (ignored !== null) return { project: found.project, ignored };
  return { project: found.project, start: releaseOf(event, found, asked) };
}

function findProject({ definition }: BuildCompleted, files: readonly ProjectFile[]): ProjectFile | string {
  if (files.length === 0) return 'no project is registered';
  const candidates = files.filter(
    ({ azureDevOps }) => definition === null || azureDevOps.artifactsPipeline === definition,
  );
  const [only] = candidates;
  if (only !== undefined && candidates.length === 1) return only;
  if (only === undefined) return `pipeline ${definition} is the artifacts pipeline of no registered project`;
  return 'the event does not say of which pipeline the build is: set "Resource details to send" of the subscription to All';
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
