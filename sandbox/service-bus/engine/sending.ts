import { makeReady } from './delivery.ts';
import { messageNotFound, sessionIdMissing } from './queue-error.ts';
import { hasSessions, type Origin, type Queue, type QueueMessage, type SentMessage } from './queue-model.ts';
import { laneOf } from './session-table.ts';
import { expiresAtInMs, nextSequenceNumber, noOrigin, remove, store } from './storage.ts';

/**
 * Takes messages in, all or none. Returns a sequence number for each; duplicates get one as well but are dropped.
 * @throws QueueError when a message for a queue with sessions names no session
 */
export function send(queue: Queue, messages: readonly SentMessage[]): number[] {
  if (hasSessions(queue) && messages.some((message) => message.sessionId === undefined))
    throw sessionIdMissing();
  return messages.map((sent) => enqueue(queue, sent, noOrigin));
}

/** Takes one message in, from a sender or from the queue that forwards it here. */
export function enqueue(queue: Queue, sent: SentMessage, origin: Origin): number {
  const sequenceNumber = nextSequenceNumber(queue);
  if (isDuplicate(queue, sent.messageId)) return sequenceNumber;
  const nowInMs = queue.around.clock.nowInMs();
  const isScheduled = sent.scheduledForInMs !== undefined && sent.scheduledForInMs > nowInMs;
  const message: QueueMessage = {
    sequenceNumber,
    enqueueSequenceNumber: origin.enqueueSequenceNumber,
    addedProperties: origin.addedProperties,
    deadLetter: origin.deadLetter,
    deadLetterSource: origin.deadLetterSource,
    sent,
    enqueuedAtInMs: nowInMs,
    expiresAtInMs: expiresAtInMs(queue, sent, nowInMs),
    wasScheduled: false,
    state: isScheduled ? 'scheduled' : 'active',
    deliveryCount: 0,
    lock: undefined,
  };
  if (isScheduled) schedule(queue, message);
  else admit(queue, message);
  return sequenceNumber;
}

function schedule(queue: Queue, message: QueueMessage): void {
  store(queue, message);
  queue.activation.set(message, message.sent.scheduledForInMs ?? 0);
}

// A queue that forwards keeps nothing itself.
function admit(queue: Queue, message: QueueMessage): void {
  const { forwardTo } = queue.settings;
  if (forwardTo === undefined) {
    store(queue, message);
    makeReady(queue, message);
    return;
  }
  const { addedProperties, deadLetter, deadLetterSource, sequenceNumber } = message;
  const origin = { enqueueSequenceNumber: sequenceNumber, addedProperties, deadLetter, deadLetterSource };
  queue.around.forward(forwardTo, { ...message.sent, scheduledForInMs: undefined }, origin);
}

// The window counts from the first arrival; a duplicate does not prolong it.
function isDuplicate(queue: Queue, messageId: string): boolean {
  const { duplicateWindowInMs } = queue.settings;
  if (duplicateWindowInMs === 0) return false;
  const nowInMs = queue.around.clock.nowInMs();
  if ((queue.seen.dueAtInMs(messageId) ?? 0) > nowInMs) return true;
  const untilInMs = nowInMs + duplicateWindowInMs;
  queue.seen.set(messageId, untilInMs);
  queue.around.record({ kind: 'seen', queue: queue.address, messageId, untilInMs });
  return false;
}

/** A scheduled message whose time has come joins the end of the queue under a new number. */
export function activate(queue: Queue, message: QueueMessage): void {
  remove(queue, message);
  const enqueuedAtInMs = Math.max(queue.around.clock.nowInMs(), message.sent.scheduledForInMs ?? 0);
  admit(queue, {
    ...message,
    sequenceNumber: nextSequenceNumber(queue),
    enqueueSequenceNumber: message.sequenceNumber,
    enqueuedAtInMs,
    expiresAtInMs: expiresAtInMs(queue, message.sent, enqueuedAtInMs),
    wasScheduled: true,
    state: 'active',
  });
}

/**
 * Takes scheduled messages back, all or none.
 * @throws QueueError when one of the numbers is not that of a scheduled message
 */
export function cancelScheduled(queue: Queue, sequenceNumbers: readonly number[]): void {
  const messages = sequenceNumbers.map((number) => {
    const message = queue.all.get(number);
    if (message?.state !== 'scheduled') throw messageNotFound(number);
    return message;
  });
  for (const message of messages) remove(queue, message);
}

export interface DeletionRequest {
  readonly count: number;
  readonly enqueuedBeforeInMs: number;
  readonly sessionId: string | undefined;
}

/** Deletes the oldest messages that wait unlocked, at most `count`. Returns how many. */
export function deleteWaiting(queue: Queue, request: DeletionRequest): number {
  const found: QueueMessage[] = [];
  for (const message of queue.all.from(0)) {
    if (found.length >= request.count) break;
    if (message.state !== 'active' || message.lock !== undefined) continue;
    if (request.sessionId !== undefined && message.sent.sessionId !== request.sessionId) continue;
    if (message.enqueuedAtInMs <= request.enqueuedBeforeInMs) found.push(message);
  }
  for (const message of found) {
    laneOf(queue, message).ready.delete(message.sequenceNumber);
    remove(queue, message);
  }
  return found.length;
}
