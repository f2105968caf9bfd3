import { app } from '@azure/functions';
import { answer } from '../shared/api/answer.ts';
import { requestOfEnvironment } from '../shared/api/deeds.ts';
import { readReason } from '../shared/api/requests.ts';
import { service } from '../shared/app.ts';
import type { EnvironmentEvent } from '../shared/release/events.ts';

type Read = (body: string, at: number, id: string) => EnvironmentEvent;

function lift(name: string, suffix: string, read: Read): void {
  app.http(name, {
    methods: ['POST'],
    route: `projects/{project}/environments/{environment}/${suffix}`,
    authLevel: 'function',
    handler: (request, context) =>
      answer(context, async () => {
        const { project = '', environment = '', freeze = '' } = request.params;
        const { ports } = service(context);
        const event = read(await request.text(), ports.clock.now(), freeze);
        return requestOfEnvironment(ports, { project, environment }, event);
      }),
  });
}

lift('lift-freeze', 'freezes/{freeze}/lift', (body, at, id) => {
  return { type: 'freeze-lifted', at, id, ...readReason(body) };
});
lift('lift-hold', 'hold/lift', (body, at) => ({ type: 'hold-lifted', at, ...readReason(body) }));
