import { app } from '@azure/functions';
import { service } from '../shared/app.ts';
import { handleRecordMessage } from '../shared/engine/telemetry.ts';

app.serviceBusQueue('records', {
  connection: 'ServiceBus',
  queueName: 'records',
  handler: (body, context) => {
    const { ports } = service(context);
    return handleRecordMessage(ports, ports.telemetry, body);
  },
});
