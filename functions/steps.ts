import { app } from '@azure/functions';
import { service } from '../shared/app.ts';
import { handleStepMessage } from '../shared/engine/handle-message.ts';

app.serviceBusQueue('steps', {
  connection: 'ServiceBus',
  queueName: 'steps',
  handler: (body, context) => handleStepMessage(service(context).ports, body, context.invocationId),
});
