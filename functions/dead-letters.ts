import { app } from '@azure/functions';
import { serviceForMessage } from '../shared/app.ts';
import { handleDeadMessage } from '../shared/engine/dead-letters.ts';

for (const queue of ['release-events', 'steps', 'records'] as const) {
  app.serviceBusQueue(`dead-${queue}`, {
    connection: 'ServiceBus',
    queueName: `${queue}/$DeadLetterQueue`,
    handler: async (body, context) =>
      handleDeadMessage((await serviceForMessage(context)).ports, queue, body),
  });
}
