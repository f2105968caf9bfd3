import { describe, expect, test } from '@jest/globals';
import { QueueError } from '../../../sandbox/service-bus/engine/queue-error.ts';
import { receiveDeferred, renewLocks, settle } from '../../../sandbox/service-bus/engine/settlement.ts';
import { engine, entriesOf, receiver, sendAll, sent, tokenOf } from './engine-fixture.ts';

const abandon = { kind: 'abandon', properties: {} } as const;
const defer = { kind: 'defer', properties: {} } as const;
const deadLetter = {
  kind: 'dead-letter',
  properties: {},
  reason: { reason: 'bad', description: 'very' },
} as const;

function conditionOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof QueueError) return error.condition;
    throw error;
  }
  return 'no error';
}

describe('a message that is received under a lock', () => {
  test('is gone when it is completed, and leaves nothing behind', () => {
    const { queue } = engine();
    const before = entriesOf(queue);
    sendAll(queue, 'a');
    const bob = receiver(queue);
    settle(queue, tokenOf(bob.last()), { kind: 'complete' });
    bob.leave();
    expect(bob.ids()).toEqual(['a']);
    expect(entriesOf(queue)).toEqual(before);
  });

  test('is given to nobody else while the lock lasts', () => {
    const { clock, queue } = engine();
    sendAll(queue, 'a');
    receiver(queue);
    clock.pass(29_999);
    expect(receiver(queue).ids()).toEqual([]);
  });

  test('comes back with one more delivery when the lock runs out', () => {
    const { clock, queue } = engine();
    sendAll(queue, 'a');
    const bob = receiver(queue);
    clock.pass(30_000);
    expect(bob.ids()).toEqual(['a', 'a']);
    expect(bob.last().deliveryCount).toBe(1);
  });

  test('cannot be settled once its lock ran out', () => {
    const { clock, queue } = engine();
    sendAll(queue, 'a');
    const token = tokenOf(receiver(queue, { credit: 1 }).last());
    clock.pass(30_000);
    expect(conditionOf(() => settle(queue, token, { kind: 'complete' }))).toBe(
      'com.microsoft:message-lock-lost',
    );
  });

  test('cannot be settled twice', () => {
    const { queue } = engine();
    sendAll(queue, 'a');
    const token = tokenOf(receiver(queue).last());
    settle(queue, token, { kind: 'complete' });
    expect(conditionOf(() => settle(queue, token, { kind: 'complete' }))).toBe(
      'com.microsoft:message-lock-lost',
    );
  });

  test('stays locked when its receiver goes away', () => {
    const { queue } = engine();
    sendAll(queue, 'a');
    receiver(queue).leave();
    expect(receiver(queue).ids()).toEqual([]);
  });

  test('is kept longer by a renewal, counted from the renewal', () => {
    const { clock, queue } = engine();
    sendAll(queue, 'a');
    const bob = receiver(queue, { credit: 2 });
    clock.pass(20_000);
    expect(renewLocks(queue, [tokenOf(bob.last())])).toEqual([clock.nowInMs() + 30_000]);
    clock.pass(29_999);
    expect(bob.ids()).toEqual(['a']);
    clock.pass(1);
    expect(bob.ids()).toEqual(['a', 'a']);
  });

  test('renews none of several locks when one of them is lost', () => {
    const { clock, queue } = engine();
    sendAll(queue, 'a');
    const bob = receiver(queue, { credit: 1 });
    clock.pass(10_000);
    const renew = () => renewLocks(queue, [tokenOf(bob.last()), 'no-such-lock']);
    expect(conditionOf(renew)).toBe('com.microsoft:message-lock-lost');
    expect(queue.lockExpiry.dueAtInMs(bob.last())).toBe(clock.nowInMs() + 20_000);
  });
});

describe('an abandoned message', () => {
  test('goes back to its old place, with one more delivery', () => {
    const { queue } = engine();
    sendAll(queue, 'a', 'b', 'c');
    const bob = receiver(queue, { credit: 2 });
    const [first] = bob.messages;
    if (first === undefined) throw new Error('nothing came');
    settle(queue, tokenOf(first), abandon);
    bob.ask(2);
    expect(bob.ids()).toEqual(['a', 'b', 'a', 'c']);
    expect(bob.messages.map((message) => message.deliveryCount)).toEqual([1, 0, 1, 0]);
  });

  test('keeps the properties that it was abandoned with', () => {
    const { queue } = engine();
    sendAll(queue, 'a');
    const bob = receiver(queue);
    settle(queue, tokenOf(bob.last()), { kind: 'abandon', properties: { x: Buffer.of(1) } });
    settle(queue, tokenOf(bob.last()), { kind: 'abandon', properties: { y: Buffer.of(2) } });
    expect(bob.last().addedProperties).toEqual({ x: Buffer.of(1), y: Buffer.of(2) });
  });

  test('is dead-lettered when it was delivered as often as the queue allows', () => {
    const { queue, deadLetters } = engine([{ maxDeliveryCount: 3 }]);
    sendAll(queue, 'a');
    const bob = receiver(queue);
    for (let time = 0; time < 3; time++) settle(queue, tokenOf(bob.last()), abandon);
    expect(bob.ids()).toEqual(['a', 'a', 'a']);
    const dead = receiver(deadLetters).last();
    expect(dead.deadLetter).toEqual({
      reason: 'MaxDeliveryCountExceeded',
      description: 'Message could not be consumed after 3 delivery attempts.',
    });
  });

  test('is dead-lettered also when its locks ran out as often', () => {
    const { clock, queue, deadLetters } = engine([{ maxDeliveryCount: 2 }]);
    sendAll(queue, 'a');
    receiver(queue);
    clock.pass(30_000);
    expect(deadLetters.all.size).toBe(0);
    clock.pass(30_000);
    expect(deadLetters.all.size).toBe(1);
  });

  test('is not counted when the client only releases it', () => {
    const { queue } = engine();
    sendAll(queue, 'a');
    const bob = receiver(queue);
    settle(queue, tokenOf(bob.last()), { kind: 'release' });
    expect(bob.ids()).toEqual(['a', 'a']);
    expect(bob.last().deliveryCount).toBe(0);
  });
});

