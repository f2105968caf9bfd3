import { describe, expect, test } from '@jest/globals';
import type { MessageSession } from '../../../sandbox/service-bus/engine/queue-model.ts';
import {
  acceptNextSession,
  acceptSession,
  listSessions,
  releaseSession,
  renewSession,
  sessionState,
  setSessionState,
} from '../../../sandbox/service-bus/engine/sessions.ts';
import { receiveDeferred, settle } from '../../../sandbox/service-bus/engine/settlement.ts';
import { engine, entriesOf, receiver, sendAll, sent, tokenOf } from './engine-fixture.ts';

function withSessions() {
  return engine([{ requiresSession: true, lockDurationInMs: 10_000, maxDeliveryCount: 2 }]);
}

function holder() {
  const losses: string[] = [];
  return { losses, lost: (error: Error) => void losses.push(error.message) };
}

const inSession = (session: string, id: string) => sent(id, { sessionId: session });

/** Someone who waits for a session, and what came of it. */
function waiter() {
  const outcome: { session?: MessageSession; refusal?: string } = {};
  return {
    outcome,
    holder: holder(),
    granted(session: MessageSession) {
      outcome.session = session;
    },
    refused(error: Error) {
      outcome.refusal = error.message;
    },
  };
}

describe('a queue with sessions', () => {
  test('refuses a message without a session, and the whole batch with it', () => {
    const { queue } = withSessions();
    expect(() => sendAll(queue, inSession('A', '1'), '2')).toThrow(/SessionId was not set/);
    expect(queue.all.size).toBe(0);
  });

  test('gives a holder the messages of its session only, in order', () => {
    const { queue } = withSessions();
    sendAll(queue, inSession('A', '1'), inSession('B', '2'), inSession('A', '3'));
    const session = acceptSession(queue, 'A', holder());
    expect(receiver(queue, { lane: session.lane }).ids()).toEqual(['1', '3']);
  });

  test('lets one at a time hold a session', () => {
    const { queue } = withSessions();
    acceptSession(queue, 'A', holder());
    expect(() => acceptSession(queue, 'A', holder())).toThrow(/cannot be accepted/);
  });

  test('grants a named session that has no messages', () => {
    const { queue } = withSessions();
    const session = acceptSession(queue, 'A', holder());
    const bob = receiver(queue, { lane: session.lane });
    sendAll(queue, inSession('A', '1'));
    expect(bob.ids()).toEqual(['1']);
  });

  test('keeps its dead letters without sessions', () => {
    const { queue, deadLetters } = withSessions();
    sendAll(queue, inSession('A', '1'));
    const bob = receiver(queue, { lane: acceptSession(queue, 'A', holder()).lane });
    const reason = { reason: 'x', description: undefined };
    settle(queue, tokenOf(bob.last()), { kind: 'dead-letter', properties: {}, reason });
    const dead = receiver(deadLetters).last();
    expect(dead.sent.sessionId).toBe('A');
    settle(deadLetters, tokenOf(dead), { kind: 'complete' });
    expect(deadLetters.all.size).toBe(0);
  });
});

describe('the next session', () => {
  test('is a free one with messages', () => {
    const { queue } = withSessions();
    sendAll(queue, inSession('A', '1'), inSession('B', '2'));
    acceptSession(queue, 'A', holder());
    const bob = waiter();
    acceptNextSession(queue, bob, 1000);
    expect(bob.outcome.session?.id).toBe('B');
  });

  test('comes as soon as a message for a free session does', () => {
    const { queue } = withSessions();
    const bob = waiter();
    acceptNextSession(queue, bob, 1000);
    expect(bob.outcome).toEqual({});
    sendAll(queue, inSession('C', '1'));
    expect(bob.outcome.session?.id).toBe('C');
  });

  test('goes to the first who waits', () => {
    const { queue } = withSessions();
    const [bob, eve] = [waiter(), waiter()];
    for (const each of [bob, eve]) acceptNextSession(queue, each, 1000);
    sendAll(queue, inSession('A', '1'), inSession('B', '2'));
    expect([bob.outcome.session?.id, eve.outcome.session?.id]).toEqual(['A', 'B']);
  });

  test('is refused after the time-out, once', () => {
    const { clock, queue } = withSessions();
    const bob = waiter();
    acceptNextSession(queue, bob, 1000);
    clock.pass(1000);
    sendAll(queue, inSession('A', '1'));
    expect(bob.outcome).toEqual({ refusal: expect.stringMatching(/No session/) });
  });

  test('is never granted to one who stopped waiting', () => {
    const { clock, queue } = withSessions();
    const bob = waiter();
    acceptNextSession(queue, bob, 1000)();
    sendAll(queue, inSession('A', '1'));
    clock.pass(2000);
    expect(bob.outcome).toEqual({});
  });

  test('is one that was given back with messages', () => {
    const { queue } = withSessions();
    const first = holder();
    sendAll(queue, inSession('A', '1'));
    const session = acceptSession(queue, 'A', first);
    receiver(queue, { lane: session.lane });
    const bob = waiter();
    acceptNextSession(queue, bob, 1000);
    releaseSession(queue, session, first);
    expect(bob.outcome.session?.id).toBe('A');
  });
});

