import { describe, expect, test } from '@jest/globals';
import { countMessages, peek } from '../../../sandbox/service-bus/engine/queue.ts';
import { cancelScheduled } from '../../../sandbox/service-bus/engine/sending.ts';
import { settle } from '../../../sandbox/service-bus/engine/settlement.ts';
import { engine, entriesOf, receiver, sendAll, sent, tokenOf } from './engine-fixture.ts';

describe('receiving', () => {
  test('follows the order of sending', () => {
    const { queue } = engine();
    sendAll(queue, 'a', 'b', 'c');
    expect(receiver(queue).ids()).toEqual(['a', 'b', 'c']);
  });

  test('never goes beyond the credit', () => {
    const { queue } = engine();
    sendAll(queue, 'a', 'b', 'c');
    const bob = receiver(queue, { credit: 2 });
    expect(bob.ids()).toEqual(['a', 'b']);
    bob.ask(5);
    expect(bob.ids()).toEqual(['a', 'b', 'c']);
  });

  test('takes turns between receivers with credit', () => {
    const { queue } = engine();
    const bob = receiver(queue);
    const eve = receiver(queue);
    sendAll(queue, 'a', 'b', 'c', 'd');
    expect([bob.ids(), eve.ids()]).toEqual([
      ['a', 'c'],
      ['b', 'd'],
    ]);
  });

  test('with deletion needs no settling', () => {
    const { queue } = engine();
    sendAll(queue, 'a');
    const bob = receiver(queue, { deletes: true });
    bob.leave();
    expect(bob.last().lock).toBeUndefined();
    expect(queue.all.size).toBe(0);
  });

  test('of 100,000 messages leaves no entry in any structure', () => {
    const { queue } = engine([{ duplicateWindowInMs: 0 }]);
    const before = entriesOf(queue);
    const bob = receiver(queue, { credit: 1_000_000 });
    for (let round = 0; round < 1000; round++) {
      sendAll(queue, ...Array.from({ length: 100 }, (_, index) => `${round}-${index}`));
      for (const message of bob.messages.splice(0)) settle(queue, tokenOf(message), { kind: 'complete' });
    }
    bob.leave();
    expect(entriesOf(queue)).toEqual(before);
    expect(queue.all.places).toBeLessThan(200);
    expect(queue.lane.ready.places).toBeLessThan(200);
  });
});

describe('a scheduled message', () => {
  test('has a number at once, but is not received before its time', () => {
    const { clock, queue } = engine();
    const [number] = sendAll(queue, sent('later', { scheduledForInMs: clock.nowInMs() + 5000 }));
    const bob = receiver(queue);
    clock.pass(4999);
    expect(number).toBe(1);
    expect(bob.ids()).toEqual([]);
    clock.pass(1);
    expect(bob.ids()).toEqual(['later']);
  });

  test('joins the end of the queue under a new number, enqueued at its time', () => {
    const { clock, queue } = engine();
    const dueAtInMs = clock.nowInMs() + 5000;
    sendAll(queue, sent('later', { scheduledForInMs: dueAtInMs }), 'now');
    clock.pass(5000);
    const bob = receiver(queue);
    expect(bob.ids()).toEqual(['now', 'later']);
    expect(bob.last()).toMatchObject({
      sequenceNumber: 3,
      enqueueSequenceNumber: 1,
      enqueuedAtInMs: dueAtInMs,
      wasScheduled: true,
    });
  });

  test('counts its time to live from its activation', () => {
    const { clock, queue } = engine();
    sendAll(queue, sent('later', { scheduledForInMs: clock.nowInMs() + 5000, timeToLiveInMs: 1000 }));
    clock.pass(5500);
    expect(receiver(queue).ids()).toEqual(['later']);
  });

  test('for a time that is over is an ordinary one', () => {
    const { clock, queue } = engine();
    sendAll(queue, sent('past', { scheduledForInMs: clock.nowInMs() - 1 }));
    expect(receiver(queue).ids()).toEqual(['past']);
  });

  test('never comes once it is cancelled', () => {
    const { clock, queue } = engine();
    const numbers = sendAll(queue, sent('later', { scheduledForInMs: clock.nowInMs() + 5000 }));
    cancelScheduled(queue, numbers);
    clock.pass(6000);
    expect(receiver(queue).ids()).toEqual([]);
    expect(queue.activation.size).toBe(0);
  });

  test('is kept when the cancellation names another one that is not scheduled', () => {
    const { clock, queue } = engine();
    const numbers = sendAll(queue, sent('later', { scheduledForInMs: clock.nowInMs() + 5000 }), 'now');
    expect(() => cancelScheduled(queue, numbers)).toThrow(/sequence number 2/);
    clock.pass(5000);
    expect(receiver(queue).ids()).toEqual(['now', 'later']);
  });
});

