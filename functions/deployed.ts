import { app, type HttpRequest, type InvocationContext } from '@azure/functions';
import type { Answer } from '../shared/api/answer.ts';
import { answer } from '../shared/api/answer.ts';
import {
  getEnvironment,
  getInventory,
  getRelease,
  listEnvironments,
  listReleases,
} from '../shared/api/deployed.ts';
import { type Service, service } from '../shared/app.ts';

type Read = (ports: Service['ports'], project: string, name: string) => Promise<Answer>;

/** @param route with at most one name besides the project's. */
function get(name: string, route: string, read: Read): void {
  app.http(name, {
    methods: ['GET'],
    route: `projects/{project}/${route}`,
    authLevel: 'function',
    handler: ({ params }: HttpRequest, context: InvocationContext) => {
      const { project = '', release = '', environment = release } = params;
      return answer(context, () => read(service(context).ports, project, environment));
    },
  });
}

get('list-releases', 'releases', listReleases);
get('get-release', 'releases/{release}', getRelease);
get('list-environments', 'environments', listEnvironments);
get('get-environment', 'environments/{environment}', getEnvironment);
get('get-inventory', 'environments/{environment}/inventory', getInventory);