describe('a deferred message', () => {
  function deferred() {
    const { queue, clock, deadLetters } = engine();
    const [sequenceNumber = 0] = sendAll(queue, 'a');
    const bob = receiver(queue);
    settle(queue, tokenOf(bob.last()), defer);
    const take = (deletes = false) =>
      receiveDeferred(queue, { sequenceNumbers: [sequenceNumber], deletes, sessionId: undefined });
    return { queue, clock, deadLetters, bob, take, sequenceNumber };
  }

  test('comes only to those who ask for it by number', () => {
    const { queue, bob, take } = deferred();
    expect(receiver(queue).ids()).toEqual([]);
    expect(bob.ids()).toEqual(['a']);
    expect(take().map((message) => [message.state, message.deliveryCount])).toEqual([['deferred', 1]]);
  });

  test('stays deferred when it is abandoned or deferred again, counted each time', () => {
    const { queue, take, bob } = deferred();
    for (const settlement of [abandon, defer]) {
      const [message] = take();
      if (message === undefined) throw new Error('nothing came');
      settle(queue, tokenOf(message), settlement);
    }
    expect(take().map((message) => message.deliveryCount)).toEqual([3]);
    expect(bob.ids()).toEqual(['a']);
  });

  test('stays deferred when its lock runs out', () => {
    const { clock, take, bob } = deferred();
    take();
    clock.pass(30_000);
    expect(bob.ids()).toEqual(['a']);
    expect(take()).toHaveLength(1);
  });

  test('is not found while somebody else has it', () => {
    const { take } = deferred();
    take();
    expect(conditionOf(() => take())).toBe('com.microsoft:message-not-found');
  });

  test('is gone at once in receive-and-delete', () => {
    const { queue, take } = deferred();
    take(true);
    expect(queue.all.size).toBe(0);
  });

  test('takes none when one of the numbers is not that of a deferred message', () => {
    const { queue, sequenceNumber } = deferred();
    const [active = 0] = sendAll(queue, 'b');
    const request = { sequenceNumbers: [sequenceNumber, active], deletes: true, sessionId: undefined };
    expect(conditionOf(() => receiveDeferred(queue, request))).toBe('com.microsoft:message-not-found');
    expect(queue.all.size).toBe(2);
  });

  test('does not expire', () => {
    const { clock, take } = deferred();
    clock.pass(4_000_000);
    expect(take()).toHaveLength(1);
  });
});

describe('a dead-lettered message', () => {
  test('carries its reason, keeps its number and delivery count, and is not counted for it', () => {
    const { queue, deadLetters } = engine();
    const [sequenceNumber] = sendAll(queue, 'a');
    const bob = receiver(queue);
    settle(queue, tokenOf(bob.last()), deadLetter);
    const dead = receiver(deadLetters).last();
    expect(dead).toMatchObject({
      sequenceNumber,
      deliveryCount: 0,
      deadLetter: deadLetter.reason,
      state: 'active',
    });
    expect(queue.all.size).toBe(0);
  });

  test('cannot be dead-lettered again, and keeps its lock when that is tried', () => {
    const { queue, deadLetters } = engine();
    sendAll(queue, 'a');
    settle(queue, tokenOf(receiver(queue).last()), deadLetter);
    const token = tokenOf(receiver(deadLetters).last());
    expect(conditionOf(() => settle(deadLetters, token, deadLetter))).toBe('amqp:not-allowed');
    settle(deadLetters, token, { kind: 'complete' });
    expect(deadLetters.all.size).toBe(0);
  });

  test('is delivered as often as it is abandoned, uncounted', () => {
    const { queue, deadLetters } = engine([{ maxDeliveryCount: 1 }]);
    sendAll(queue, 'a');
    settle(queue, tokenOf(receiver(queue).last()), deadLetter);
    const eve = receiver(deadLetters);
    for (let time = 0; time < 5; time++) settle(deadLetters, tokenOf(eve.last()), abandon);
    expect(eve.messages).toHaveLength(6);
    expect(eve.last().deliveryCount).toBe(0);
  });

  test('goes on to the queue that dead letters are forwarded to, which learns where it came from', () => {
    const { namespace, queue, deadLetters } = engine([
      { forwardDeadLettersTo: 'Graveyard' },
      { name: 'graveyard' },
    ]);
    const [sequenceNumber] = sendAll(queue, sent('x'));
    settle(queue, tokenOf(receiver(queue).last()), deadLetter);
    const graveyard = namespace.find('graveyard');
    if (graveyard === undefined) throw new Error('there is no graveyard');
    const found = receiver(graveyard).last();
    expect(found).toMatchObject({
      deadLetterSource: 'orders',
      enqueueSequenceNumber: sequenceNumber,
      deadLetter: deadLetter.reason,
    });
    expect(deadLetters.all.size).toBe(0);
  });
});
