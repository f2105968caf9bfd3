import { moveToDeadLetters } from './dead-letters.ts';
import {
  type Consumer,
  hasSessions,
  type Lane,
  type MessageSession,
  type Queue,
  type QueueMessage,
} from './queue-model.ts';
import { forgetIdleSession, laneOf, sessionOf } from './session-table.ts';
import { nextSequenceNumber, remove, store } from './storage.ts';

/** Offers an active, unlocked message to whoever waits, at the place its number gives it. */
export function makeReady(queue: Queue, message: QueueMessage): void {
  if (message.expiresAtInMs <= queue.around.clock.nowInMs()) {
    expire(queue, message);
    return;
  }
  const lane = laneOf(queue, message);
  lane.ready.add(message);
  if (lane.session !== undefined && lane.session.holder === undefined) offerSession(queue, lane.session);
  else pump(queue, lane);
}

/** Hands messages out for as long as there are messages and credit; consumers take turns. */
export function pump(queue: Queue, lane: Lane): void {
  for (let message = lane.ready.first(); message !== undefined; message = lane.ready.first()) {
    const consumer = nextConsumer(lane);
    if (consumer === undefined) return;
    lane.ready.delete(message.sequenceNumber);
    deliver(queue, message, consumer);
  }
}

function nextConsumer(lane: Lane): Consumer | undefined {
  const index = lane.consumers.findIndex((consumer) => consumer.credit() > 0);
  const consumer = lane.consumers[index];
  if (consumer !== undefined && lane.consumers.length > 1) {
    lane.consumers.splice(index, 1);
    lane.consumers.push(consumer);
  }
  return consumer;
}

function deliver(queue: Queue, message: QueueMessage, consumer: Consumer): void {
  const fault = queue.around.deliveryFault(queue.address);
  if (fault.delayInMs > 0) {
    queue.held.set(message, queue.around.clock.nowInMs() + fault.delayInMs);
    return;
  }
  if (consumer.deletes) remove(queue, message);
  else lockMessage(queue, message);
  consumer.deliver(message);
  if (fault.duplicated) deliverCopy(queue, message);
}

// As after a sender that lost the answer and sent again: the same content and id, another number and lock.
function deliverCopy(queue: Queue, message: QueueMessage): void {
  const copy = { ...message, sequenceNumber: nextSequenceNumber(queue), lock: undefined };
  store(queue, copy);
  makeReady(queue, copy);
}

/** Locks a message for the lock duration of the queue, or under the lock of its session. */
export function lockMessage(queue: Queue, message: QueueMessage): void {
  const session = hasSessions(queue) ? sessionOf(queue, message.sent.sessionId ?? '') : undefined;
  const token = queue.around.newLockToken();
  const untilInMs = queue.around.clock.nowInMs() + queue.settings.lockDurationInMs;
  message.lock = { token, untilInMs, session };
  queue.locked.set(token, message);
  if (session === undefined) queue.lockExpiry.set(message, untilInMs);
  else session.locked.add(message);
}

export function unlockMessage(queue: Queue, message: QueueMessage): void {
  if (message.lock === undefined) return;
  queue.locked.delete(message.lock.token);
  queue.lockExpiry.delete(message);
  message.lock.session?.locked.delete(message);
  message.lock = undefined;
}

/** The time the lock of the message ends: that of its session where it has one. */
export function lockedUntilInMs(message: QueueMessage): number | undefined {
  return message.lock?.session?.lockedUntilInMs ?? message.lock?.untilInMs;
}

/** Grants a free session with messages to the first who waits for one. */
export function offerSession(queue: Queue, session: MessageSession): void {
  const [waiter] = queue.waiters;
  if (waiter === undefined || session.lane.ready.first() === undefined) return;
  queue.waiters.delete(waiter);
  queue.waiterExpiry.delete(waiter);
  holdSession(queue, session, waiter.holder);
  waiter.granted(session);
}

export function holdSession(queue: Queue, session: MessageSession, holder: MessageSession['holder']): void {
  session.holder = holder;
  session.lockedUntilInMs = queue.around.clock.nowInMs() + queue.settings.lockDurationInMs;
  queue.sessionExpiry.set(session, session.lockedUntilInMs);
}

/** What becomes of a message at the end of its time to live. One that is locked, held or deferred is left alone. */
export function expire(queue: Queue, message: QueueMessage): void {
  if (message.lock !== undefined || message.state !== 'active' || queue.held.has(message)) return;
  const lane = laneOf(queue, message);
  lane.ready.delete(message.sequenceNumber);
  if (queue.settings.deadLettersExpired) {
    const description = 'The message expired and was dead lettered.';
    deadLetter(queue, message, { reason: 'TTLExpiredException', description });
  } else remove(queue, message);
  if (lane.session !== undefined) forgetIdleSession(queue, lane.session);
}

/** Moves an unlocked message out of its queue and offers it in the dead-letter queue. */
export function deadLetter(
  queue: Queue,
  message: QueueMessage,
  reason: NonNullable<QueueMessage['deadLetter']>,
): void {
  const moved = moveToDeadLetters(queue, message, reason);
  if (moved !== undefined) makeReady(moved.queue, moved.message);
}
