import type { Projects, RegisteredProject } from '../engine/ports.ts';
import type { Directory, Meaning } from '../engine/take-intake.ts';
import type { WebhookEvent } from '../engine/webhook-events.ts';
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

/** Makes the directory of the registered projects. */
export function projectDirectory(parts: DirectoryParts): Directory {
  return {
    async meaningOf(event, traceparent): Promise<Meaning> {
      const files = (await parts.projects.listProjects()).map((project) => fileOf(project));
      if (event.type !== 'build-completed') return parts.approvals.meaningOf(event, files);
      const found = findProject(event, files);
      if (typeof found === 'string') return { project: null, ignored: found };
      const ignored = whyNotReleased(event, found);
      if (ignored !== null) return { project: found.project, ignored };
      return { project: found.project, start: releaseOf(event, found, { parts, traceparent }) };
    },
  };
}

function fileOf({ settings }: RegisteredProject): ProjectFile {
  return readStoredProject(settings);
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

function releaseOf(
  event: BuildCompleted,
  file: ProjectFile,
  { parts, traceparent }: { readonly parts: DirectoryParts; readonly traceparent: string },
): RunRequested {
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
