import { EVENT_TYPES } from './event-types.ts';
import type { Subscription } from './rows.ts';

/** What a confidential input is answered as. */
export const MASK = '********';

/** A consumer that the twin can deliver to: its action, what it needs, and what it never shows again. */
const CONSUMERS: Readonly<Record<string, { action: string; needs: string[]; confidential: string[] }>> = {
  webHooks: { action: 'httpRequest', needs: ['url'], confidential: ['basicAuthPassword'] },
  azureServiceBus: {
    action: 'serviceBusQueueSend',
    needs: ['connectionString', 'queueName'],
    confidential: ['connectionString'],
  },
};

const LONGEST_CONNECTION_STRING = 500;

type Inputs = Pick<
  Subscription,
  'publisherId' | 'eventType' | 'consumerId' | 'consumerActionId' | 'consumerInputs'
>;

/** Why a subscription cannot be, or `undefined` when it can. */
export function problemWith(given: Inputs): string | undefined {
  const { publisherId, eventType, consumerId, consumerActionId, consumerInputs } = given;
  const consumer = CONSUMERS[consumerId];
  if (EVENT_TYPES[eventType]?.publisherId !== publisherId)
    return `publisher ${publisherId} has no event ${eventType}`;
  if (consumer?.action !== consumerActionId)
    return `consumer ${consumerId} has no action ${consumerActionId}`;
  const missing = consumer.needs.find((name) => !consumerInputs[name]);
  if (missing) return `the input ${missing} is required`;
  if ((consumerInputs.connectionString ?? '').length > LONGEST_CONNECTION_STRING)
    return `the connection string is longer than ${LONGEST_CONNECTION_STRING} characters`;
  return undefined;
}

/** Names of the inputs that are masked. */
export function confidentialInputs(consumerId: string): readonly string[] {
  return CONSUMERS[consumerId]?.confidential ?? [];
}
