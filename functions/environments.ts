import { app } from '@azure/functions';
import { answer } from '../shared/api/answer.ts';
import { requestOfEnvironment } from '../shared/api/deeds.ts';
import { readFreeze, readReason } from '../shared/api/requests.ts';
import { service } from '../shared/app.ts';
import type { EnvironmentEvent } from '../shared/release/events.ts';

function on(
  name: string,
  suffix: string,
  read: (body: string, id: string, at: number) => EnvironmentEvent,
): void {
  app.http(name, {
    methods: ['POST'],
    route: `projects/{project}/environments/{environment}/${suffix}`,
    authLevel: 'function',
    handler: (request, context) =>
      answer(async () => {
        const { project = '', environment = '', freeze = context.invocationId } = request.params;
        const { ports } = service(context);
        const event = read(await request.text(), freeze, ports.clock.now());
        return requestOfEnvironment(ports, { project, environment }, event);
      }),
  });
}

on('set-freeze', 'freezes', (body, id, at) => ({ type: 'freeze-set', at, id, ...readFreeze(body) }));
on('lift-freeze', 'freezes/{freeze}/lift', (body, id, at) => ({
  type: 'freeze-lifted',
  at,
  id,
  ...readReason(body),
}));
on('lift-hold', 'hold/lift', (body, _id, at) => ({ type: 'hold-lifted', at, ...readReason(body) }));
