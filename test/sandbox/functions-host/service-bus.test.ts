import { join } from 'node:path';
import { ServiceBusClient, type ServiceBusMessage } from '@azure/service-bus';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startFunctionsHostProcess } from '../../../sandbox/functions-host/start-process.ts';
import { type RunningServiceBus, startServiceBus } from '../../../sandbox/service-bus/start.ts';
import { appsFolder, eventually, type Hosted, hostApp } from './hosting.ts';

const queues = [
  { Name: 'single', Properties: { MaxDeliveryCount: 3 } },
  { Name: 'other', Properties: { LockDuration: 'PT1S' } },
  { Name: 'batch', Properties: { MaxDeliveryCount: 2 } },
  { Name: 'session', Properties: { RequiresSession: true } },
  { Name: 'keeps' },
  { Name: 'sends' },
  { Name: 'out' },
];

let broker: RunningServiceBus;
let client: ServiceBusClient;
let host: Hosted;

beforeAll(async () => {
  const namespaces = [{ Name: 'sbemulatorns', Queues: queues, Topics: [] }];
  broker = await startServiceBus({
    config: { UserConfig: { Namespaces: namespaces, Logging: { Type: 'Console' } } },
    log: () => {},
  });
  client = new ServiceBusClient(broker.connectionString);
  host = await hostApp('messages', { settings: settingsFor('single') });
});

afterAll(async () => {
  await host.stop();
  await client.close();
  await broker.stop();
});

function settingsFor(singleQueue: string): Record<string, string> {
  return { BROKER: broker.connectionString, SINGLE_QUEUE: singleQueue };
}

async function send(queue: string, ...messages: ServiceBusMessage[]): Promise<void> {
  const sender = client.createSender(queue);
  await sender.sendMessages(messages);
  await sender.close();
}

interface Told {
  message?: unknown;
  messages?: unknown[];
  type?: string;
  metadata?: Record<string, unknown>;
  session?: unknown;
  running?: number;
}

/** What a function has told through its log so far. */
function told(functionName: string, lines = host.lines): Told[] {
  const start = `[information] ${functionName}: `;
  return lines.filter((line) => line.startsWith(start)).map((line) => JSON.parse(line.slice(start.length)));
}

async function toldAfter(functionName: string, count: number, action: () => Promise<void>): Promise<Told[]> {
  const before = told(functionName).length;
  await action();
  await eventually(
    `${functionName} was called ${count} times`,
    () => told(functionName).length >= before + count,
  );
  return told(functionName).slice(before);
}

const countsOf = (queue: string) => broker.counts()[queue] ?? { active: -1, locked: -1, deadLetter: -1 };

async function settled(queue: string): Promise<void> {
  await eventually(`${queue} is empty`, () => countsOf(queue).active + countsOf(queue).locked === 0);
}

describe('single messages', () => {
  test('reach the function with their metadata, and are completed', async () => {
    const [first] = await toldAfter('single', 1, () =>
      send('single', {
        body: { text: 'hello' },
        messageId: 'm-1',
        correlationId: 'c-1',
        applicationProperties: { SomeKey: 'v' },
      }),
    );
    expect(first).toMatchObject({ message: { text: 'hello' }, type: 'object' });
    expect(first?.metadata).toMatchObject({
      messageId: 'm-1',
      correlationId: 'c-1',
      deliveryCount: 1,
      applicationProperties: { someKey: 'v' },
      text: 'hello',
    });
    await settled('single');
    expect(countsOf('single').deadLetter).toBe(0);
  });

  test('meet the traps of the real host: ids that look like numbers, a body that overwrites metadata', async () => {
    const [first] = await toldAfter('single', 1, () =>
      send('single', { body: Buffer.from('123'), messageId: '12345678901234567890' }),
    );
    expect(first).toMatchObject({ message: 123, type: 'number' });
    expect(first?.metadata?.messageId).toBe(12345678901234567000);
    const [second] = await toldAfter('single', 1, () =>
      send('single', { body: { messageId: 'of the body' } }),
    );
    expect(second?.metadata?.messageId).toBe('of the body');
  });

  test('that fail are tried again at once until the broker dead-letters them, and hold nothing else up', async () => {
    const calls = await toldAfter('single', 4, () =>
      send('single', { body: { fails: true } }, { body: { fine: true } }),
    );
    const failed = calls.filter(({ message }) => JSON.stringify(message) === '{"fails":true}');
    expect(failed.map(({ metadata }) => metadata?.deliveryCount)).toEqual([1, 2, 3]);
    await eventually('the message is dead-lettered', () => countsOf('single').deadLetter === 1);
  });

  test('that succeed and fail at the same moment are settled each in its own way', async () => {
    const deadBefore = countsOf('single').deadLetter;
    const bodies = Array.from({ length: 20 }, (_, index) => ({ index, fails: index % 2 === 0 }));
    await toldAfter('single', 10 + 3 * 10, () => send('single', ...bodies.map((body) => ({ body }))));
    await settled('single');
    await eventually('ten are dead-lettered', () => countsOf('single').deadLetter === deadBefore + 10);
  });

  test('run up to maxConcurrentCalls at once', async () => {
    const bodies = Array.from({ length: 12 }, () => ({ body: { pauseInMs: 30 } }));
    const calls = await toldAfter('single', 12, () => send('single', ...bodies));
    expect(Math.max(...calls.map(({ running = 0 }) => running))).toBe(4);
    await settled('single');
  });

  test('are left to their lock where the function does not want them completed', async () => {
    await toldAfter('keeps', 1, () => send('keeps', { body: 'x' }));
    await eventually('the invocation has ended', () =>
      host.lines.some((line) => line.includes("Executed 'keeps'")),
    );
    expect(countsOf('keeps')).toMatchObject({ active: 0, locked: 1 });
  });
});

