import { definitionOf, projectUrl } from '../builds/render-build.ts';
import type { Build, Definition, Stage } from '../builds/rows.ts';
import { type Context, dateOf } from '../context.ts';

const STATES = new Map([
  ['inProgress', 'inProgress'],
  ['cancelling', 'canceling'],
  ['completed', 'completed'],
]);

/** The wire form of a run inside an event; runs know no partial success. */
export function renderRunInEvent(context: Context, build: Build) {
  const base = projectUrl(context, build.projectId);
  const url = `${base}/_apis/pipelines/${build.definitionId}/runs/${build.id}`;
  const web = webUrl(context, build);
  const result = build.result === 'partiallySucceeded' ? 'succeeded' : build.result;
  return {
    _links: { self: { href: url }, web: { href: web } },
    templateParameters: build.templateParameters,
    pipeline: renderPipelineReference(context, definitionOf(context, build.definitionId)),
    state: STATES.get(build.status) ?? 'inProgress',
    createdDate: dateOf(build.queuedAt),
    url,
    id: build.id,
    name: build.buildNumber,
    ...(result ? { result } : {}),
    ...(build.finishedAt === undefined ? {} : { finishedDate: dateOf(build.finishedAt) }),
  };
}

/** The wire form of a run over REST: with its resources, and with variables where it was given some. */
export function renderRun(context: Context, build: Build) {
  const { repositoryId } = definitionOf(context, build.definitionId);
  const repository = { type: 'azureReposGit', id: repositoryId };
  const self = { repository, refName: build.branch, version: build.commit };
  const pipelines = Object.entries(build.pipelineResources).map(([alias, { definitionId, version }]) => [
    alias,
    { pipeline: renderPipelineReference(context, definitionOf(context, definitionId)), version },
  ]);
  const variables = Object.entries(build.variables).map(([name, { value, isSecret }]) => [
    name,
    isSecret ? { value: null, isSecret } : { value: value ?? null },
  ]);
  return {
    ...renderRunInEvent(context, build),
    ...(variables.length > 0 ? { variables: Object.fromEntries(variables) } : {}),
    resources: {
      repositories: { self },
      ...(pipelines.length > 0 ? { pipelines: Object.fromEntries(pipelines) } : {}),
    },
  };
}

export function renderPipelineReference(context: Context, definition: Definition) {
  const { id, name, folder, revision, projectId } = definition;
  const url = `${projectUrl(context, projectId)}/_apis/pipelines/${id}?revision=${revision}`;
  return { url, id, revision, name, folder };
}

/** The wire form of a stage inside an event. */
export function renderStage(context: Context, build: Build, stage: Stage) {
  const { id, name, attempt, state, result } = stage;
  return {
    _links: { web: { href: webUrl(context, build) } },
    id,
    name,
    displayName: name,
    attempt,
    state,
    ...(result ? { result } : {}),
  };
}

/** The page of a run. */
export function webUrl(context: Context, { projectId, id }: Build): string {
  return `${projectUrl(context, projectId)}/_build/results?buildId=${id}`;
}
