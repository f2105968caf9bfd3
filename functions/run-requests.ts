import { app, type HttpRequest, type InvocationContext } from '@azure/functions';
import { answer } from '../shared/api/answer.ts';
import { requestOfRun } from '../shared/api/deeds.ts';
import { readApproval, readReason } from '../shared/api/requests.ts';
import { service } from '../shared/app.ts';
import type { RunEvent } from '../shared/release/events.ts';

type Read = (body: string, at: number, stage: string) => RunEvent;

function post(name: string, route: string, read: Read): void {
  app.http(name, {
    methods: ['POST'],
    route: `projects/{project}/runs/{run}/${route}`,
    authLevel: 'function',
    handler: (request: HttpRequest, context: InvocationContext) =>
      answer(context, async () => {
        const { project = '', run = '', stage = '' } = request.params;
        const { ports } = service(context);
        const event = read(await request.text(), ports.clock.now(), stage);
        return requestOfRun(ports, { project, run }, event);
      }),
  });
}

const stage = 'stages/{stage}';
post('approve-stage', `${stage}/approve`, (body, at, name) => {
  return { type: 'approval-granted', at, stage: name, ...readApproval(body) };
});
post('reject-stage', `${stage}/reject`, (body, at, name) => {
  return { type: 'approval-rejected', at, stage: name, ...readApproval(body) };
});
post('cancel-run', 'cancel', (body, at) => ({ type: 'cancel-requested', at, ...readReason(body) }));
post('retry-run', 'retry', (body, at) => ({ type: 'retry-requested', at, ...readReason(body) }));
