import { app, type HttpRequest, type InvocationContext } from '@azure/functions';
import type { Answer } from '../shared/api/answer.ts';
import { answer } from '../shared/api/answer.ts';
import { getPlan, getRun, getRunEvents, listEnvironments, listRuns } from '../shared/api/runs.ts';
import { type Service, service } from '../shared/app.ts';

type Ports = Service['ports'];
type Params = { project: string; run: string; stage: string };

function get(name: string, route: string, handler: (ports: Ports, params: Params) => Promise<Answer>): void {
  app.http(name, {
    methods: ['GET'],
    route: `projects/{project}/${route}`,
    authLevel: 'function',
    handler: ({ params }: HttpRequest, context: InvocationContext) => {
      const { project = '', run = '', stage = '' } = params;
      return answer(() => handler(service(context).ports, { project, run, stage }));
    },
  });
}

get('list-runs', 'runs', (ports, { project }) => listRuns(ports, project));
get('get-run', 'runs/{run}', (ports, { project, run }) => getRun(ports, project, run));
get('get-run-events', 'runs/{run}/events', (ports, { project, run }) => getRunEvents(ports, project, run));
get('get-plan', 'runs/{run}/stages/{stage}/plan', (ports, { project, ...rest }) =>
  getPlan(ports, project, rest),
);
get('list-environments', 'environments', (ports, { project }) => listEnvironments(ports, project));
