import { describe, expect, test } from '@jest/globals';
import { createChance } from '../../../sandbox/twin/chance.ts';
import { ConnectionDropped } from '../../../sandbox/twin/exchange.ts';
import { createNotes, requestOf } from './toy-twin.ts';

const put = requestOf('PUT', '/notes/a', { text: 'x' });
const get = requestOf('GET', '/notes/a');

describe('faults on demand', () => {
  test('a connection dropped before the effect leaves nothing behind', async () => {
    const twin = createNotes();
    twin.faults.add({ kind: 'drop', match: 'Notes.put', times: 1 });
    await expect(twin.handle(put)).rejects.toThrow(ConnectionDropped);
    expect((await twin.handle(get)).status).toBe(404);
    expect(twin.log.requests()[0]).toMatchObject({ status: 'dropped', fault: 'drop' });
  });

  test('an answer lost after the effect has had its effect', async () => {
    const twin = createNotes();
    twin.faults.add({ kind: 'drop', when: 'after', match: 'Notes.put', times: 1 });
    await expect(twin.handle(put)).rejects.toThrow(ConnectionDropped);
    expect((await twin.handle(get)).status).toBe(200);
  });

  test('a status is answered for the next requests that match, then no more', async () => {
    const twin = createNotes();
    twin.faults.add({
      kind: 'status',
      status: 429,
      retryAfterInSeconds: 7,
      match: '/notes/*',
      times: 2,
      skip: 1,
    });
    const answers = [];
    for (let round = 0; round < 4; round++) answers.push(await twin.handle(put));
    expect(answers.map(({ status }) => status)).toEqual([200, 429, 429, 200]);
    expect(answers[1]?.headers['retry-after']).toBe('7');
    expect(twin.faults.list()).toEqual([]);
  });

  test('a fault for another operation strikes nobody', async () => {
    const twin = createNotes();
    twin.faults.add({ kind: 'status', status: 503, match: 'Notes.delete' });
    expect((await twin.handle(put)).status).toBe(200);
  });

  test('sign-in pages come as 203 or as a redirect', async () => {
    const twin = createNotes();
    twin.faults.add({ kind: 'html', times: 1 });
    twin.faults.add({ kind: 'login-redirect', times: 1, location: '/login.html?error=x' });
    const [page, redirect] = [await twin.handle(get), await twin.handle(get)];
    expect([page.status, page.headers['content-type']]).toEqual([203, 'text/html; charset=utf-8']);
    expect([redirect.status, redirect.headers.location]).toEqual([302, '/login.html?error=x']);
  });

  test('latency passes on the clock of the twin', async () => {
    const slept: number[] = [];
    const sleep = async (durationInMs: number) => void slept.push(durationInMs);
    const twin = createNotes({ clock: { now: () => 0, sleep } });
    twin.faults.add({ kind: 'latency', latencyInMs: 100 });
    twin.faults.add({ kind: 'latency', latencyInMs: 50, times: 1 });
    await twin.handle(put);
    await twin.handle(put);
    expect(slept).toEqual([150, 100]);
  });

  test('a fault by chance repeats with its seed', async () => {
    const statuses = async () => {
      const twin = createNotes({ chance: createChance(3) });
      twin.faults.add({ kind: 'status', status: 500, probability: 0.5 });
      const answers = [];
      for (let round = 0; round < 20; round++) answers.push((await twin.handle(put)).status);
      return answers;
    };
    const first = await statuses();
    expect(await statuses()).toEqual(first);
    expect(new Set(first)).toEqual(new Set([200, 500]));
  });

  test('an unknown kind of fault is refused', () => {
    const fault: unknown = { kind: 'earthquake' };
    const twin = createNotes();
    expect(() => Reflect.apply(twin.faults.add, twin.faults, [fault])).toThrow();
  });
});

describe('limits', () => {
  test('a full bucket answers 429 with Retry-After until time has passed', async () => {
    let now = 0;
    const clock = { now: () => now, sleep: async () => undefined };
    const twin = createNotes({ clock, limits: [{ match: 'Notes.put', requestsPerSecond: 2 }] });
    const statusOf = async () => (await twin.handle(put)).status;
    expect([await statusOf(), await statusOf(), await statusOf()]).toEqual([200, 200, 429]);
    expect((await twin.handle(put)).headers['retry-after']).toBe('1');
    now = 500;
    expect([await statusOf(), await statusOf()]).toEqual([200, 429]);
    expect((await twin.handle(get)).status).toBe(200);
  });

  test('a refused request has no effect', async () => {
    const clock = { now: () => 0, sleep: async () => undefined };
    const twin = createNotes({ clock, limits: [{ match: 'Notes.put', requestsPerSecond: 0.5, burst: 1 }] });
    await twin.handle(requestOf('PUT', '/notes/first', { text: 'x' }));
    await twin.handle(put);
    expect((await twin.handle(get)).status).toBe(404);
  });

  test('more requests in flight than allowed are refused', async () => {
    const twin = createNotes({ limits: [{ inFlight: 2 }] });
    twin.faults.add({ kind: 'latency', latencyInMs: 5 });
    const answers = await Promise.all([put, put, put].map((request) => twin.handle(request)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect((await twin.handle(put)).status).toBe(200);
  });
});
