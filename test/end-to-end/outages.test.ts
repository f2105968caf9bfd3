import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Stack } from '../../sandbox/stack.ts';
import names from '../../shared/names.json';
import { allDeliveries, keptContent, sendBody, sendWebhooks } from './behind-the-api.ts';
import { eventually } from './eventually.ts';
import { buildCompleted, newEventId } from './payloads.ts';
import { processesOf, whichRun } from './processes.ts';
import { callApi, countMessages, delivered, endService, postWebhook, startService } from './service.ts';

/** Messages that a killed host held come again after five seconds instead of a minute. */
const QUEUES = {
  queues: names.queues.map(({ name, properties }) => ({
    name,
    properties: { ...properties, lockDuration: 'PT5S' },
  })),
};

let service: Stack;

beforeAll(async () => {
  service = await startService({ queues: QUEUES });
}, 60_000);

afterAll(() => endService(service));

const body = (event: string) => buildCompleted({ build: '1', event });

async function deadLetters(): Promise<number> {
  const counts = Object.values(await countMessages(service));
  return counts.reduce((sum, { deadLetter }) => sum + deadLetter, 0);
}

async function messagesLeft(): Promise<number> {
  const { 'release-events': queue } = await countMessages(service);
  return queue === undefined ? 0 : queue.active + queue.locked + queue.scheduled;
}

describe('while the queue is down', () => {
  test('a webhook is answered 503, what was accepted before is not lost, and the next one is taken', async () => {
    const before = Array.from({ length: 20 }, newEventId);
    const answers = await Promise.all(before.map((event) => postWebhook(service, body(event))));
    expect(new Set(answers)).toEqual(new Set([202]));
    await service.serviceBus.kill();
    const refused = newEventId();
    expect(await postWebhook(service, body(refused))).toBe(503);
    await service.serviceBus.start();
    const after = newEventId();
    await eventually('a 202', async () => (await postWebhook(service, body(after))) === 202);
    for (const event of [...before, after]) await delivered(service, event);
    const noted = (await allDeliveries(service)).map(({ id }) => id);
    expect(noted.filter((id) => before.includes(id))).toHaveLength(before.length);
    expect(noted).not.toContain(refused);
    expect(await deadLetters()).toBe(0);
  }, 60_000);
});

describe('while the storage is down', () => {
  test('a webhook is accepted, and its message put off until the storage is back', async () => {
    await service.storage.stop();
    const event = newEventId();
    expect(await postWebhook(service, body(event))).toBe(202);
    const health = callApi(service, 'health');
    expect(await postWebhook(service, 'a body that cannot be read cannot be kept either')).toBe(503);
    expect(await health).toMatchObject({ status: 503, body: { checks: { storage: 'does not answer' } } });
    await eventually('the message put off', async () => {
      const { 'release-events': queue } = await countMessages(service);
      return queue?.scheduled === 1 && queue.active + queue.locked === 0;
    });
    expect(await deadLetters()).toBe(0);
    await service.storage.start();
    expect(await delivered(service, event)).toMatchObject({ outcome: 'ignored' });
    expect(await deadLetters()).toBe(0);
  }, 60_000);
});

describe('when the functions host is killed', () => {
  test('each of 1,000 messages in flight is processed to its end, none lost, none dead-lettered', async () => {
    const events = Array.from({ length: 1_000 }, newEventId);
    const bodies = events.map(body);
    await sendWebhooks(service, bodies);
    await eventually('a part of them processed', async () => {
      const left = await messagesLeft();
      return left > 0 && left < 950;
    });
    await service.host.kill();
    expect(await messagesLeft()).toBeGreaterThan(0);
    await service.host.start();
    await eventually('an empty queue', async () => (await messagesLeft()) === 0, 45_000);
    const ours = (await allDeliveries(service)).filter(({ id }) => events.includes(id));
    expect(ours.map(({ id }) => id).sort()).toEqual([...events].sort());
    expect(await deadLetters()).toBe(0);
  }, 120_000);

  test('its worker ends with it', async () => {
    const family = await processesOf(service.host.pid());
    expect(family.length).toBeGreaterThan(1);
    await service.host.kill();
    await eventually('the end of the worker', async () => (await whichRun(family)).length === 0);
    await service.host.start();
  });
});

describe('a message that cannot be read', () => {
  test('is dead-lettered and kept, and holds nothing up', async () => {
    const poison = JSON.stringify({ schema: 1, project: 'parking-sensors', stage: 'production' });
    await sendBody(service, 'steps', poison);
    const event = newEventId();
    await sendWebhooks(service, [body(event)]);
    await delivered(service, event);
    const digest = createHash('sha256').update(poison).digest('hex');
    const kept = await eventually('its content', () => keptContent(service, digest).catch(() => null));
    expect(kept).toBe(poison);
    await eventually('empty dead letters', async () => (await deadLetters()) === 0);
  });
});

describe('when the stack is stopped', () => {
  test('no process of it is left and its ports are free', async () => {
    const pids = [service.storage, service.serviceBus, service.host].map((program) => program.pid());
    const family = (await Promise.all(pids.map(processesOf))).flat();
    expect(family.length).toBeGreaterThan(pids.length);
    const ports = [service.url, service.serviceBusUrl].map((url) => Number(new URL(url).port));
    expect(await Promise.all(ports.map(isTaken))).toEqual([true, true]);
    await service.stop();
    expect(await whichRun(family)).toEqual([]);
    expect(await Promise.all(ports.map(isTaken))).toEqual([false, false]);
  });
});

function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
