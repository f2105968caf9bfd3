import { app } from '@azure/functions';
import { serviceForMessage } from '../shared/app.ts';
import { handleReleaseEvent } from '../shared/engine/handle-message.ts';

app.serviceBusQueue('events', {
  connection: 'ServiceBus',
  queueName: 'release-events',
  handler: async (body, context) => handleReleaseEvent((await serviceForMessage(context)).ports, body),
});
