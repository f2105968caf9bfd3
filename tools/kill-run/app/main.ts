import { app } from '@azure/functions';
import { handleEventMessage, handleStepMessage } from '../../../shared/engine/handle-message.ts';
import { handleRecordMessage } from '../../../shared/engine/telemetry.ts';
import { outsideClient } from './outside-client.ts';
import { portsOf } from './ports.ts';

/**
 * The queue functions of the service with synthetic step kinds, over ports that tell the tool of every call and die
 * where it says so. There is no function for dead letters: whatever ends there is to be seen.
 */
const queue = (queueName: string) => ({ connection: 'ServiceBus', queueName });

app.serviceBusQueue('events', {
  ...queue('release-events'),
  handler: (body, context) => handleEventMessage(portsOf(context, body), body),
});

app.serviceBusQueue('steps', {
  ...queue('steps'),
  handler: (body, context) => handleStepMessage(portsOf(context, body), body, context.invocationId),
});

app.serviceBusQueue('records', {
  ...queue('records'),
  handler: (body, context) => {
    const track = (record: object) => outsideClient().note('records', record);
    return handleRecordMessage(portsOf(context, body), { track }, body);
  },
});
