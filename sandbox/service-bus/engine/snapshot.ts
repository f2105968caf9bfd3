import { makeReady } from './delivery.ts';
import type { Namespace } from './namespace.ts';
import type { Change, Queue, QueueMessage } from './queue-model.ts';
import { sessionOf } from './session-table.ts';

/** Everything that must survive a restart, as the changes that make it out of nothing. Locks are no part of it. */
export function* snapshot(namespace: Namespace): IterableIterator<Change> {
  for (const queue of allQueues(namespace)) {
    const { address } = queue;
    yield { kind: 'number', queue: address, sequenceNumber: queue.lastSequenceNumber };
    for (const messageId of queue.seen.items()) {
      yield { kind: 'seen', queue: address, messageId, untilInMs: queue.seen.dueAtInMs(messageId) ?? 0 };
    }
    for (const { id, state } of queue.sessions.values()) {
      if (state !== undefined) yield { kind: 'session-state', queue: address, sessionId: id, state };
    }
    for (const message of queue.all.from(0)) yield { kind: 'put', queue: address, message };
  }
}

function allQueues(namespace: Namespace): Queue[] {
  return namespace.queues.flatMap((queue) =>
    queue.deadLetters === undefined ? [queue] : [queue, queue.deadLetters],
  );
}

/** Repeats changes in empty queues without offering anything yet. Returns the addresses of queues that are missing. */
export function restore(namespace: Namespace, changes: Iterable<Change>): Set<string> {
  const queues = new Map(allQueues(namespace).map((queue) => [queue.address.toLowerCase(), queue]));
  const missing = new Set<string>();
  for (const change of changes) {
    const queue = queues.get(change.queue.toLowerCase());
    if (queue === undefined) missing.add(change.queue);
    else repeat(queue, change);
  }
  return missing;
}

function repeat(queue: Queue, change: Change): void {
  switch (change.kind) {
    case 'put':
      queue.all.add({ ...change.message, lock: undefined });
      queue.lastSequenceNumber = Math.max(queue.lastSequenceNumber, change.message.sequenceNumber);
      break;
    case 'update':
      repeatUpdate(queue, change.message);
      break;
    case 'remove':
      queue.all.delete(change.sequenceNumber);
      break;
    case 'seen':
      queue.seen.set(change.messageId, change.untilInMs);
      break;
    case 'number':
      queue.lastSequenceNumber = Math.max(queue.lastSequenceNumber, change.sequenceNumber);
      break;
    case 'session-state':
      sessionOf(queue, change.sessionId).state = change.state;
  }
}

function repeatUpdate(queue: Queue, changed: QueueMessage): void {
  const message = queue.all.get(changed.sequenceNumber);
  if (message === undefined) return;
  message.state = changed.state;
  message.deliveryCount = changed.deliveryCount;
  message.addedProperties = changed.addedProperties;
}

/** Starts the queues after a restore: what waited is offered, what was locked waits again, timers run. */
export function resume(namespace: Namespace): void {
  for (const queue of allQueues(namespace)) {
    for (const message of [...queue.all.from(0)]) {
      if (message.state === 'scheduled') queue.activation.set(message, message.sent.scheduledForInMs ?? 0);
      if (message.state !== 'active') continue;
      queue.expiry.set(message, message.expiresAtInMs);
      makeReady(queue, message);
    }
  }
}
