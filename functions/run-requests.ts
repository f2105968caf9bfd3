import { app } from '@azure/functions';
import { answer } from '../shared/api/answer.ts';
import { requestOfRun } from '../shared/api/deeds.ts';
import { readApproval, readReason } from '../shared/api/requests.ts';
import { service } from '../shared/app.ts';

for (const [verb, type] of [
  ['approve', 'approval-granted'],
  ['reject', 'approval-rejected'],
] as const) {
  app.http(`${verb}-stage`, {
    methods: ['POST'],
    route: `projects/{project}/runs/{run}/stages/{stage}/${verb}`,
    authLevel: 'function',
    handler: (request, context) =>
      answer(async () => {
        const { project = '', run = '', stage = '' } = request.params;
        const { ports } = service(context);
        const event = { type, at: ports.clock.now(), stage, ...readApproval(await request.text()) };
        return requestOfRun(ports, { project, run }, event);
      }),
  });
}

for (const [verb, type] of [
  ['cancel', 'cancel-requested'],
  ['retry', 'retry-requested'],
] as const) {
  app.http(`${verb}-run`, {
    methods: ['POST'],
    route: `projects/{project}/runs/{run}/${verb}`,
    authLevel: 'function',
    handler: (request, context) =>
      answer(async () => {
        const { project = '', run = '' } = request.params;
        const { ports } = service(context);
        return requestOfRun(
          ports,
          { project, run },
          { type, at: ports.clock.now(), ...readReason(await request.text()) },
        );
      }),
  });
}