describe('batches', () => {
  test('come as one call, and are completed together', async () => {
    const [call] = await toldAfter('batch', 1, () => send('batch', { body: { n: 1 } }, { body: { n: 2 } }));
    expect(call?.messages).toEqual([{ n: 1 }, { n: 2 }]);
    expect(call?.metadata).toMatchObject({
      deliveryCountArray: [1, 1],
      sequenceNumberArray: [{ low: 1 }, { low: 2 }],
    });
    await settled('batch');
  });

  test('that fail are abandoned as a whole', async () => {
    await toldAfter('batch', 2, () => send('batch', { body: { n: 1 } }, { body: { fails: true } }));
    await eventually('both are dead-lettered', () => countsOf('batch').deadLetter === 2);
  });
});

test('messages of a session come in order', async () => {
  const messages = Array.from({ length: 6 }, (_, n) => ({
    body: { n },
    sessionId: n % 2 === 0 ? 's-even' : 's-odd',
  }));
  const calls = await toldAfter('session', 6, () => send('session', ...messages));
  const inSession = (session: string) =>
    calls.filter((call) => call.session === session).map(({ message }) => message);
  expect(inSession('s-even')).toEqual([{ n: 0 }, { n: 2 }, { n: 4 }]);
  expect(inSession('s-odd')).toEqual([{ n: 1 }, { n: 3 }, { n: 5 }]);
  await settled('session');
});

test('a function can listen to the dead letters of a queue', async () => {
  const own = await hostApp('messages', { settings: settingsFor('batch/$DeadLetterQueue') });
  await send('batch', { body: { fails: true, mark: 'dead' } });
  await eventually('it has come', () =>
    told('single', own.lines).some(({ message }) => JSON.stringify(message).includes('"mark":"dead"')),
  );
  await own.stop();
});

test('an output binding sends a message for each element', async () => {
  await send('sends', { body: { a: 1 } });
  const receiver = client.createReceiver('out', { receiveMode: 'receiveAndDelete' });
  await eventually('both are in the queue', () => countsOf('out').active === 2);
  const received = await receiver.receiveMessages(2, { maxWaitTimeInMs: 1_000 });
  expect(received.map(({ body }) => String(body instanceof Buffer ? body : JSON.stringify(body)))).toEqual([
    '{"first":{"a":1}}',
    'second',
  ]);
  await receiver.close();
});

describe('the end of a host', () => {
  test('that stops: what runs is finished and completed, nothing else is taken', async () => {
    const own = await hostApp('messages', { settings: settingsFor('other') });
    const bodies = Array.from({ length: 8 }, () => ({ body: { pauseInMs: 100 } }));
    await send('other', ...bodies);
    await eventually('four are under way', () => countsOf('other').locked === 4);
    await own.stop();
    const done = told('single', own.lines).length;
    expect(done).toBeGreaterThanOrEqual(4);
    await eventually(
      'the rest is untouched',
      () => countsOf('other').active + countsOf('other').locked === 8 - done,
    );
  });

  test('that is killed: its messages come again when their locks have run out', async () => {
    const started = await startFunctionsHostProcess({
      appFolder: join(appsFolder, 'messages'),
      settings: settingsFor('other'),
    });
    await eventually('the queue is drained', () => countsOf('other').active + countsOf('other').locked === 0);
    await send('other', { body: { pauseInMs: 5_000, kept: true } });
    await eventually('the message is under way', () => countsOf('other').locked === 1);
    await started.kill();
    expect(countsOf('other')).toMatchObject({ locked: 1, deadLetter: 0 });
    await eventually('the message is free again', () => countsOf('other').active === 1);
  });
});
