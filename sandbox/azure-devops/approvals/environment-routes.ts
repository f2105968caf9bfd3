import { json } from '../../twin/exchange.ts';
import { type Route, route } from '../../twin/route.ts';
import type { Context } from '../context.ts';
import * as table from '../contract/environments-table.ts';
import { page } from '../page.ts';
import { callerOf } from '../people.ts';
import { environmentPermitted } from '../pipelines/stages.ts';
import { projectOf } from '../projects.ts';
import { invalid, missing } from '../refusals.ts';
import { checkRoutes } from './check-routes.ts';
import { environmentNamed, renderEnvironment } from './environments.ts';
import type { Environment } from './rows.ts';

export function environmentRoutes(context: Context): Route[] {
  return [...ownRoutes(context), ...checkRoutes(context), ...permissionRoutes(context)];
}

function ownRoutes(context: Context): Route[] {
  const render = (environment: Environment) => renderEnvironment(context, environment);
  return [
    route(table.listEnvironments, (call) => {
      const { name, $top, continuationToken } = call.query;
      const project = projectOf(context, call);
      const fitting = [...context.state.environments.values()].filter(
        (its) =>
          its.projectId === project.id && (!name || its.name.toLowerCase().includes(name.toLowerCase())),
      );
      return page(fitting, { keyOf: ({ id }) => id, top: $top, continuationToken }, render);
    }),
    route(table.getEnvironment, (call) => {
      const project = projectOf(context, call);
      const environment = environmentWithId(context, project.id, call.param('environmentId'));
      return json({ ...render(environment), resources: [] });
    }),
    route(table.addEnvironment, (call) => {
      const { name, description } = call.body;
      if (!name) throw invalid('an environment needs a name');
      const environment = environmentNamed(context, projectOf(context, call).id, name);
      environment.description = description ?? '';
      environment.createdById = callerOf(context, call.principal).id;
      return json(render(environment));
    }),
  ];
}

function permissionRoutes(context: Context): Route[] {
  const environmentIn = (call: { param(name: string): string }) => {
    if (call.param('resourceType').toLowerCase() !== 'environment')
      throw invalid('only environments are served here');
    return environmentWithId(context, projectOf(context, call).id, call.param('resourceId'));
  };
  return [
    route(table.getPermissions, (call) => json(renderPermissions(environmentIn(call)))),
    route(table.updatePermissions, (call) => {
      const environment = environmentIn(call);
      const { allPipelines, pipelines = [] } = call.body;
      if (allPipelines?.authorized !== undefined) environment.open = allPipelines.authorized;
      for (const { id = 0, authorized } of pipelines) {
        if (authorized) environment.permittedPipelines.add(id);
        else environment.permittedPipelines.delete(id);
      }
      environmentPermitted(context, environment);
      return json(renderPermissions(environment));
    }),
  ];
}

function renderPermissions({ id, open, permittedPipelines }: Environment) {
  return {
    resource: { type: 'environment', id: String(id) },
    allPipelines: { authorized: open },
    pipelines: [...permittedPipelines].map((pipelineId) => ({ id: pipelineId, authorized: true })),
  };
}

function environmentWithId({ state }: Context, projectId: string, id: string): Environment {
  const environment = state.environments.get(Number(id));
  if (environment?.projectId === projectId) return environment;
  throw missing('EnvironmentNotFoundException', `Environment with id ${id} does not exist.`);
}
