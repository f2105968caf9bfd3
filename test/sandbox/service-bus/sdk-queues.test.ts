import type {
  ServiceBusClient,
  ServiceBusMessage,
  ServiceBusReceivedMessage,
  ServiceBusReceiver,
} from '@azure/service-bus';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { bodies, codeOf, type QueueKind, single, startBus, until } from './bus-fixture.ts';

let started: Awaited<ReturnType<typeof startBus>>;
let client: ServiceBusClient;
let queue: string;
let receiver: ServiceBusReceiver;

function use(kind: QueueKind): void {
  queue = started.fresh(kind);
  receiver = client.createReceiver(queue);
}

beforeAll(async () => {
  started = await startBus();
  client = started.connect();
});
afterAll(() => started.stop());
beforeEach(() => use('plain'));

const send = (message: ServiceBusMessage | ServiceBusMessage[]) =>
  client.createSender(queue).sendMessages(message);
const receive = async (from = receiver): Promise<ServiceBusReceivedMessage> =>
  single(await from.receiveMessages(1, { maxWaitTimeInMs: 3000 }));
const counts = () => started.bus.counts()[queue];
const none = { active: 0, locked: 0, scheduled: 0, deferred: 0, deadLetter: 0 };

describe('a message sent with the official SDK', () => {
  test('arrives with everything that it was given', async () => {
    const message = {
      body: { text: 'hello', numbers: [1, 2.5, -3] },
      messageId: 'm-1',
      correlationId: 'c-1',
      contentType: 'application/json',
      subject: 'subject',
      to: 'to',
      replyTo: 'reply-to',
      replyToSessionId: 'reply-session',
      sessionId: 'some-session',
      partitionKey: 'some-session',
      timeToLive: 60_000,
      applicationProperties: {
        text: 'x',
        whole: 7,
        fraction: 1.5,
        yes: true,
        nothing: null,
      },
    };
    await send(message);
    const received = await receive();
    expect(received).toMatchObject(message);
    expect(received).toMatchObject({ deliveryCount: 0, state: 'active' });
    expect(received.sequenceNumber?.toString()).toBe('1');
    expect(Number(received.enqueuedTimeUtc)).toBeGreaterThan(Date.now() - 10_000);
    expect(Number(received.lockedUntilUtc)).toBeGreaterThan(Date.now() + 50_000);
  });

  test('gets an id when it has none', async () => {
    await send({ body: 1 });
    expect((await receive()).messageId).toMatch(/^[0-9a-f]{32}$/);
  });

  test.each([
    ['text', 'text ÄÖÜ €'],
    ['a large text', 'x'.repeat(200_000)],
    ['null', null],
    ['bytes', Buffer.from([0, 1, 2, 255])],
    ['a number', 42],
  ])('keeps a body of %s', async (_, body) => {
    await send({ body });
    expect((await receive()).body).toEqual(body);
  });

  test('keeps AMQP bodies, header, footer and annotations of its own', async () => {
    await client.createSender(queue).sendMessages({
      body: [['a', 1], ['b']],
      bodyType: 'sequence',
      header: { priority: 9, durable: true },
      footer: { checksum: 'abc' },
      properties: { contentEncoding: 'gzip' },
    });
    const { body, _rawAmqpMessage: raw } = await receive();
    expect(body).toEqual([['a', 1], ['b']]);
    expect(raw).toMatchObject({
      bodyType: 'sequence',
      header: { priority: 9, durable: true },
      footer: { checksum: 'abc' },
      properties: { contentEncoding: 'gzip' },
    });
  });
});

describe('a batch', () => {
  test('arrives whole and in order', async () => {
    await send(Array.from({ length: 50 }, (_, index) => ({ body: index })));
    const received = await receiver.receiveMessages(50, { maxWaitTimeInMs: 3000 });
    expect(bodies(received)).toEqual(Array.from({ length: 50 }, (_, index) => index));
  });

  test('takes no more than the queue takes at once', async () => {
    const sender = client.createSender(queue);
    const batch = await sender.createMessageBatch();
    const body = 'x'.repeat(100_000);
    expect([
      batch.tryAddMessage({ body }),
      batch.tryAddMessage({ body }),
      batch.tryAddMessage({ body }),
    ]).toEqual([true, true, false]);
    expect(batch.maxSizeInBytes).toBe(262_144);
    await sender.sendMessages(batch);
    expect(counts()).toEqual({ ...none, active: 2 });
  });

  test('is refused whole when it is too large', async () => {
    const messages = Array.from({ length: 4 }, () => ({ body: 'x'.repeat(100_000) }));
    expect(await codeOf(send(messages))).toBe('MessageSizeExceeded');
    expect(counts()).toEqual(none);
  });
});