describe('the time to live', () => {
  test('is the shorter one of the message and the queue', () => {
    const { clock, queue } = engine([{ defaultTimeToLiveInMs: 1000 }]);
    sendAll(queue, sent('short', { timeToLiveInMs: 500 }), sent('long', { timeToLiveInMs: 9000 }));
    clock.pass(500);
    expect(peekedIds(queue)).toEqual(['long']);
    clock.pass(500);
    expect(peekedIds(queue)).toEqual([]);
  });

  test('drops a message at its end, or dead-letters it where the queue wants that', () => {
    const { clock, queue, deadLetters } = engine([{ deadLettersExpired: true }]);
    sendAll(queue, sent('a', { timeToLiveInMs: 500 }));
    clock.pass(500);
    expect(receiver(queue).ids()).toEqual([]);
    expect(receiver(deadLetters).last().deadLetter?.reason).toBe('TTLExpiredException');
  });

  test('spares a locked message until it comes back', () => {
    const { clock, queue } = engine();
    sendAll(queue, sent('a', { timeToLiveInMs: 500 }));
    const bob = receiver(queue);
    clock.pass(600);
    expect(queue.all.size).toBe(1);
    settle(queue, tokenOf(bob.last()), { kind: 'abandon', properties: {} });
    expect(queue.all.size).toBe(0);
    expect(bob.ids()).toEqual(['a']);
  });

  test('does not exist in a dead-letter queue', () => {
    const { clock, queue, deadLetters } = engine([{ deadLettersExpired: true }]);
    sendAll(queue, sent('a', { timeToLiveInMs: 500 }));
    clock.pass(10_000_000);
    expect(receiver(deadLetters).ids()).toEqual(['a']);
  });
});

function peekedIds(queue: Parameters<typeof peek>[0], fromSequenceNumber = 0): string[] {
  const found = peek(queue, { fromSequenceNumber, count: 100, sessionId: undefined });
  return found.map((message) => message.sent.messageId);
}

describe('duplicate detection', () => {
  const window = { duplicateWindowInMs: 10_000 };

  test('drops a message whose id came within the window, and tells the sender nothing', () => {
    const { queue } = engine([window]);
    expect(sendAll(queue, 'a', 'b', 'a')).toHaveLength(3);
    expect(receiver(queue).ids()).toEqual(['a', 'b']);
  });

  test('remembers an id also after its message was completed', () => {
    const { queue } = engine([window]);
    sendAll(queue, 'a');
    const bob = receiver(queue);
    settle(queue, tokenOf(bob.last()), { kind: 'complete' });
    sendAll(queue, 'a');
    expect(bob.ids()).toEqual(['a']);
  });

  test('forgets an id when the window since its first arrival is over', () => {
    const { clock, queue } = engine([window]);
    sendAll(queue, 'a');
    clock.pass(9999);
    sendAll(queue, 'a');
    clock.pass(1);
    sendAll(queue, 'a');
    expect(receiver(queue).ids()).toEqual(['a', 'a']);
    clock.pass(10_000);
    expect(queue.seen.size).toBe(0);
  });

  test('sees a scheduled message when it is scheduled', () => {
    const { clock, queue } = engine([window]);
    sendAll(queue, sent('a', { scheduledForInMs: clock.nowInMs() + 5000 }), 'a');
    expect(receiver(queue).ids()).toEqual([]);
  });

  test('is off by default', () => {
    const { queue } = engine();
    sendAll(queue, 'a', 'a');
    expect(receiver(queue).ids()).toEqual(['a', 'a']);
  });
});

