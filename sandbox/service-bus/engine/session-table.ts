import { hasSessions, type Lane, type MessageSession, type Queue, type QueueMessage } from './queue-model.ts';
import { SequenceList } from './sequence-list.ts';

/** The session of this name; made when it is first spoken of. */
export function sessionOf(queue: Queue, id: string): MessageSession {
  const known = queue.sessions.get(id);
  if (known !== undefined) return known;
  const session = newSession(id);
  queue.sessions.set(id, session);
  return session;
}

function newSession(id: string): MessageSession {
  const lane: Lane = { ready: new SequenceList<QueueMessage>(), consumers: [], session: undefined };
  const session: MessageSession = {
    id,
    lane,
    locked: new Set(),
    holder: undefined,
    lockedUntilInMs: 0,
    state: undefined,
  };
  lane.session = session;
  return session;
}

/** Where an active message waits: in the queue, or in its session. */
export function laneOf(queue: Queue, message: QueueMessage): Lane {
  return hasSessions(queue) ? sessionOf(queue, message.sent.sessionId ?? '').lane : queue.lane;
}

/** A session that nobody holds, without messages and without state, leaves no trace. */
export function forgetIdleSession(queue: Queue, session: MessageSession): void {
  const idle = session.holder === undefined && session.state === undefined && session.locked.size === 0;
  if (idle && session.lane.ready.size === 0) queue.sessions.delete(session.id);
}
