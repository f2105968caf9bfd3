import type { z } from 'zod';
import { json } from '../../twin/exchange.ts';
import { type Route, route } from '../../twin/route.ts';
import { pipelineOf, runOf } from '../builds/find-build.ts';
import type { Build, Definition } from '../builds/rows.ts';
import type { Context } from '../context.ts';
import * as table from '../contract/pipelines-table.ts';
import { list, page } from '../page.ts';
import { callerOf } from '../people.ts';
import { projectOf } from '../projects.ts';
import { invalid } from '../refusals.ts';
import { renderPipelineReference, renderRun } from './render-run.ts';
import { runDefinition } from './start-run.ts';

/** Runs are not idempotent: two equal requests start two runs. */
export function pipelineRoutes(context: Context): Route[] {
  return [
    route(table.listPipelines, (call) => {
      const project = projectOf(context, call);
      const all = [...context.state.definitions.values()].filter(({ projectId }) => projectId === project.id);
      const { $top, continuationToken } = call.query;
      return page(all, { keyOf: ({ id }) => id, top: $top, continuationToken }, (definition) =>
        renderPipeline(context, definition),
      );
    }),
    route(table.getPipeline, (call) => json(renderPipeline(context, pipelineOf(context, call)))),
    route(table.runPipeline, (call) => {
      const definition = pipelineOf(context, call);
      if (call.body.previewRun || call.body.yamlOverride) throw invalid('preview runs are not served here');
      const requestedFor = callerOf(context, call.principal).uniqueName;
      const settings = settingsOf(context, definition, call.body);
      return json(renderRun(context, runDefinition(context, definition, { ...settings, requestedFor })));
    }),
    route(table.listRuns, (call) => {
      const { id } = pipelineOf(context, call);
      const runs = [...context.state.builds.values()].filter(({ definitionId }) => definitionId === id);
      return list(runs.reverse().map((build) => renderRun(context, build)));
    }),
    route(table.getRun, (call) => json(renderRun(context, runOf(context, call)))),
  ];
}

function renderPipeline(context: Context, definition: Definition) {
  const reference = renderPipelineReference(context, definition);
  return { _links: { self: { href: reference.url } }, ...reference };
}

function settingsOf(context: Context, { projectId }: Definition, body: z.infer<typeof table.runParameters>) {
  const self = body.resources?.repositories?.self;
  const pipelines = Object.entries(body.resources?.pipelines ?? {});
  const resolved = pipelines.flatMap(([alias, { version }]) => {
    const build = buildNumbered(context, projectId, version);
    return build ? [[alias, { definitionId: build.definitionId, version: build.buildNumber }] as const] : [];
  });
  return {
    templateParameters: body.templateParameters ?? {},
    variables: body.variables ?? {},
    pipelineResources: Object.fromEntries(resolved),
    stagesToSkip: body.stagesToSkip ?? [],
    ...(self?.refName === undefined ? {} : { branch: self.refName }),
    ...(self?.version === undefined ? {} : { commit: self.version }),
  };
}

/** A pipeline resource names a run by its number. */
function buildNumbered({ state }: Context, projectId: string, version?: string): Build | undefined {
  return [...state.builds.values()].find(
    (build) => build.projectId === projectId && build.buildNumber === version,
  );
}
