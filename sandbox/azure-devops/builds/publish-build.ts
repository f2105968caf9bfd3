import { type Context, nextNumber } from '../context.ts';
import { raise } from '../hooks/raise.ts';
import { addPerson, personNamed } from '../people.ts';
import { projectNamed } from '../projects.ts';
import type { Project } from '../state.ts';
import { type ArtifactContent, readContent } from './artifact-content.ts';
import type { ArtifactKind, Build, BuildResult, Definition, StagePlan } from './rows.ts';

/** A finished build to publish. */
export interface NewBuild {
  /** Name or id of an existing project. */
  project: string;
  /** Name of the pipeline; made when it is new. */
  definition: string;
  /** Made from the date and a counter when absent. */
  buildNumber?: string;
  /** Full name, default `refs/heads/main`. */
  branch?: string;
  commit: string;
  /** Default `succeeded`. */
  result?: BuildResult;
  /** Default `individualCI`. */
  reason?: string;
  /** Who it was built for, by name. */
  requestedFor?: string;
  tags?: readonly string[];
  artifacts?: Readonly<Record<string, ArtifactContent>>;
  /** Kind of the artifacts, default `PipelineArtifact`. */
  artifactKind?: ArtifactKind;
}

/** Stores a finished build with its artifacts and raises `build.complete`. Throws when the project is unknown. */
export function publishBuild(context: Context, given: NewBuild): Build {
  const project = projectNamed(context, given.project);
  const definition = definitionNamed(context, project, { name: given.definition });
  const build = addBuild(context, definition, given);
  addArtifacts(context, build, {
    artifacts: given.artifacts ?? {},
    kind: given.artifactKind ?? 'PipelineArtifact',
  });
  Object.assign(build, { status: 'completed', result: given.result ?? 'succeeded' });
  build.finishedAt = context.clock.now();
  raise(context, { eventType: 'build.complete', subject: { kind: 'build', buildId: build.id } });
  return build;
}

/** Stores a build in progress; its id is the id of its run too. */
export function addBuild(context: Context, definition: Definition, given: Partial<NewBuild>): Build {
  const { state, clock, chance } = context;
  const now = clock.now();
  const requestedForId = requesterOf(context, given.requestedFor);
  const branch = given.branch ?? 'refs/heads/main';
  const commit = given.commit ?? '0'.repeat(40);
  const build: Build = {
    id: nextNumber(state, 'build', 20001),
    projectId: definition.projectId,
    definitionId: definition.id,
    buildNumber: given.buildNumber ?? nextBuildNumber(context, definition),
    status: 'inProgress',
    reason: given.reason ?? 'individualCI',
    branch,
    commit,
    queuedAt: now,
    startedAt: now,
    changedAt: now,
    requestedForId,
    changedById: requestedForId,
    tags: [...(given.tags ?? [])],
    planId: chance.uuid(),
    triggerInfo: given.reason === 'manual' ? {} : { 'ci.sourceBranch': branch, 'ci.sourceSha': commit },
    templateParameters: {},
    variables: {},
    pipelineResources: {},
    stages: [],
  };
  state.builds.set(build.id, build);
  return build;
}

/** Adds artifacts to a build; one of that name is replaced. */
export function addArtifacts(
  { state }: Context,
  build: Build,
  { artifacts, kind }: { artifacts: Readonly<Record<string, ArtifactContent>>; kind: ArtifactKind },
): void {
  for (const [name, content] of Object.entries(artifacts)) {
    const known = [...state.artifacts.values()].find((its) => its.buildId === build.id && its.name === name);
    const id = known?.id ?? nextNumber(state, 'artifact', 501);
    const source = build.planId;
    state.artifacts.set(id, { id, buildId: build.id, name, kind, source, entries: readContent(content) });
  }
}

/** The pipeline of that name in the project; made when it is new, with new stages when they are given. */
export function definitionNamed(
  { state }: Context,
  project: Project,
  { name, stages }: { name: string; stages?: readonly StagePlan[] | undefined },
): Definition {
  const known = [...state.definitions.values()].find(
    (its) => its.projectId === project.id && its.name.toLowerCase() === name.toLowerCase(),
  );
  if (known) {
    if (stages) Object.assign(known, { stages: [...stages], revision: known.revision + 1 });
    return known;
  }
  const repository = [...state.repositories.values()].find(({ projectId }) => projectId === project.id);
  const id = nextNumber(state, 'definition', 138);
  const base = { id, projectId: project.id, name, folder: '\\', revision: 1 };
  const definition = { ...base, repositoryId: repository?.id ?? '', stages: [...(stages ?? [])] };
  state.definitions.set(id, definition);
  return definition;
}

function requesterOf(context: Context, name: string | undefined): string {
  if (name !== undefined) return personNamed(context, name).id;
  return addPerson(context, { displayName: 'Project Collection Build Service' }).id;
}

/** `20261122.1`, `20261122.2`, … for each pipeline and day. */
function nextBuildNumber({ state, clock }: Context, definition: Definition): string {
  const day = new Date(clock.now()).toISOString().slice(0, 10).replaceAll('-', '');
  return `${day}.${nextNumber(state, `build-number ${definition.id} ${day}`)}`;
}
