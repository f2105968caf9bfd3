import { app } from '@azure/functions';
import { answer } from '../shared/api/answer.ts';
import { setFreeze } from '../shared/api/freezes.ts';
import { service } from '../shared/app.ts';

app.http('set-freeze', {
  methods: ['POST'],
  route: 'projects/{project}/environments/{environment}/freezes',
  authLevel: 'function',
  handler: (request, context) =>
    answer(context, async () => {
      const { project = '', environment = '' } = request.params;
      const key = request.headers.get('idempotency-key');
      const call = { project, environment, key, invocation: context.invocationId };
      return setFreeze(service(context).ports, { ...call, body: await request.text() });
    }),
});
