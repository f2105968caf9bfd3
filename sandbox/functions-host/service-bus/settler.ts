import type { ServiceBusReceivedMessage, ServiceBusReceiver } from '@azure/service-bus';

/** Settles messages of one receiver. A settlement that the broker refuses (lock lost) is logged: it comes again. */
export interface Settler {
  complete(message: ServiceBusReceivedMessage): Promise<void>;
  abandon(message: ServiceBusReceivedMessage): Promise<void>;
}

/**
 * Never settles two messages in one tick: the AMQP library writes the first two outcomes of a tick as one, with the
 * outcome of the first. A message that was to be abandoned would be completed, and lost.
 */
export function createSettler(receiver: ServiceBusReceiver, log: (line: string) => void): Settler {
  let turn: Promise<void> = Promise.resolve();
  const settle = async (verb: 'complete' | 'abandon', message: ServiceBusReceivedMessage) => {
    const mine = turn;
    turn = mine.then(nextTick);
    await mine;
    try {
      await (verb === 'complete' ? receiver.completeMessage(message) : receiver.abandonMessage(message));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      log(`Could not ${verb} message ${String(message.messageId)} of ${receiver.entityPath}: ${why}`);
    }
  };
  return {
    complete: (message) => settle('complete', message),
    abandon: (message) => settle('abandon', message),
  };
}

function nextTick(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
