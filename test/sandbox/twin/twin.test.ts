import { describe, expect, test } from '@jest/globals';
import { createChance } from '../../../sandbox/twin/chance.ts';
import type { Twin } from '../../../sandbox/twin/model.ts';
import { createNotes, requestOf } from './toy-twin.ts';

async function call(
  twin: Twin,
  method: string,
  url: string,
  body?: unknown,
  headers?: Record<string, string>,
) {
  const response = await twin.handle(requestOf(method, url, body, headers));
  const text = Buffer.from(response.body).toString('utf8');
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? undefined : JSON.parse(text),
  };
}

describe('the contract of a twin', () => {
  test('a request within the contract is served and breaks nothing', async () => {
    const twin = createNotes();
    await call(twin, 'PUT', '/notes/a%20b', { text: 'hi' });
    expect(await call(twin, 'GET', '/notes/a%20b?format=x')).toMatchObject({
      body: { id: 'a b', text: 'hi' },
    });
    expect(twin.violations()).toEqual([]);
  });

  test('an unknown operation is refused and recorded', async () => {
    const twin = createNotes();
    expect((await call(twin, 'PATCH', '/notes/a')).status).toBe(404);
    expect(twin.violations()).toEqual([
      { method: 'PATCH', path: '/notes/a', operation: 'unknown', what: 'request: unknown operation' },
    ]);
  });

  test('a missing required field is refused and recorded', async () => {
    const twin = createNotes();
    expect((await call(twin, 'PUT', '/notes/a', {})).status).toBe(400);
    expect(twin.violations()).toMatchObject([
      { operation: 'Notes.put', what: expect.stringContaining('text') },
    ]);
  });

  test('an undeclared field is ignored as the service does, and recorded with its path', async () => {
    const twin = createNotes();
    const answer = await call(twin, 'PUT', '/notes/a?force=1', {
      text: 'hi',
      tags: { size: 1 },
      color: 'red',
    });
    expect(answer).toMatchObject({ status: 200, body: { text: 'hi' } });
    expect(twin.violations().map(({ what }) => what)).toEqual([
      'request: field force is not declared',
      'request: field tags.size is not declared',
      'request: field color is not declared',
    ]);
  });

  test('a body that is not JSON is refused', async () => {
    const twin = createNotes();
    const response = await twin.handle({ ...requestOf('PUT', '/notes/a'), body: Buffer.from('{') });
    expect(response.status).toBe(400);
    expect(twin.violations()).toHaveLength(1);
  });

  test('an answer outside the contract is the mistake of the twin and recorded', async () => {
    const twin = createNotes();
    await call(twin, 'GET', '/broken');
    const found = twin.violations().map(({ what }) => what);
    expect(found).toContain('response 200: field colour is not declared');
    expect(found.some((what) => what.startsWith('response 200: id'))).toBe(true);
  });

  test('a route that throws answers 500 and is the mistake of the twin', async () => {
    const twin = createNotes();
    expect((await call(twin, 'GET', '/throws')).status).toBe(500);
    expect(twin.violations()).toMatchObject([{ what: expect.stringContaining('twin: Error: a bug') }]);
  });

  test('an unchecked twin records nothing and still refuses', async () => {
    const twin = createNotes({ checked: false });
    expect((await call(twin, 'PUT', '/notes/a', {})).status).toBe(400);
    expect(twin.violations()).toEqual([]);
  });
});

describe('the token of a caller', () => {
  const acceptsToken = (token: string | undefined) =>
    token === 'good' ? { ok: true as const, principal: 'me' } : { ok: false as const, why: 'bad token' };

  test('a refused token gets 401 and has no effect', async () => {
    const twin = createNotes({ acceptsToken });
    expect((await call(twin, 'PUT', '/notes/a', { text: 'x' })).status).toBe(401);
    expect((await call(twin, 'PUT', '/notes/a', { text: 'x' }, { authorization: 'Bearer bad' })).status).toBe(
      401,
    );
    expect((await call(twin, 'GET', '/notes/a', undefined, { authorization: 'Bearer good' })).status).toBe(
      404,
    );
  });

  test('an anonymous operation needs none', async () => {
    expect((await call(createNotes({ acceptsToken }), 'GET', '/hello')).status).toBe(200);
  });
});

describe('the request log', () => {
  test('requests are counted by operation, with their status and times', async () => {
    const twin = createNotes();
    await call(twin, 'PUT', '/notes/a', { text: 'x' });
    await call(twin, 'GET', '/notes/a');
    await call(twin, 'GET', '/notes/b');
    expect(twin.log.counts()).toEqual({ 'Notes.put': 1, 'Notes.get': 2 });
    expect(twin.log.requests().map(({ status }) => status)).toEqual([200, 200, 404]);
  });

  test('requests at the same time show in the peak', async () => {
    const twin = createNotes();
    twin.faults.add({ kind: 'latency', latencyInMs: 5 });
    await Promise.all([
      call(twin, 'GET', '/hello'),
      call(twin, 'GET', '/hello'),
      call(twin, 'GET', '/hello'),
    ]);
    expect([twin.log.peakInFlight(), twin.log.inFlight()]).toEqual([3, 0]);
  });
});

describe('the state of a twin', () => {
  test('an exported state continues in another twin', async () => {
    const [first, second] = [createNotes(), createNotes()];
    await call(first, 'PUT', '/notes/a', { text: 'kept' });
    second.importState(first.exportState());
    expect((await call(second, 'GET', '/notes/a')).body).toEqual({ id: 'a', text: 'kept' });
  });

  test('a reset forgets content, log, faults and violations', async () => {
    const twin = createNotes();
    await call(twin, 'PUT', '/notes/a', { text: 'x', y: 1 });
    twin.faults.add({ kind: 'drop' });
    twin.reset();
    expect([twin.log.count(), twin.faults.list().length, twin.violations().length]).toEqual([0, 0, 0]);
    expect((await call(twin, 'GET', '/notes/a')).status).toBe(404);
  });
});

describe('ids and chance', () => {
  test('the same seed gives the same ids', () => {
    const [one, two] = [createChance(7), createChance(7)];
    expect([one.uuid(), one.int64()]).toEqual([two.uuid(), two.int64()]);
  });

  test('a 64-bit id does not survive as a JavaScript number', () => {
    const chance = createChance(1);
    for (let round = 0; round < 50; round++) {
      const id = chance.int64();
      expect(BigInt(Number(id))).not.toBe(id);
    }
  });
});
