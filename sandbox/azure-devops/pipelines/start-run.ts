import { environmentNamed } from '../approvals/environments.ts';
import { addBuild, definitionNamed } from '../builds/publish-build.ts';
import type { Build, Definition, Stage, StagePlan } from '../builds/rows.ts';
import type { Context } from '../context.ts';
import { raise } from '../hooks/raise.ts';
import { projectNamed } from '../projects.ts';
import { continueRun } from './stages.ts';

/** A run to start by hand. */
export interface NewRun {
  project: string;
  /** Name of the pipeline; made when it is new. */
  pipeline: string;
  /** Stages in their order; they become the pipeline's own. Without them the pipeline's stages are taken. */
  stages?: readonly StagePlan[];
  /** Who asks for it, by name. */
  requestedFor?: string;
  branch?: string;
  commit?: string;
  buildNumber?: string;
  templateParameters?: Record<string, unknown>;
}

/** What a run is started with, however it is started. */
export interface RunSettings extends Partial<Pick<Build, 'templateParameters' | 'variables'>> {
  requestedFor?: string;
  branch?: string;
  commit?: string;
  buildNumber?: string;
  pipelineResources?: Build['pipelineResources'];
  stagesToSkip?: readonly string[];
}

/** Starts a run of a pipeline and takes it as far as it goes without people. Throws when the project is unknown. */
export function startRun(context: Context, given: NewRun): Build {
  const project = projectNamed(context, given.project);
  const definition = definitionNamed(context, project, { name: given.pipeline, stages: given.stages });
  return runDefinition(context, definition, given);
}

/** Starts a run; a pipeline without stages gets one that holds until it is completed by hand. */
export function runDefinition(context: Context, definition: Definition, settings: RunSettings): Build {
  const { templateParameters = {}, variables = {}, pipelineResources = {}, stagesToSkip = [] } = settings;
  const build = addBuild(context, definition, { ...settings, reason: 'manual' });
  Object.assign(build, { templateParameters, variables, pipelineResources });
  const plans = definition.stages.length > 0 ? definition.stages : [{ name: '__default', holds: true }];
  build.stages = plans.map((plan) => newStage(context, definition, { plan, stagesToSkip }));
  raise(context, {
    eventType: 'ms.vss-pipelines.run-state-changed-event',
    subject: { kind: 'build', buildId: build.id },
  });
  continueRun(context, build);
  return build;
}

function newStage(
  context: Context,
  definition: Definition,
  { plan, stagesToSkip }: { plan: StagePlan; stagesToSkip: readonly string[] },
): Stage {
  const { name, environment, holds = false } = plan;
  const isLeftOut = stagesToSkip.includes(name);
  const environmentId =
    environment === undefined
      ? {}
      : { environmentId: environmentNamed(context, definition.projectId, environment).id };
  const base = { id: context.chance.uuid(), name, attempt: 1, holds, isLeftOut, previousAttempts: [] };
  if (isLeftOut) return { ...base, state: 'completed', result: 'skipped', ...environmentId };
  return { ...base, state: 'notStarted', ...environmentId };
}