describe('settling', () => {
  test('completes a message for good', async () => {
    await send({ body: 1 });
    await receiver.completeMessage(await receive());
    expect(counts()).toEqual(none);
  });

  test('abandons a message with changed properties, until it is dead-lettered for it', async () => {
    await send({ body: 1, applicationProperties: { kept: 1.5, changed: 'old' } });
    for (let delivery = 0; delivery < 3; delivery++) {
      const message = await receive();
      expect(message.deliveryCount).toBe(delivery);
      await receiver.abandonMessage(message, { changed: 'new' });
    }
    const dead = await receive(client.createReceiver(queue, { subQueueType: 'deadLetter' }));
    expect(dead).toMatchObject({
      deadLetterReason: 'MaxDeliveryCountExceeded',
      deliveryCount: 3,
      applicationProperties: { kept: 1.5, changed: 'new' },
    });
  });

  test('defers a message until it is asked for by number', async () => {
    await send({ body: 'deferred' });
    const message = await receive();
    await receiver.deferMessage(message, { why: 'later' });
    expect(counts()).toEqual({ ...none, deferred: 1 });
    const numbers = message.sequenceNumber ?? [];
    const again = single(await receiver.receiveDeferredMessages(numbers));
    expect(again).toMatchObject({
      body: 'deferred',
      state: 'deferred',
      applicationProperties: { why: 'later' },
    });
    await receiver.completeMessage(again);
    expect(await codeOf(receiver.receiveDeferredMessages(numbers))).toBe('MessageNotFound');
  });

  test('dead-letters a message with reason, description and more', async () => {
    await send({ body: 'poison' });
    const how = { deadLetterReason: 'why', deadLetterErrorDescription: 'what', attempt: 3 };
    await receiver.deadLetterMessage(await receive(), how);
    const deadLetters = client.createReceiver(queue, { subQueueType: 'deadLetter' });
    const dead = await receive(deadLetters);
    expect(dead).toMatchObject({
      body: 'poison',
      deadLetterReason: 'why',
      deadLetterErrorDescription: 'what',
    });
    expect(dead.applicationProperties).toMatchObject({ attempt: 3 });
    await deadLetters.completeMessage(dead);
    expect(counts()).toEqual(none);
  });

  test('after the receiver was closed works through the management link', async () => {
    await send({ body: 1 });
    const message = await receive();
    await receiver.close();
    const other = client.createReceiver(queue);
    await other.peekMessages(1);
    await codeOf(receiver.completeMessage(message));
    expect(counts()).toEqual({ ...none, locked: 1 });
  });

  test('fails once the lock ran out, and the message comes again', async () => {
    use('short');
    receiver = client.createReceiver(queue, { maxAutoLockRenewalDurationInMs: 0 });
    await send({ body: 1 });
    const message = await receive();
    const again = await receive();
    expect(again.deliveryCount).toBe(1);
    expect(await codeOf(receiver.completeMessage(message))).toBe('MessageLockLost');
    await receiver.completeMessage(again);
  });

  test('succeeds late when the lock was renewed', async () => {
    use('short');
    receiver = client.createReceiver(queue, { maxAutoLockRenewalDurationInMs: 0 });
    await send({ body: 1 });
    const message = await receive();
    const before = Number(message.lockedUntilUtc);
    expect(Number(await receiver.renewMessageLock(message))).toBeGreaterThan(before - 1);
    await receiver.completeMessage(message);
    expect(counts()).toEqual(none);
  });
});

describe('receiving', () => {
  test('with deletion leaves nothing to settle', async () => {
    await send([{ body: 1 }, { body: 2 }]);
    const deleting = client.createReceiver(queue, { receiveMode: 'receiveAndDelete' });
    expect(bodies(await deleting.receiveMessages(2, { maxWaitTimeInMs: 300 }))).toEqual([1, 2]);
    expect(counts()).toEqual(none);
  });

  test('from an empty queue ends after the time that it was given, and keeps its link', async () => {
    const links = () => started.bus.openConnections().links;
    await receiver.receiveMessages(1, { maxWaitTimeInMs: 20 });
    const before = links();
    const startInMs = Date.now();
    expect(await receiver.receiveMessages(5, { maxWaitTimeInMs: 100 })).toEqual([]);
    expect(Date.now() - startInMs).toBeLessThan(2000);
    expect(links()).toBe(before);
  });

  test('fewer messages than asked for returns those, and locks no others', async () => {
    await send([{ body: 1 }, { body: 2 }]);
    expect(await receiver.receiveMessages(5, { maxWaitTimeInMs: 2000 })).toHaveLength(2);
    await send({ body: 3 });
    expect(counts()).toEqual({ ...none, locked: 2, active: 1 });
  });

  test('more than 2,048 messages on one link works', async () => {
    for (let batch = 0; batch < 11; batch++) {
      await send(Array.from({ length: 200 }, (_, index) => ({ body: batch * 200 + index })));
    }
    let received = 0;
    while (received < 2200) {
      const messages = await receiver.receiveMessages(200, { maxWaitTimeInMs: 2000 });
      await Promise.all(messages.map((message) => receiver.completeMessage(message)));
      received += messages.length;
    }
    expect(counts()).toEqual(none);
  });

  test('by subscription hands each message over once', async () => {
    const seen: unknown[] = [];
    await send(Array.from({ length: 100 }, (_, index) => ({ body: index })));
    const subscription = await new Promise<{ close(): Promise<void> }>((resolve, reject) => {
      const running = receiver.subscribe(
        {
          async processMessage({ body }) {
            if (seen.push(body) === 100) resolve(running);
          },
          processError: async ({ error }) => reject(error),
        },
        { maxConcurrentCalls: 10 },
      );
    });
    await until('all are completed', () => counts()?.locked === 0);
    await subscription.close();
    expect(seen.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => index));
    expect(counts()).toEqual(none);
  });
});

