import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTwinFetch } from '../../../sandbox/twin/fetch.ts';
import type { Listening } from '../../../sandbox/twin/serve.ts';
import { createNotes } from './toy-twin.ts';

const twin = createNotes();
let server: Listening;

beforeAll(async () => {
  server = await twin.listen();
});
afterAll(() => server.close());

const control = (method: string, path: string, body?: unknown) =>
  fetch(`${server.url}/_twin${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

const put = (id: string) => fetch(`${server.url}/notes/${id}`, { method: 'PUT', body: '{"text":"x"}' });

describe('a twin over HTTP', () => {
  test('content put over HTTP is read back', async () => {
    expect((await put('a')).status).toBe(200);
    expect(await (await fetch(`${server.url}/notes/a`)).json()).toEqual({ id: 'a', text: 'x' });
    expect((await fetch(`${server.url}/notes/a`, { method: 'DELETE' })).status).toBe(204);
  });

  test('a dropped connection is an error of the client', async () => {
    await control('POST', '/faults', { kind: 'drop', when: 'after', times: 1 });
    await expect(put('lost')).rejects.toThrow('fetch failed');
    expect((await fetch(`${server.url}/notes/lost`)).status).toBe(200);
  });

  test('control routes are not part of the log', async () => {
    await control('POST', '/reset');
    await put('a');
    expect(await (await control('GET', '/counts')).json()).toEqual({
      operations: { 'Notes.put': 1 },
      inFlight: 0,
      peakInFlight: 1,
    });
    expect(await (await control('GET', '')).json()).toEqual({ name: 'notes', requests: 1 });
    expect(await (await control('GET', '/log')).json()).toMatchObject([
      { operation: 'Notes.put', status: 200 },
    ]);
  });

  test('limits, state and the own controls of a twin are reached over HTTP', async () => {
    await put('kept');
    const state: unknown = await (await control('GET', '/state')).json();
    await control('POST', '/reset');
    await control('PUT', '/state', state);
    expect(await (await control('GET', '/notes')).json()).toContain('kept');
    await control('PUT', '/limits', [{ requestsPerSecond: 0.001, burst: 1 }]);
    expect([(await put('a')).status, (await put('a')).status]).toEqual([200, 429]);
    await control('PUT', '/limits', []);
  });

  test('a control request that is not understood is refused', async () => {
    expect((await control('POST', '/faults', { kind: 'earthquake' })).status).toBe(400);
    expect((await control('GET', '/nowhere')).status).toBe(404);
  });
});

test('a fetch without sockets reaches the twin of an origin and no other', async () => {
  const twinFetch = createTwinFetch({ 'https://notes.example': createNotes() });
  const answer = await twinFetch('https://notes.example/notes/a', { method: 'PUT', body: '{"text":"y"}' });
  expect(await answer.json()).toEqual({ id: 'a', text: 'y' });
  await expect(twinFetch('https://other.example/')).rejects.toThrow('no twin at https://other.example');
});
