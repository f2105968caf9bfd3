import type { Delivery } from 'rhea';
import type { AmqpError } from '../amqp/rhea.ts';
import type { Namespace } from '../engine/namespace.ts';
import { QueueError } from '../engine/queue-error.ts';
import type { Faults } from '../faults.ts';

export type OutcomeKind = 'accepted' | 'rejected' | 'released' | 'modified';

/** One end of a link: what happens when something comes in on it. `gone` is called once, however it ended. */
export interface Endpoint {
  message?(content: Buffer, delivery: Delivery, format: number): void;
  credit?(): void;
  drain?(): void;
  outcome?(delivery: Delivery, kind: OutcomeKind): void;
  gone?(): void;
}

/** What the endpoints share. */
export interface Broker {
  readonly namespace: Namespace;
  readonly faults: Faults;
  /** The shared access key that tokens must be signed with. */
  readonly key: string;
  readonly maxMessageSizeInBytes: number;
  readonly newMessageId: () => string;
  readonly log: (line: string) => void;
}

export const serverBusy: AmqpError = {
  condition: 'com.microsoft:server-busy',
  description: 'The request was terminated because the server is too busy. Retry later.',
};

/** What to tell the client of an error. One that is no refusal of the queue is a defect and logged. */
export function errorFor(broker: Broker, error: unknown): AmqpError {
  if (error instanceof QueueError) return { condition: error.condition, description: error.message };
  if (error instanceof TypeError || error instanceof RangeError) {
    return { condition: 'amqp:decode-error', description: error.message };
  }
  broker.log(`unexpected: ${error instanceof Error ? error.stack : String(error)}`);
  return { condition: 'amqp:internal-error', description: 'The service was unable to process the request.' };
}

export function entityNotFound(hostname: string, address: string): AmqpError {
  return {
    condition: 'amqp:not-found',
    description: `The messaging entity 'sb://${hostname}/${address}' could not be found.`,
  };
}

export const sessionRequired: AmqpError = {
  condition: 'amqp:not-allowed',
  description:
    'It is not possible for an entity that requires sessions to create a non-sessionful message receiver.',
};

export const sessionNotSupported: AmqpError = {
  condition: 'amqp:not-allowed',
  description: 'A sessionful message receiver cannot be created on an entity that does not require sessions.',
};
