import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import { ServiceBusClient } from '@azure/service-bus';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type RunningServiceBus, startServiceBus } from '../../sandbox/service-bus/start.ts';
import { serviceBusConfig } from '../../sandbox/service-bus-config.ts';
import { ServiceBusSender } from '../../shared/adapters/service-bus-sender.ts';
import type { Outgoing, QueueName } from '../../shared/engine/ports.ts';
import { TransientFailure, UnreadableInput } from '../../shared/errors.ts';
import names from '../../shared/names.json';

const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const HEX = /^[0-9a-f]{64}$/;
const quickly = { maxRetries: 2, retryDelayInMs: 1, timeoutInMs: 5_000 };

describe('the sender of messages', () => {
  let emulator: RunningServiceBus;
  let sender: ServiceBusSender;
  let reader: ServiceBusClient;

  beforeEach(async () => {
    emulator = await startServiceBus({ config: serviceBusConfig(names), port: 0, log: () => {} });
    sender = new ServiceBusSender(emulator, quickly);
    reader = new ServiceBusClient(emulator.connectionString);
  });

  afterEach(async () => {
    await Promise.all([sender.close(), reader.close()]);
    await emulator.stop();
  });

  function message(id: string, change: Partial<Outgoing> = {}): Outgoing {
    return { id, body: JSON.stringify({ id }), notBefore: null, traceparent: trace, ...change };
  }

  async function waiting(queue: QueueName): Promise<ServiceBusReceivedMessage[]> {
    const receiver = reader.createReceiver(queue);
    const messages: ServiceBusReceivedMessage[] = [];
    for (let more = true; more; ) {
      const peeked = await receiver.peekMessages(500);
      messages.push(...peeked);
      more = peeked.length > 0;
    }
    await receiver.close();
    return messages;
  }

  test('a message arrives with its id, its JSON and its trace', async () => {
    await sender.send('steps', [message('one', { body: '{"text":"Grüße","number":1}' })]);

    const [arrived] = await waiting('steps');
    expect(arrived).toMatchObject({
      messageId: 'one',
      body: { text: 'Grüße', number: 1 },
      contentType: 'application/json',
      applicationProperties: { traceparent: trace, 'Diagnostic-Id': trace },
    });
  });

  test('a message without a trace carries none', async () => {
    await sender.send('steps', [message('one', { traceparent: '' })]);

    const [arrived] = await waiting('steps');
    expect(arrived?.applicationProperties ?? {}).not.toHaveProperty('traceparent');
    expect(arrived?.applicationProperties ?? {}).not.toHaveProperty('Diagnostic-Id');
  });

  test('a message for later is scheduled', async () => {
    const notBefore = Date.now() + 3_600_000;
    await sender.send('release-events', [message('later', { notBefore }), message('now')]);

    const arrived = await waiting('release-events');
    const times = new Map(arrived.map((each) => [each.messageId, each.scheduledEnqueueTimeUtc?.getTime()]));
    expect(times.get('later')).toBe(notBefore);
    expect(emulator.counts()['release-events']).toMatchObject({ scheduled: 1, active: 1 });
  });

  test('the queue takes a message once, however often it is sent', async () => {
    await sender.send('steps', [message('one')]);
    await sender.send('steps', [message('one'), message('two')]);

    expect((await waiting('steps')).map(({ messageId }) => messageId)).toEqual(['one', 'two']);
  });

  test('a message whose id is longer than the queue takes is sent once as well, under a digest of it', async () => {
    const long = `parking.release-1.${'a-long-name-of-a-stage'.repeat(5)}.1.abandoned`;
    const longest = 'x'.repeat(128);
    await sender.send('steps', [message(longest), message(long)]);
    await sender.send('steps', [message(long), message(`${long}.other`)]);

    const ids = (await waiting('steps')).map(({ messageId }) => String(messageId));
    expect(ids).toEqual([longest, expect.stringMatching(HEX), expect.stringMatching(HEX)]);
    expect(new Set(ids).size).toBe(3);
  });

  test('many messages arrive in their order, over one connection and one link', async () => {
    const ids = Array.from({ length: 300 }, (_, index) => `message-${index}`);
    await sender.send(
      'records',
      ids.map((id) => message(id)),
    );
    await sender.send('records', [message('last')]);

    expect(emulator.openConnections()).toMatchObject({ connections: 1 });
    const arrived = await waiting('records');
    expect(arrived.map(({ messageId }) => messageId)).toEqual([...ids, 'last']);
  });

  test('messages larger than one batch together are sent in several', async () => {
    const body = JSON.stringify({ text: 'x'.repeat(100_000) });
    const ids = ['a', 'b', 'c', 'd', 'e'];
    await sender.send(
      'steps',
      ids.map((id) => message(id, { body })),
    );

    expect((await waiting('steps')).map(({ messageId }) => messageId)).toEqual(ids);
  });

  test('a message larger than the queue takes is refused before anything is sent', async () => {
    const large = message('large', { body: JSON.stringify({ text: 'x'.repeat(300_000) }) });

    const sending = sender.send('steps', [message('small'), large]);
    await expect(sending).rejects.toThrow(UnreadableInput);
    await expect(sending).rejects.toThrow(/large of 3000\d\d bytes .* 262144/);
    expect(await waiting('steps')).toEqual([]);
  });

  test('nothing to send opens no connection', async () => {
    await sender.send('steps', []);

    expect(emulator.openConnections()).toMatchObject({ connections: 0 });
  });

  test('a busy queue is asked again', async () => {
    emulator.faults.add({ kind: 'server-busy', count: 2 });
    await sender.send('steps', [message('one')]);

    expect(await waiting('steps')).toHaveLength(1);
  });

  test('a queue that stays busy is a transient failure with a reason', async () => {
    emulator.faults.add({ kind: 'server-busy', count: 20 });

    const sending = sender.send('steps', [message('one')]);
    await expect(sending).rejects.toThrow(TransientFailure);
    await expect(sending).rejects.toThrow(/could not send to steps: \S/);
  });

  test('a lost connection is opened again', async () => {
    await sender.send('steps', [message('one')]);
    emulator.dropConnections();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await sender.send('steps', [message('two')]);

    expect((await waiting('steps')).map(({ messageId }) => messageId)).toEqual(['one', 'two']);
  });

  test('a message whose connection broke before its answer is sent again, and taken once', async () => {
    const impatient = new ServiceBusSender(emulator, { ...quickly, timeoutInMs: 300 });
    await impatient.send('steps', [message('one')]);
    emulator.dropConnections();
    await impatient.send('steps', [message('two')]);
    await impatient.close();

    expect((await waiting('steps')).map(({ messageId }) => messageId)).toEqual(['one', 'two']);
  });

  test('a namespace that cannot be reached is a transient failure', async () => {
    const { connectionString } = emulator;
    await sender.close();
    await reader.close();
    await emulator.stop();
    const lost = new ServiceBusSender({ connectionString }, quickly);

    await expect(lost.send('steps', [message('one')])).rejects.toThrow(TransientFailure);
    await lost.close();
  });

  test('a queue that does not exist is an error that time does not mend', async () => {
    const other = await startServiceBus({ config: serviceBusConfig({ queues: [] }), log: () => {} });
    const lost = new ServiceBusSender(other, quickly);

    const sending = lost.send('steps', [message('one')]);
    await expect(sending).rejects.toThrow(/could not be found/);
    await expect(sending).rejects.not.toThrow(TransientFailure);
    await lost.close();
    await other.stop();
  });

  test('a closed sender opens a new connection when it is needed again', async () => {
    await sender.send('steps', [message('one')]);
    await sender.close();
    await sender.send('steps', [message('two')]);

    expect(await waiting('steps')).toHaveLength(2);
  });
});
