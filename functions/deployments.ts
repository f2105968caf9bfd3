import { app } from '@azure/functions';
import { answer } from '../shared/api/answer.ts';
import { requestDeployment } from '../shared/api/deployments.ts';
import { service } from '../shared/app.ts';

for (const kind of ['redeploy', 'rollback'] as const) {
  app.http(kind, {
    methods: ['POST'],
    route: `projects/{project}/environments/{environment}/${kind}`,
    authLevel: 'function',
    handler: (request, context) =>
      answer(context, async () => {
        const { project = '', environment = '' } = request.params;
        const key = request.headers.get('idempotency-key');
        const traceparent = request.headers.get('traceparent');
        const body = await request.text();
        const call = { kind, project, environment, key, traceparent, body };
        return requestDeployment(service(context).ports, call);
      }),
  });
}
