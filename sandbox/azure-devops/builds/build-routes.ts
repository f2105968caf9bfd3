import { empty, json } from '../../twin/exchange.ts';
import { type Route, route } from '../../twin/route.ts';
import type { Context } from '../context.ts';
import * as table from '../contract/build-table.ts';
import { list, page } from '../page.ts';
import { callerOf } from '../people.ts';
import { cancelRun, cancelStage, retryStage } from '../pipelines/end-run.ts';
import { projectOf } from '../projects.ts';
import { invalid } from '../refusals.ts';
import { buildOf } from './find-build.ts';
import { selectBuilds } from './list-builds.ts';
import { renderBuild, renderDefinition } from './render-build.ts';
import type { Build } from './rows.ts';
import { renderTimeline } from './timeline.ts';

export function buildRoutes(context: Context): Route[] {
  return [...readRoutes(context), ...tagRoutes(context), ...changeRoutes(context)];
}

function readRoutes(context: Context): Route[] {
  const render = (build: Build) => renderBuild(context, build);
  const timeline = (call: { param(name: string): string }) =>
    json(renderTimeline(context, buildOf(context, call)));
  return [
    route(table.listBuilds, (call) => {
      const builds = selectBuilds(context, projectOf(context, call).id, call.query);
      const { $top, continuationToken } = call.query;
      return page(builds, { keyOf: ({ id }) => id, top: $top, continuationToken }, render);
    }),
    route(table.getBuild, (call) => json(render(buildOf(context, call)))),
    route(table.getTimeline, timeline),
    route(table.getOnlyTimeline, timeline),
    route(table.listDefinitions, (call) => {
      const { name, path, definitionIds, $top, continuationToken } = call.query;
      const project = projectOf(context, call);
      const fitting = [...context.state.definitions.values()].filter(
        (its) =>
          its.projectId === project.id &&
          (!name || its.name.toLowerCase() === name.toLowerCase()) &&
          (!path || its.folder === path) &&
          (!definitionIds || definitionIds.includes(String(its.id))),
      );
      return page(fitting, { keyOf: ({ id }) => id, top: $top, continuationToken }, (definition) =>
        renderDefinition(context, definition),
      );
    }),
  ];
}

function tagRoutes(context: Context): Route[] {
  const add = (build: Build, tags: readonly string[]) => {
    build.tags = [...new Set([...build.tags, ...tags])];
    return list(build.tags);
  };
  return [
    route(table.getTags, (call) => list(buildOf(context, call).tags)),
    route(table.addTag, (call) => add(buildOf(context, call), [call.param('tag')])),
    route(table.addTags, (call) => add(buildOf(context, call), call.body)),
  ];
}

function changeRoutes(context: Context): Route[] {
  return [
    route(table.updateBuild, (call) => {
      const build = buildOf(context, call);
      if (call.body.status !== 'cancelling') throw invalid('only cancelling a build is served here');
      cancelRun(context, build, callerOf(context, call.principal).id);
      return json(renderBuild(context, build));
    }),
    route(table.updateStage, (call) => {
      const build = buildOf(context, call);
      const stageName = call.param('stageRefName');
      if (call.body.state === 'retry') retryStage(context, build, stageName);
      else if (call.body.state === 'cancel') cancelStage(context, build, stageName);
      else throw invalid('a stage can be canceled or retried');
      return empty(204);
    }),
  ];
}
