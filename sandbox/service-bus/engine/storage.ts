import type { Origin, Queue, QueueMessage, SentMessage } from './queue-model.ts';

export const noOrigin: Origin = {
  enqueueSequenceNumber: 0,
  addedProperties: {},
  deadLetter: undefined,
  deadLetterSource: undefined,
};

export function nextSequenceNumber(queue: Queue): number {
  queue.lastSequenceNumber++;
  return queue.lastSequenceNumber;
}

/** Keeps the message in the queue, without offering it to anybody yet. */
export function store(queue: Queue, message: QueueMessage): void {
  queue.all.add(message);
  if (message.state === 'active') queue.expiry.set(message, message.expiresAtInMs);
  queue.around.record({ kind: 'put', queue: queue.address, message });
}

/** Takes an unlocked message out of every list of the queue but the lane it waits in. */
export function remove(queue: Queue, message: QueueMessage): void {
  queue.all.delete(message.sequenceNumber);
  queue.expiry.delete(message);
  queue.activation.delete(message);
  queue.held.delete(message);
  queue.around.record({ kind: 'remove', queue: queue.address, sequenceNumber: message.sequenceNumber });
}

/** Writes down what settling changed: state, delivery count, added properties. */
export function recordUpdate(queue: Queue, message: QueueMessage): void {
  queue.around.record({ kind: 'update', queue: queue.address, message });
}

/** The message's own time to live, but no longer than the queue's, counted from its entry. */
export function expiresAtInMs(queue: Queue, sent: SentMessage, enqueuedAtInMs: number): number {
  return enqueuedAtInMs + Math.min(sent.timeToLiveInMs, queue.settings.defaultTimeToLiveInMs);
}
