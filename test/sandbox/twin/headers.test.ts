import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { operation } from '../../../sandbox/twin/contract.ts';
import { json } from '../../../sandbox/twin/exchange.ts';
import { matchesPattern } from '../../../sandbox/twin/pattern.ts';
import { route } from '../../../sandbox/twin/route.ts';
import { createTwin } from '../../../sandbox/twin/twin.ts';
import { requestOf } from './toy-twin.ts';

const read = operation({ name: 'Things.read', method: 'GET', path: '/things' });
const write = operation({ name: 'Things.write', method: 'PUT', path: '/things' });

test('every answer carries the headers of the service, refusals included', async () => {
  const twin = createTwin({
    name: 'things',
    state: {},
    errorBody: z.strictObject({}),
    wordError: ({ status }) => json({}, status),
    limits: [{ match: 'Things.read|Things.list', requestsPerSecond: 1, burst: 2 }],
    headersOf: (request, limits) => ({ remaining: String(limits.remaining(request)), from: 'service' }),
    routes: [route(read, () => json({})), route(write, () => ({ ...json({}), headers: { from: 'answer' } }))],
  });
  const send = async (method: string) => {
    const { status, headers } = await twin.handle(requestOf(method, '/things'));
    return [status, headers.remaining, headers.from];
  };
  expect(await send('GET')).toEqual([200, '1', 'service']);
  expect(await send('GET')).toEqual([200, '0', 'service']);
  expect(await send('GET')).toEqual([429, '0', 'service']);
  expect(await send('PUT')).toEqual([200, 'undefined', 'answer']);
});

test('a pattern may name several operations or paths', () => {
  const get = { operation: 'Jobs.get', path: '/api/2.2/jobs/get' };
  expect(matchesPattern('Jobs.list|Jobs.get', get)).toBe(true);
  expect(matchesPattern('Jobs.list|/api/*/jobs/get', get)).toBe(true);
  expect(matchesPattern('Jobs.list|Jobs', get)).toBe(false);
});
