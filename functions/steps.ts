import { app } from '@azure/functions';
import { serviceForMessage } from '../shared/app.ts';
import { handleStepMessage } from '../shared/engine/handle-message.ts';

app.serviceBusQueue('steps', {
  connection: 'ServiceBus',
  queueName: 'steps',
  handler: async (body, context) => {
    const { ports } = await serviceForMessage(context);
    return handleStepMessage(ports, body, context.invocationId);
  },
});
