import type { Context } from '../context.ts';
import { projectOf } from '../projects.ts';
import { missing } from '../refusals.ts';
import { definitionOf } from './render-build.ts';
import type { Build, Definition } from './rows.ts';

interface Named {
  param(name: string): string;
}

/** The build that a path names; refuses one that is unknown or of another project. */
export function buildOf(context: Context, call: Named): Build {
  return buildIn(context, projectOf(context, call).id, Number(call.param('buildId')));
}

/** The run that a path names, as the build it is; refuses one of another pipeline. */
export function runOf(context: Context, call: Named): Build {
  const pipeline = pipelineOf(context, call);
  const build = buildIn(context, pipeline.projectId, Number(call.param('runId')));
  if (build.definitionId === pipeline.id) return build;
  throw missing('RunNotFoundException', `pipeline ${pipeline.id} has no run ${build.id}`);
}

/** The pipeline that a path names; refuses one that is unknown or of another project. */
export function pipelineOf(context: Context, call: Named): Definition {
  const project = projectOf(context, call);
  const definition = definitionOf(context, Number(call.param('pipelineId')));
  if (definition.projectId === project.id) return definition;
  throw missing('PipelineNotFoundException', `project ${project.name} has no pipeline ${definition.id}`);
}

function buildIn({ state }: Context, projectId: string, id: number): Build {
  const build = state.builds.get(id);
  if (build?.projectId === projectId) return build;
  throw missing('BuildNotFoundException', `The requested build ${id} could not be found.`);
}
