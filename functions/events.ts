import { app } from '@azure/functions';
import { service } from '../shared/app.ts';
import { handleReleaseEvent } from '../shared/engine/handle-message.ts';

app.serviceBusQueue('events', {
  connection: 'ServiceBus',
  queueName: 'release-events',
  handler: (body, context) => handleReleaseEvent(service(context).ports, body),
});
