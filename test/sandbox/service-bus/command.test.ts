import { ServiceBusClient } from '@azure/service-bus';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { bodies, configOf, single } from './bus-fixture.ts';
import { type ChildBus, startCommand, temporaryFolder } from './child-bus.ts';

const config = configOf({
  plain: { MaxDeliveryCount: 10 },
  unique: { RequiresDuplicateDetection: true, DuplicateDetectionHistoryTimeWindow: 'PT5M' },
  sessions: { RequiresSession: true },
});

let place: ReturnType<typeof temporaryFolder>;
let running: ChildBus[];
let clients: ServiceBusClient[];

beforeEach(() => {
  place = temporaryFolder(config);
  running = [];
  clients = [];
});
afterEach(async () => {
  await Promise.allSettled(clients.map((client) => client.close()));
  await Promise.all(running.map((bus) => bus.kill('SIGKILL')));
  place.remove();
});

async function start(...args: string[]): Promise<ChildBus> {
  const bus = await startCommand(['--config', place.configFile, ...args]);
  running.push(bus);
  return bus;
}

function connect({ ready }: ChildBus): ServiceBusClient {
  const client = new ServiceBusClient(ready.connectionString, {
    retryOptions: { maxRetries: 0, timeoutInMs: 3000 },
  });
  clients.push(client);
  return client;
}

const wait = { maxWaitTimeInMs: 2000 };

describe('the command', () => {
  test('ends by itself when its parent goes away', async () => {
    const bus = await start();
    bus.process.stdin?.end();
    expect(await bus.exited).toBe(0);
  });

  test('ends orderly when it is told to', async () => {
    expect(await (await start()).kill('SIGTERM')).toBe(0);
  });

  test('without a usable config ends with the reason', async () => {
    const broken = temporaryFolder({ UserConfig: { Namespaces: [] } });
    await expect(startCommand(['--config', broken.configFile])).rejects.toThrow(/exactly one namespace/);
    broken.remove();
  });
});

describe('a journal', () => {
  test('keeps everything that was acknowledged when the process is killed, and brings nothing back', async () => {
    const first = await start('--journal', place.folder);
    const client = connect(first);
    const sender = client.createSender('plain');
    const receiver = client.createReceiver('plain');
    await sender.sendMessages(['done', 'dead', 'deferred', 'abandoned', 'waiting'].map((body) => ({ body })));
    const [done, dead, deferred, abandoned] = await receiver.receiveMessages(4, wait);
    if (!done || !dead || !deferred || !abandoned) throw new Error('not all came');
    await receiver.completeMessage(done);
    await receiver.deadLetterMessage(dead, {
      deadLetterReason: 'why',
      deadLetterErrorDescription: 'what',
      extra: 1.5,
    });
    await receiver.deferMessage(deferred, { note: 'later' });
    await receiver.abandonMessage(abandoned, { note: 'again' });
    await sender.scheduleMessages([{ body: 'scheduled' }], new Date(Date.now() + 3_600_000));
    await client.createSender('unique').sendMessages({ body: 1, messageId: 'same' });
    const session = await client.acceptSession('sessions', 'A');
    await session.setSessionState('half');
    await first.kill('SIGKILL');

    const second = await start('--journal', place.folder);
    const again = connect(second);
    const reader = again.createReceiver('plain');
    const messages = await reader.receiveMessages(5, wait);
    expect(messages.map(({ body, deliveryCount }) => [body, deliveryCount])).toEqual([
      ['abandoned', 1],
      ['waiting', 0],
    ]);
    expect(messages[0]?.applicationProperties).toEqual({ note: 'again' });
    const deferredAgain = single(await reader.receiveDeferredMessages(deferred.sequenceNumber ?? []));
    expect(deferredAgain).toMatchObject({ body: 'deferred', applicationProperties: { note: 'later' } });
    const deadAgain = single(
      await again.createReceiver('plain', { subQueueType: 'deadLetter' }).receiveMessages(1, wait),
    );
    expect(deadAgain).toMatchObject({
      body: 'dead',
      deadLetterReason: 'why',
      applicationProperties: { extra: 1.5 },
    });
    const counts = await (await fetch(`http://127.0.0.1:${second.ready.controlPort}/queues`)).json();
    expect(counts).toMatchObject({ plain: { scheduled: 1, deadLetter: 1 }, unique: { active: 1 } });
    expect(await (await again.acceptSession('sessions', 'A')).getSessionState()).toBe('half');
    await again.createSender('unique').sendMessages({ body: 2, messageId: 'same' });
    expect(bodies(await again.createReceiver('unique').receiveMessages(2, { maxWaitTimeInMs: 500 }))).toEqual(
      [1],
    );
  });

  test('loses no acknowledged message when the process is killed in the middle of a flood', async () => {
    const first = await start('--journal', place.folder);
    const sender = connect(first).createSender('plain');
    const acknowledged: number[] = [];
    let failed = 0;
    const flood = Promise.all(
      Array.from({ length: 400 }, async (_, index) => {
        await sender.sendMessages({ body: index }).then(
          () => acknowledged.push(index),
          () => failed++,
        );
        if (acknowledged.length === 150) await first.kill('SIGKILL');
      }),
    );
    await flood;
    expect(acknowledged.length).toBeGreaterThanOrEqual(150);
    const receiver = connect(await start('--journal', place.folder)).createReceiver('plain', {
      receiveMode: 'receiveAndDelete',
    });
    const received = new Set<unknown>();
    for (let empty = false; !empty; ) {
      const messages = await receiver.receiveMessages(400, { maxWaitTimeInMs: 300 });
      for (const { body } of messages) received.add(body);
      empty = messages.length === 0;
    }
    expect(acknowledged.filter((index) => !received.has(index))).toEqual([]);
  });
});
