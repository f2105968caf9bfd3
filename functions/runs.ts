import { app, type HttpRequest, type InvocationContext } from '@azure/functions';
import type { Answer } from '../shared/api/answer.ts';
import { answer } from '../shared/api/answer.ts';
import type { RunFilter } from '../shared/api/runs.ts';
import { getPlan, getRun, getRunEvents, listRuns } from '../shared/api/runs.ts';
import { type Service, service } from '../shared/app.ts';

type Ports = Service['ports'];
type Params = { project: string; run: string; stage: string; filter: RunFilter };

function get(name: string, route: string, handler: (ports: Ports, params: Params) => Promise<Answer>): void {
  app.http(name, {
    methods: ['GET'],
    route: `projects/{project}/${route}`,
    authLevel: 'function',
    handler: ({ params, query }: HttpRequest, context: InvocationContext) => {
      const { project = '', run = '', stage = '' } = params;
      const [environment, kind, limit] = [query.get('environment'), query.get('kind'), query.get('limit')];
      const filter = { environment, kind, limit };
      return answer(context, () => handler(service(context).ports, { project, run, stage, filter }));
    },
  });
}

get('list-runs', 'runs', (ports, { project, filter }) => listRuns(ports, project, filter));
get('get-run', 'runs/{run}', (ports, { project, run }) => getRun(ports, project, run));
get('get-run-events', 'runs/{run}/events', (ports, { project, run }) => getRunEvents(ports, project, run));
get('get-plan', 'runs/{run}/stages/{stage}/plan', (ports, { project, ...rest }) =>
  getPlan(ports, project, rest),
);
