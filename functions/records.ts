import { app } from '@azure/functions';
import { serviceForMessage } from '../shared/app.ts';
import { handleRecordMessage } from '../shared/engine/telemetry.ts';

app.serviceBusQueue('records', {
  connection: 'ServiceBus',
  queueName: 'records',
  handler: async (body, context) => {
    const { ports } = await serviceForMessage(context);
    return handleRecordMessage(ports, ports.telemetry, body);
  },
});
