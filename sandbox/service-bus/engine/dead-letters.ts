import type { DeadLetterReason, Queue, QueueMessage } from './queue-model.ts';
import { remove, store } from './storage.ts';

/**
 * Moves an unlocked message into the dead-letter queue, where it keeps its number, its time of entry and its
 * delivery count and never expires; or on to the queue that dead letters are forwarded to.
 * Returns what is now to be offered, if it stayed in this queue's own dead-letter queue.
 */
export function moveToDeadLetters(queue: Queue, message: QueueMessage, deadLetter: DeadLetterReason) {
  remove(queue, message);
  const { forwardDeadLettersTo } = queue.settings;
  if (forwardDeadLettersTo !== undefined) {
    queue.around.forward(forwardDeadLettersTo, message.sent, {
      enqueueSequenceNumber: message.sequenceNumber,
      addedProperties: message.addedProperties,
      deadLetter,
      deadLetterSource: queue.settings.name,
    });
    return undefined;
  }
  if (queue.deadLetters === undefined) throw new Error('a dead-letter queue has no dead letters of its own');
  const moved: QueueMessage = {
    ...message,
    deadLetter,
    state: 'active',
    expiresAtInMs: Number.POSITIVE_INFINITY,
    lock: undefined,
  };
  store(queue.deadLetters, moved);
  return { queue: queue.deadLetters, message: moved };
}
