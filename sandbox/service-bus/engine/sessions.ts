import { holdSession, offerSession } from './delivery.ts';
import { noSessionAvailable, sessionCannotBeLocked, sessionLockLost } from './queue-error.ts';
import type { MessageSession, Queue, SessionHolder, SessionWaiter } from './queue-model.ts';
import { forgetIdleSession, sessionOf } from './session-table.ts';
import { giveBack } from './settlement.ts';

/**
 * Locks the named session, whether it has messages or not.
 * @throws QueueError when somebody else holds it
 */
export function acceptSession(queue: Queue, sessionId: string, holder: SessionHolder): MessageSession {
  const session = sessionOf(queue, sessionId);
  if (session.holder !== undefined) throw sessionCannotBeLocked(sessionId);
  holdSession(queue, session, holder);
  return session;
}

/**
 * Locks the next free session with messages, now or when one turns up. After `timeoutInMs` the waiter is refused.
 * Returns a function that stops the waiting; it does nothing once the session is granted.
 */
export function acceptNextSession(queue: Queue, waiter: SessionWaiter, timeoutInMs: number): () => void {
  queue.waiters.add(waiter);
  queue.waiterExpiry.set(waiter, queue.around.clock.nowInMs() + timeoutInMs);
  for (const session of queue.sessions.values()) {
    if (!queue.waiters.has(waiter)) break;
    if (session.holder === undefined) offerSession(queue, session);
  }
  return () => {
    queue.waiters.delete(waiter);
    queue.waiterExpiry.delete(waiter);
  };
}

/** No session came in time. */
export function refuseWaiter(queue: Queue, waiter: SessionWaiter): void {
  if (queue.waiters.delete(waiter)) waiter.refused(noSessionAvailable());
}

/** Ends the lock that this holder has; its messages go back uncounted. Nothing happens when it lost the lock before. */
export function releaseSession(queue: Queue, session: MessageSession, holder: SessionHolder): void {
  if (session.holder === holder) endLock(queue, session, { counts: false });
}

/** The lock ran out: the messages count as failed deliveries, and the holder is told. */
export function expireSession(queue: Queue, session: MessageSession): void {
  const { holder } = session;
  endLock(queue, session, { counts: true });
  holder?.lost(sessionLockLost(session.id));
}

function endLock(queue: Queue, session: MessageSession, how: { counts: boolean }): void {
  session.lane.consumers.length = 0;
  queue.sessionExpiry.delete(session);
  // Still held while its messages come back, so that nobody is granted half of it.
  for (const message of [...session.locked]) giveBack(queue, message, how);
  session.holder = undefined;
  offerSession(queue, session);
  forgetIdleSession(queue, session);
}

/**
 * Prolongs the lock of a session and of all its messages. Returns when it ends.
 * @throws QueueError when nobody holds the session
 */
export function renewSession(queue: Queue, sessionId: string): number {
  const session = heldSession(queue, sessionId);
  holdSession(queue, session, session.holder);
  return session.lockedUntilInMs;
}

function heldSession(queue: Queue, sessionId: string): MessageSession {
  const session = queue.sessions.get(sessionId);
  if (session?.holder === undefined) throw sessionLockLost(sessionId);
  return session;
}

/** Keeps bytes with the session; undefined clears them. The state outlives the session's messages. */
export function setSessionState(queue: Queue, sessionId: string, state: Buffer | undefined): void {
  const session = heldSession(queue, sessionId);
  session.state = state;
  queue.around.record({ kind: 'session-state', queue: queue.address, sessionId, state });
}

export function sessionState(queue: Queue, sessionId: string): Buffer | undefined {
  return queue.sessions.get(sessionId)?.state;
}

/** Sessions with messages or state, by name. */
export function listSessions(queue: Queue): string[] {
  return [...queue.sessions.keys()].sort();
}
