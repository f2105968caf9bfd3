import type { ServiceBusClient, ServiceBusMessage } from '@azure/service-bus';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { bodies, codeOf, single, startBus } from './bus-fixture.ts';

let started: Awaited<ReturnType<typeof startBus>>;
let client: ServiceBusClient;
let queue: string;

beforeAll(async () => {
  started = await startBus();
  client = started.connect();
});
afterAll(() => started.stop());
beforeEach(() => {
  queue = started.fresh('session');
});

const send = (message: ServiceBusMessage | ServiceBusMessage[]) =>
  client.createSender(queue).sendMessages(message);
const wait = { maxWaitTimeInMs: 1000 };

test('a session receiver gets the messages of its session, in order', async () => {
  await send(
    ['1', '2', '3', '4'].map((body, index) => ({ body, sessionId: index % 2 === 0 ? 'even' : 'odd' })),
  );
  const even = await client.acceptSession(queue, 'even');
  expect(bodies(await even.receiveMessages(5, wait))).toEqual(['1', '3']);
  expect(even.sessionId).toBe('even');
  expect(Number(even.sessionLockedUntilUtc)).toBeGreaterThan(Date.now() + 50_000);
});

test('the next session is granted as soon as it has a message', async () => {
  const accepting = client.acceptNextSession(queue);
  await send({ body: 1, sessionId: 'fresh' });
  const receiver = await accepting;
  expect(receiver.sessionId).toBe('fresh');
  expect(bodies(await receiver.receiveMessages(1, wait))).toEqual([1]);
});

test('no session in time is told as a time-out', async () => {
  const impatient = started.connect(undefined, { maxRetries: 0, timeoutInMs: 300, retryDelayInMs: 10 });
  expect(await codeOf(impatient.acceptNextSession(queue))).toBe('ServiceTimeout');
});

test('a session that somebody holds is refused to others, until it is closed', async () => {
  const first = await client.acceptSession(queue, 'A');
  expect(await codeOf(client.acceptSession(queue, 'A'))).toBe('SessionCannotBeLocked');
  await first.close();
  await (await client.acceptSession(queue, 'A')).close();
});

test('closing a session gives its messages back uncounted', async () => {
  await send({ body: 1, sessionId: 'A' });
  const first = await client.acceptSession(queue, 'A');
  await first.receiveMessages(1, wait);
  await first.close();
  const second = await client.acceptSession(queue, 'A');
  expect(single(await second.receiveMessages(1, wait)).deliveryCount).toBe(0);
});

test('a lost connection frees the session', async () => {
  const other = started.connect();
  await other.acceptSession(queue, 'A');
  started.bus.dropConnections(queue);
  await (await client.acceptSession(queue, 'A')).close();
});

test('a session keeps its state', async () => {
  const receiver = await client.acceptSession(queue, 'A');
  await receiver.setSessionState({ step: 3 });
  await receiver.close();
  const again = await client.acceptSession(queue, 'A');
  expect(await again.getSessionState()).toEqual({ step: 3 });
  await again.setSessionState(null);
  expect(await again.getSessionState()).toBeNull();
});

test('the lock of a session can be renewed', async () => {
  queue = started.fresh('short-session');
  const receiver = await client.acceptSession(queue, 'A', { maxAutoLockRenewalDurationInMs: 0 });
  const before = Number(receiver.sessionLockedUntilUtc);
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(Number(await receiver.renewSessionLock())).toBeGreaterThan(before);
});

test('a session whose lock ran out is lost to its receiver', async () => {
  queue = started.fresh('short-session');
  await send({ body: 1, sessionId: 'A' });
  const idle = await client.acceptSession(queue, 'A', { maxAutoLockRenewalDurationInMs: 0 });
  const message = single(await idle.receiveMessages(1, wait));
  const next = await client.acceptNextSession(queue);
  expect(next.sessionId).toBe('A');
  expect(await codeOf(idle.completeMessage(message))).toBe('SessionLockLost');
  expect(single(await next.receiveMessages(1, wait)).deliveryCount).toBe(1);
});

test('deferred messages of a session come by number', async () => {
  await send({ body: 'd', sessionId: 'A' });
  const receiver = await client.acceptSession(queue, 'A');
  const message = single(await receiver.receiveMessages(1, wait));
  await receiver.deferMessage(message);
  const again = single(await receiver.receiveDeferredMessages(message.sequenceNumber ?? []));
  await receiver.completeMessage(again);
  expect(started.bus.counts()[queue]).toMatchObject({ active: 0, deferred: 0, locked: 0 });
});

test('a message without a session is refused', async () => {
  expect(await codeOf(send({ body: 1 }))).toBe('GeneralError');
});

test('a receiver without a session is refused, and one with a session on a plain queue', async () => {
  expect(await codeOf(client.createReceiver(queue).receiveMessages(1, wait))).toBe('GeneralError');
  expect(await codeOf(client.acceptSession(started.fresh('plain'), 'A'))).not.toBe('no error');
});
