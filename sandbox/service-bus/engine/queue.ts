import { expire, makeReady } from './delivery.ts';
import { DueList } from './due-list.ts';
import type {
  MessageSession,
  Queue,
  QueueMessage,
  QueueSettings,
  SessionWaiter,
  Surroundings,
} from './queue-model.ts';
import { activate } from './sending.ts';
import { SequenceList } from './sequence-list.ts';
import { expireSession, refuseWaiter } from './sessions.ts';
import { giveBack } from './settlement.ts';

export const deadLetterSuffix = '/$DeadLetterQueue';

/** An empty queue with its dead-letter queue. Its timers run on the clock of the surroundings. */
export function createQueue(settings: QueueSettings, around: Surroundings): Queue {
  const deadLetterSettings = {
    ...settings,
    defaultTimeToLiveInMs: Number.POSITIVE_INFINITY,
    duplicateWindowInMs: 0,
    forwardTo: undefined,
    forwardDeadLettersTo: undefined,
  };
  const deadLetters = emptyQueue(deadLetterSettings, around, undefined);
  return emptyQueue(settings, around, deadLetters);
}

function emptyQueue(settings: QueueSettings, around: Surroundings, deadLetters: Queue | undefined): Queue {
  const { clock } = around;
  const queue: Queue = {
    address: deadLetters === undefined ? settings.name + deadLetterSuffix : settings.name,
    settings,
    around,
    deadLetters,
    all: new SequenceList<QueueMessage>(),
    lane: { ready: new SequenceList<QueueMessage>(), consumers: [], session: undefined },
    locked: new Map<string, QueueMessage>(),
    lockExpiry: new DueList<QueueMessage>(clock, (message) => giveBack(queue, message, { counts: true })),
    expiry: new DueList<QueueMessage>(clock, (message) => expire(queue, message)),
    activation: new DueList<QueueMessage>(clock, (message) => activate(queue, message)),
    held: new DueList<QueueMessage>(clock, (message) => makeReady(queue, message)),
    seen: new DueList<string>(clock, () => {}),
    sessions: new Map<string, MessageSession>(),
    sessionExpiry: new DueList<MessageSession>(clock, (session) => expireSession(queue, session)),
    waiters: new Set<SessionWaiter>(),
    waiterExpiry: new DueList<SessionWaiter>(clock, (waiter) => refuseWaiter(queue, waiter)),
    lastSequenceNumber: 0,
  };
  return queue;
}

/** Calls every timer of the queue off. */
export function closeQueue(queue: Queue): void {
  const { lockExpiry, expiry, activation, held, seen, sessionExpiry, waiterExpiry } = queue;
  for (const list of [lockExpiry, expiry, activation, held, seen, sessionExpiry, waiterExpiry]) list.clear();
  if (queue.deadLetters !== undefined) closeQueue(queue.deadLetters);
}

export interface PeekRequest {
  readonly fromSequenceNumber: number;
  readonly count: number;
  readonly sessionId: string | undefined;
}

/** Messages of any state, locked or not, in order, without touching them. */
export function peek(queue: Queue, request: PeekRequest): QueueMessage[] {
  const found: QueueMessage[] = [];
  if (request.count <= 0) return found;
  for (const message of queue.all.from(request.fromSequenceNumber)) {
    if (request.sessionId !== undefined && message.sent.sessionId !== request.sessionId) continue;
    found.push(message);
    if (found.length >= request.count) break;
  }
  return found;
}

/** How many messages a queue holds. `active` counts those that wait; each message is counted once but for dead letters. */
export interface QueueCounts {
  readonly active: number;
  readonly locked: number;
  readonly scheduled: number;
  readonly deferred: number;
  readonly deadLetter: number;
}

export function countMessages(queue: Queue): QueueCounts {
  const counts = {
    active: 0,
    locked: 0,
    scheduled: 0,
    deferred: 0,
    deadLetter: queue.deadLetters?.all.size ?? 0,
  };
  for (const message of queue.all.from(0)) {
    if (message.lock === undefined) counts[message.state]++;
    else counts.locked++;
  }
  return counts;
}