describe('forwarding', () => {
  test('moves each message on under a new number and keeps none', () => {
    const { namespace, queue } = engine([
      { forwardTo: 'second' },
      { name: 'second', forwardTo: 'third' },
      { name: 'third' },
    ]);
    sendAll(queue, 'a', 'b');
    const third = namespace.find('third');
    if (third === undefined) throw new Error('there is no third queue');
    expect(
      receiver(third).messages.map((message) => [message.sent.messageId, message.enqueueSequenceNumber]),
    ).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
    expect(queue.all.size).toBe(0);
  });

  test('waits for the time of a scheduled message', () => {
    const { clock, namespace, queue } = engine([{ forwardTo: 'second' }, { name: 'second' }]);
    const second = namespace.find('second');
    if (second === undefined) throw new Error('there is no second queue');
    sendAll(queue, sent('a', { scheduledForInMs: clock.nowInMs() + 1000 }));
    expect(second.all.size).toBe(0);
    clock.pass(1000);
    expect(receiver(second).ids()).toEqual(['a']);
  });
});

describe('peeking', () => {
  test('shows messages of every state in order, from a number on', () => {
    const { clock, queue } = engine();
    sendAll(queue, 'a', sent('later', { scheduledForInMs: clock.nowInMs() + 5000 }), 'b', 'c');
    const bob = receiver(queue, { credit: 2 });
    settle(queue, tokenOf(bob.last()), { kind: 'defer', properties: {} });
    expect(peekedIds(queue)).toEqual(['a', 'later', 'b', 'c']);
    expect(peekedIds(queue, 3)).toEqual(['b', 'c']);
  });

  test('stops at the number of messages asked for', () => {
    const { queue } = engine();
    sendAll(queue, 'a', 'b', 'c');
    expect(peek(queue, { fromSequenceNumber: 0, count: 2, sessionId: undefined })).toHaveLength(2);
    expect(peek(queue, { fromSequenceNumber: 0, count: 0, sessionId: undefined })).toHaveLength(0);
  });
});

test('counts tell waiting, locked, scheduled, deferred and dead messages apart', () => {
  const { clock, queue } = engine();
  sendAll(
    queue,
    'dead',
    'deferred',
    'locked',
    'waiting',
    sent('later', { scheduledForInMs: clock.nowInMs() + 1 }),
  );
  const [dead, deferred] = receiver(queue, { credit: 3 }).messages;
  if (dead === undefined || deferred === undefined) throw new Error('nothing came');
  const reason = { reason: undefined, description: undefined };
  settle(queue, tokenOf(dead), { kind: 'dead-letter', properties: {}, reason });
  settle(queue, tokenOf(deferred), { kind: 'defer', properties: {} });
  expect(countMessages(queue)).toEqual({ active: 1, locked: 1, scheduled: 1, deferred: 1, deadLetter: 1 });
});

describe('a delivery fault', () => {
  test('duplicates a delivery: a second message with the same id and its own lock', () => {
    let left = 1;
    const { queue } = engine([{ duplicateWindowInMs: 10_000 }], {
      deliveryFault: () => ({ delayInMs: 0, duplicated: left-- > 0 }),
    });
    sendAll(queue, 'a');
    const bob = receiver(queue);
    expect(bob.ids()).toEqual(['a', 'a']);
    expect(new Set(bob.messages.map(tokenOf)).size).toBe(2);
  });

  test('delays a delivery while later messages go ahead', () => {
    let left = 1;
    const { clock, queue } = engine([{}], {
      deliveryFault: () => ({ delayInMs: left-- > 0 ? 1000 : 0, duplicated: false }),
    });
    sendAll(queue, 'a', 'b');
    const bob = receiver(queue);
    expect(bob.ids()).toEqual(['b']);
    clock.pass(1000);
    expect(bob.ids()).toEqual(['b', 'a']);
  });
});
