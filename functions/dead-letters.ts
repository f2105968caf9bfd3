import { app } from '@azure/functions';
import { service } from '../shared/app.ts';
import { handleDeadMessage } from '../shared/engine/dead-letters.ts';

for (const queue of ['release-events', 'steps', 'records'] as const) {
  app.serviceBusQueue(`dead-${queue}`, {
    connection: 'ServiceBus',
    queueName: `${queue}/$DeadLetterQueue`,
    handler: (body, context) => handleDeadMessage(service(context).ports, queue, body),
  });
}