describe('the lock of a session', () => {
  test('covers its messages: they come back uncounted when it is released', () => {
    const { queue } = withSessions();
    sendAll(queue, inSession('A', '1'));
    const bob = holder();
    const session = acceptSession(queue, 'A', bob);
    receiver(queue, { lane: session.lane });
    releaseSession(queue, session, bob);
    const eve = receiver(queue, { lane: acceptSession(queue, 'A', holder()).lane });
    expect(eve.messages.map((message) => message.deliveryCount)).toEqual([0]);
    expect(bob.losses).toEqual([]);
  });

  test('runs out: the holder is told, the messages come back counted', () => {
    const { clock, queue } = withSessions();
    sendAll(queue, inSession('A', '1'));
    const bob = holder();
    receiver(queue, { lane: acceptSession(queue, 'A', bob).lane });
    clock.pass(10_000);
    expect(bob.losses).toHaveLength(1);
    const eve = receiver(queue, { lane: acceptSession(queue, 'A', holder()).lane });
    expect(eve.messages.map((message) => message.deliveryCount)).toEqual([1]);
  });

  test('is prolonged for all its messages at once', () => {
    const { clock, queue } = withSessions();
    sendAll(queue, inSession('A', '1'));
    const bob = holder();
    const received = receiver(queue, { lane: acceptSession(queue, 'A', bob).lane });
    clock.pass(8000);
    expect(renewSession(queue, 'A')).toBe(clock.nowInMs() + 10_000);
    clock.pass(8000);
    settle(queue, tokenOf(received.last()), { kind: 'complete' });
    expect(bob.losses).toEqual([]);
  });

  test('cannot be renewed by anybody when nobody holds it', () => {
    const { queue } = withSessions();
    expect(() => renewSession(queue, 'A')).toThrow(/lock of the session 'A' is lost/);
  });

  test('cannot be released by one who lost it to another', () => {
    const { clock, queue } = withSessions();
    const bob = holder();
    const session = acceptSession(queue, 'A', bob);
    clock.pass(10_000);
    const eve = holder();
    const again = acceptSession(queue, 'A', eve);
    releaseSession(queue, session, bob);
    expect(again.holder).toBe(eve);
  });
});

describe('the state of a session', () => {
  test('outlives its messages and its holder', () => {
    const { queue } = withSessions();
    const bob = holder();
    const session = acceptSession(queue, 'A', bob);
    setSessionState(queue, 'A', Buffer.from('half done'));
    releaseSession(queue, session, bob);
    expect(sessionState(queue, 'A')?.toString()).toBe('half done');
    expect(listSessions(queue)).toEqual(['A']);
  });

  test('can be cleared, and then nothing of the session is left', () => {
    const { queue } = withSessions();
    const before = entriesOf(queue);
    const bob = holder();
    const session = acceptSession(queue, 'A', bob);
    setSessionState(queue, 'A', Buffer.from('x'));
    setSessionState(queue, 'A', undefined);
    releaseSession(queue, session, bob);
    expect(sessionState(queue, 'A')).toBeUndefined();
    expect(entriesOf(queue)).toEqual(before);
  });

  test('can be set only by a holder', () => {
    const { queue } = withSessions();
    expect(() => setSessionState(queue, 'A', Buffer.from('x'))).toThrow(/lost/);
  });
});

test('deferred messages of a session are for its holder alone', () => {
  const { queue } = withSessions();
  const [number = 0] = sendAll(queue, inSession('A', '1'));
  const bob = holder();
  const received = receiver(queue, { lane: acceptSession(queue, 'A', bob).lane });
  settle(queue, tokenOf(received.last()), { kind: 'defer', properties: {} });
  acceptSession(queue, 'B', holder());
  const take = (sessionId: string) =>
    receiveDeferred(queue, { sequenceNumbers: [number], deletes: false, sessionId });
  expect(() => take('B')).toThrow(/Failed to find/);
  expect(() => take('C')).toThrow(/lost/);
  expect(take('A')).toHaveLength(1);
});
