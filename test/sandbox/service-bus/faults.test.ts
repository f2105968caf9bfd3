import type { ServiceBusClient, ServiceBusReceiver } from '@azure/service-bus';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createFaults } from '../../../sandbox/service-bus/faults.ts';
import { bodies, codeOf, single, startBus, until } from './bus-fixture.ts';

let started: Awaited<ReturnType<typeof startBus>>;
let client: ServiceBusClient;
let queue: string;
let receiver: ServiceBusReceiver;

beforeAll(async () => {
  started = await startBus();
  client = started.connect(undefined, { maxRetries: 0, timeoutInMs: 2000, retryDelayInMs: 10 });
});
afterAll(() => started.stop());
beforeEach(() => {
  queue = started.fresh('plain');
  receiver = client.createReceiver(queue, { maxAutoLockRenewalDurationInMs: 0 });
});
afterEach(() => started.bus.faults.clear());

const send = (body: unknown, to = queue, from = client) => from.createSender(to).sendMessages({ body });
const receive = async (from = receiver) => single(await from.receiveMessages(1, { maxWaitTimeInMs: 3000 }));
const counts = () => started.bus.counts()[queue];

async function ask(method: string, path: string, body?: unknown) {
  const response = await fetch(`http://127.0.0.1:${started.bus.controlPort}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as Record<string, unknown>;
  return { status: response.status, body: answer };
}

describe('a fault', () => {
  test('server-busy refuses a send, and the retry of the client succeeds', async () => {
    started.bus.faults.add({ kind: 'server-busy' });
    expect(await codeOf(send(1))).toBe('ServiceBusy');
    started.bus.faults.add({ kind: 'server-busy', count: 2 });
    const patient = started.connect(undefined, { maxRetries: 3, timeoutInMs: 1000, retryDelayInMs: 1 });
    await send(2, queue, patient);
    expect(bodies(await receiver.peekMessages(5))).toEqual([2]);
  });

  test('server-busy also refuses management requests', async () => {
    started.bus.faults.add({ kind: 'server-busy', queue });
    expect(await codeOf(receiver.peekMessages(1))).toBe('ServiceBusy');
  });

  test('of one queue does not strike another', async () => {
    started.bus.faults.add({ kind: 'server-busy', queue });
    await send(1, started.fresh('plain'));
    expect(await codeOf(send(1))).toBe('ServiceBusy');
  });

  test('duplicate gives a message twice, with the same id', async () => {
    await send('twice');
    started.bus.faults.add({ kind: 'duplicate', queue });
    const [first, second] = [await receive(), await receive()];
    expect(second.messageId).toBe(first.messageId);
    expect(second.lockToken).not.toBe(first.lockToken);
    await receiver.completeMessage(first);
    await receiver.completeMessage(second);
    expect(counts()).toMatchObject({ active: 0, locked: 0 });
  });

  test('delay lets later messages overtake', async () => {
    started.bus.faults.add({ kind: 'delay', queue, delayInMs: 50 });
    await client.createSender(queue).sendMessages([{ body: 'slow' }, { body: 'fast' }]);
    expect([(await receive()).body, (await receive()).body]).toEqual(['fast', 'slow']);
  });

  test('lose-settlement leaves the message locked and the client without an answer', async () => {
    await send(1);
    const message = await receive();
    started.bus.faults.add({ kind: 'lose-settlement', queue });
    expect(await codeOf(receiver.completeMessage(message))).not.toBe('no error');
    expect(counts()).toMatchObject({ locked: 1 });
  });

  test('lose-answer settles the message and leaves the client without an answer', async () => {
    await send(1);
    const message = await receive();
    started.bus.faults.add({ kind: 'lose-answer', queue });
    expect(await codeOf(receiver.completeMessage(message))).not.toBe('no error');
    expect(counts()).toMatchObject({ locked: 0, active: 0 });
  });

  test('that drops connections is survived by a subscription', async () => {
    const seen: unknown[] = [];
    const steady = started.connect(undefined, { maxRetries: 5, timeoutInMs: 1000, retryDelayInMs: 1 });
    const subscription = steady.createReceiver(queue).subscribe({
      processMessage: async ({ body }) => void seen.push(body),
      processError: async () => {},
    });
    const sender = steady.createSender(queue);
    await sender.sendMessages({ body: 'before' });
    await until('the first came', () => seen.length === 1);
    expect(started.bus.dropConnections(queue)).toBe(1);
    await sender.sendMessages({ body: 'after' });
    await until('the second came', () => seen.length === 2);
    await subscription.close();
    expect(seen).toEqual(['before', 'after']);
  });

  test('strikes as often as it says, and never after it was cleared', () => {
    const faults = createFaults();
    faults.add({ kind: 'lose-answer', count: 2, queue: 'Orders' });
    expect([1, 2, 3].map(() => faults.strikes('lose-answer', 'orders'))).toEqual([true, true, false]);
    faults.add({ kind: 'lose-answer' });
    faults.clear();
    expect(faults.strikes('lose-answer', 'orders')).toBe(false);
  });
});

describe('the control server', () => {
  test('tells that the emulator is healthy', async () => {
    const body = { status: 'healthy', message: 'Service is healthy.' };
    expect(await ask('GET', '/health')).toEqual({ status: 200, body });
  });

  test('counts the messages of every queue', async () => {
    await send(1);
    const { body } = await ask('GET', '/queues');
    expect(body).toMatchObject({
      [queue]: { active: 1, locked: 0, scheduled: 0, deferred: 0, deadLetter: 0 },
    });
  });

  test('takes faults and forgets them', async () => {
    expect(await ask('POST', '/faults', { kind: 'server-busy', count: 2 })).toMatchObject({ status: 200 });
    expect(await codeOf(send(1))).toBe('ServiceBusy');
    await ask('DELETE', '/faults');
    await send(2);
  });

  test('tells what the process uses and how many links are open', async () => {
    await send(1);
    const { body } = await ask('GET', '/process');
    expect(body).toMatchObject(started.bus.openConnections());
    expect(Number(body.cpuTimeInMs)).toBeGreaterThan(0);
    expect(Number(body.heapUsedInBytes)).toBeGreaterThan(1_000_000);
  });

  test('drops connections', async () => {
    const other = started.connect();
    await send(1, queue, other);
    expect(await ask('POST', '/connections/drop', { queue })).toEqual({ status: 200, body: { dropped: 1 } });
  });

  test.each([
    ['POST', '/faults', { kind: 'fire' }, 400, /kind must be one of/],
    ['POST', '/faults', { kind: 'delay', delayInMs: -1 }, 400, /delayInMs must be a number above 0/],
    ['POST', '/faults', 'text', 400, /must be an object/],
    ['GET', '/nothing', undefined, 404, /no such resource/],
  ])('refuses %s %s %j', async (method, path, body, status, message) => {
    const answer = await ask(method, path, body);
    expect(answer.status).toBe(status);
    expect(answer.body.message).toMatch(message);
  });
});
