import { deadLetter, lockedUntilInMs, lockMessage, makeReady, unlockMessage } from './delivery.ts';
import { deadLetterOfDeadLetter, messageLockLost, messageNotFound, sessionLockLost } from './queue-error.ts';
import {
  type AddedProperties,
  type DeadLetterReason,
  hasSessions,
  type Queue,
  type QueueMessage,
} from './queue-model.ts';
import { forgetIdleSession } from './session-table.ts';
import { recordUpdate, remove } from './storage.ts';

/** What a receiver does with a message that it holds the lock of. */
export type Settlement =
  | { readonly kind: 'complete' }
  | { readonly kind: 'abandon'; readonly properties: AddedProperties }
  | { readonly kind: 'defer'; readonly properties: AddedProperties }
  | { readonly kind: 'dead-letter'; readonly properties: AddedProperties; readonly reason: DeadLetterReason }
  | { readonly kind: 'release' };

/**
 * Settles a message.
 * @throws QueueError when the lock is lost, or when a message of a dead-letter queue is to be dead-lettered
 */
export function settle(queue: Queue, lockToken: string, settlement: Settlement): void {
  const message = lockedMessage(queue, lockToken);
  const session = message.lock?.session;
  if (settlement.kind === 'dead-letter' && queue.deadLetters === undefined) throw deadLetterOfDeadLetter();
  if ('properties' in settlement) {
    message.addedProperties = { ...message.addedProperties, ...settlement.properties };
  }
  unlockMessage(queue, message);
  apply(queue, message, settlement);
  if (session !== undefined) forgetIdleSession(queue, session);
}

function apply(queue: Queue, message: QueueMessage, settlement: Settlement): void {
  switch (settlement.kind) {
    case 'complete':
      remove(queue, message);
      break;
    case 'abandon':
      giveBack(queue, message, { counts: true });
      break;
    case 'release':
      giveBack(queue, message, { counts: false });
      break;
    case 'defer':
      defer(queue, message);
      break;
    case 'dead-letter':
      deadLetter(queue, message, settlement.reason);
  }
}

function defer(queue: Queue, message: QueueMessage): void {
  message.state = 'deferred';
  queue.expiry.delete(message);
  countDelivery(queue, message);
  recordUpdate(queue, message);
}

// A dead-letter queue counts no deliveries: nothing is taken out of it for having failed too often.
function countDelivery(queue: Queue, message: QueueMessage): void {
  if (queue.deadLetters !== undefined) message.deliveryCount++;
}

/** Ends the lock without settling: the message goes back to its place, or out of the queue if it failed too often. */
export function giveBack(queue: Queue, message: QueueMessage, { counts }: { counts: boolean }): void {
  unlockMessage(queue, message);
  if (counts) countDelivery(queue, message);
  const { maxDeliveryCount } = queue.settings;
  const isExhausted = counts && queue.deadLetters !== undefined && message.deliveryCount >= maxDeliveryCount;
  if (message.state === 'active' && isExhausted) {
    const description = `Message could not be consumed after ${maxDeliveryCount} delivery attempts.`;
    deadLetter(queue, message, { reason: 'MaxDeliveryCountExceeded', description });
    return;
  }
  recordUpdate(queue, message);
  if (message.state === 'active') makeReady(queue, message);
}

/**
 * Prolongs the locks of messages from now on, all or none. Returns when they end.
 * @throws QueueError when one of the locks is lost
 */
export function renewLocks(queue: Queue, lockTokens: readonly string[]): number[] {
  const messages = lockTokens.map((token) => lockedMessage(queue, token));
  const untilInMs = queue.around.clock.nowInMs() + queue.settings.lockDurationInMs;
  return messages.map((message) => {
    if (message.lock === undefined || message.lock.session !== undefined)
      return lockedUntilInMs(message) ?? 0;
    message.lock.untilInMs = untilInMs;
    queue.lockExpiry.set(message, untilInMs);
    return untilInMs;
  });
}

function lockedMessage(queue: Queue, lockToken: string): QueueMessage {
  const message = queue.locked.get(lockToken);
  if (message !== undefined && (lockedUntilInMs(message) ?? 0) > queue.around.clock.nowInMs()) return message;
  throw hasSessions(queue) ? sessionLockLost() : messageLockLost();
}

export interface DeferredRequest {
  readonly sequenceNumbers: readonly number[];
  readonly deletes: boolean;
  readonly sessionId: string | undefined;
}

/**
 * Takes deferred messages by their numbers, all or none: locks them, or deletes them.
 * @throws QueueError when one is not there, not deferred, locked, or of another session; or the session is not held
 */
export function receiveDeferred(queue: Queue, request: DeferredRequest): QueueMessage[] {
  const isSession = hasSessions(queue);
  if (isSession && queue.sessions.get(request.sessionId ?? '')?.holder === undefined) {
    throw sessionLockLost(request.sessionId ?? '');
  }
  const messages = request.sequenceNumbers.map((number) => {
    const message = queue.all.get(number);
    if (message?.state !== 'deferred' || message.lock !== undefined) throw messageNotFound(number);
    if (isSession && message.sent.sessionId !== request.sessionId) throw messageNotFound(number);
    return message;
  });
  for (const message of messages) {
    if (request.deletes) remove(queue, message);
    else lockMessage(queue, message);
  }
  return messages;
}
