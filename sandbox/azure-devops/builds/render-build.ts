import { type Context, dateOf, organizationUrl } from '../context.ts';
import { identityOf } from '../people.ts';
import { projectReferenceOf } from '../projects.ts';
import { missing } from '../refusals.ts';
import type { Build, Definition } from './rows.ts';

/** The wire form of a build: what REST answers, and the resource of `build.complete` 2.0. */
export function renderBuild(context: Context, build: Build) {
  const { id, planId, result, finishedAt } = build;
  const definition = definitionOf(context, build.definitionId);
  const base = projectUrl(context, build.projectId);
  return {
    _links: { web: { href: `${base}/_build/results?buildId=${id}` } },
    properties: {},
    tags: build.tags,
    validationResults: [],
    plans: [{ planId }],
    triggerInfo: build.triggerInfo,
    ...givenParameters(build),
    id,
    buildNumber: build.buildNumber,
    status: build.status,
    ...(result ? { result } : {}),
    queueTime: dateOf(build.queuedAt),
    startTime: dateOf(build.startedAt),
    ...(finishedAt === undefined ? {} : { finishTime: dateOf(finishedAt) }),
    url: `${base}/_apis/build/Builds/${id}`,
    definition: renderDefinition(context, definition),
    ...renderSource(context, build, definition),
    retainedByRelease: false,
    triggeredByBuild: null,
  };
}

/** What was built, by whom and where. */
function renderSource(context: Context, build: Build, definition: Definition) {
  const base = projectUrl(context, build.projectId);
  return {
    project: projectReferenceOf(context, build.projectId),
    uri: `vstfs:///Build/Build/${build.id}`,
    sourceBranch: build.branch,
    sourceVersion: build.commit,
    queue: { id: 18, name: 'Azure Pipelines', pool: { id: 9, name: 'Azure Pipelines', isHosted: true } },
    priority: 'normal',
    reason: build.reason,
    requestedFor: identityOf(context, build.requestedForId),
    requestedBy: identityOf(context, build.requestedForId),
    lastChangedDate: dateOf(build.changedAt),
    lastChangedBy: identityOf(context, build.changedById),
    orchestrationPlan: { planId: build.planId },
    logs: { id: 0, type: 'Container', url: `${base}/_apis/build/builds/${build.id}/logs` },
    repository: renderRepository(context, definition),
  };
}

/** Template parameters are text in a build; without any the field is absent. */
function givenParameters({ templateParameters }: Build) {
  const given = Object.entries(templateParameters).map(([name, value]) => [name, String(value)]);
  return given.length === 0 ? {} : { templateParameters: Object.fromEntries(given) };
}

function renderRepository(context: Context, { repositoryId, projectId }: Definition) {
  const name = context.state.repositories.get(repositoryId)?.name ?? '';
  const project = context.state.projects.get(projectId)?.name ?? '';
  const url = `${organizationUrl(context)}/${project}/_git/${name}`;
  return { id: repositoryId, type: 'TfsGit', name, url, clean: null, checkoutSubmodules: false };
}

export function renderDefinition(context: Context, definition: Definition) {
  const { id, name, folder, revision, projectId } = definition;
  return {
    drafts: [],
    id,
    name,
    url: `${projectUrl(context, projectId)}/_apis/build/Definitions/${id}?revision=${revision}`,
    uri: `vstfs:///Build/Definition/${id}`,
    path: folder,
    type: 'build',
    queueStatus: 'enabled',
    revision,
    project: projectReferenceOf(context, projectId),
  };
}

/** Base URL of a project's pages and operations. */
export function projectUrl(context: Context, projectId: string): string {
  return `${organizationUrl(context)}/${projectId}`;
}

/** The definition with this id; refuses an unknown one. */
export function definitionOf({ state }: Context, id: number): Definition {
  const definition = state.definitions.get(id);
  if (definition) return definition;
  throw missing('DefinitionNotFoundException', `TF215055: The build definition ${id} does not exist.`);
}