describe('peeking', () => {
  test('shows messages without locking them', async () => {
    await send([{ body: 1 }, { body: 2 }, { body: 3 }]);
    const peeked = await receiver.peekMessages(2);
    expect(bodies(peeked)).toEqual([1, 2]);
    expect(peeked[0]?.lockToken).toBeUndefined();
    expect(bodies(await receiver.peekMessages(5))).toEqual([3]);
    expect(await receiver.peekMessages(5)).toEqual([]);
    expect(counts()).toEqual({ ...none, active: 3 });
  });
});

describe('scheduling', () => {
  test('delivers a message at its time', async () => {
    const dueAt = new Date(Date.now() + 150);
    const [number] = await client.createSender(queue).scheduleMessages([{ body: 'later' }], dueAt);
    expect(number?.toString()).toBe('1');
    expect((await receiver.peekMessages(1)).map(({ state }) => state)).toEqual(['scheduled']);
    const message = await receive();
    expect(message.body).toBe('later');
    expect(Number(message.enqueuedTimeUtc)).toBeGreaterThanOrEqual(dueAt.getTime());
  });

  test('works with an ordinary send as well', async () => {
    await send({ body: 'later', scheduledEnqueueTimeUtc: new Date(Date.now() + 60_000) });
    expect(counts()).toEqual({ ...none, scheduled: 1 });
  });

  test('can be taken back, once', async () => {
    const sender = client.createSender(queue);
    const numbers = await sender.scheduleMessages([{ body: 1 }, { body: 2 }], new Date(Date.now() + 60_000));
    await sender.cancelScheduledMessages(numbers);
    expect(counts()).toEqual(none);
    expect(await codeOf(sender.cancelScheduledMessages(numbers))).toBe('MessageNotFound');
  });

  test('refuses a message that is too large', async () => {
    const sender = client.createSender(queue);
    const message = { body: 'x'.repeat(300_000) };
    const work = sender.scheduleMessages(message, new Date(Date.now() + 60_000));
    expect(await codeOf(work)).toBe('MessageSizeExceeded');
  });
});

test('a message that expires is dead-lettered where the queue wants that', async () => {
  use('mortal');
  await send({ body: 1, timeToLive: 50 });
  const deadLetters = client.createReceiver(queue, { subQueueType: 'deadLetter' });
  expect((await receive(deadLetters)).deadLetterReason).toBe('TTLExpiredException');
});

test('a message id that was seen is accepted and dropped', async () => {
  use('unique');
  await send({ body: 1, messageId: 'same' });
  await send([
    { body: 2, messageId: 'same' },
    { body: 3, messageId: 'other' },
  ]);
  expect(bodies(await receiver.receiveMessages(5, { maxWaitTimeInMs: 1000 }))).toEqual([1, 3]);
});

describe('refusals', () => {
  test.each([
    ['sending', () => client.createSender('no-such-queue').sendMessages({ body: 1 })],
    ['receiving', () => client.createReceiver('no-such-queue').receiveMessages(1)],
    ['peeking', () => client.createReceiver('no-such-queue').peekMessages(1)],
    [
      'sending to a dead-letter queue',
      () => client.createSender('plain-0/$DeadLetterQueue').sendMessages({ body: 1 }),
    ],
  ])('an entity that does not exist is told for %s', async (_, work) => {
    expect(await codeOf(work())).toBe('MessagingEntityNotFound');
  });

  test('a wrong key is told', async () => {
    const stranger = started.connect(started.bus.connectionString.replace('SAS_KEY_VALUE', 'guessed'));
    expect(await codeOf(stranger.createSender(queue).sendMessages({ body: 1 }))).toBe('UnauthorizedAccess');
  });
});

test('a client that closes leaves no link and no connection behind', async () => {
  const before = started.bus.openConnections();
  const other = started.connect();
  await other.createSender(queue).sendMessages({ body: 1 });
  await other.createReceiver(queue).receiveMessages(1, { maxWaitTimeInMs: 1000 });
  await other.createReceiver(queue).peekMessages(1);
  expect(started.bus.openConnections().connections).toBe(before.connections + 1);
  await other.close();
  expect(started.bus.openConnections()).toEqual(before);
  expect(started.logged).toEqual([]);
});
