import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { operation } from '../../../sandbox/twin/contract.ts';
import { json } from '../../../sandbox/twin/exchange.ts';
import { route } from '../../../sandbox/twin/route.ts';
import { createTwin } from '../../../sandbox/twin/twin.ts';
import { requestOf } from './toy-twin.ts';

const named = z.strictObject({ served: z.string() });
const all = operation({ name: 'All', method: 'GET', path: '/things', responses: { 200: named } });
const one = operation({
  name: 'One',
  method: 'GET',
  path: '/things?name={name}',
  query: z.strictObject({ name: z.string() }),
  responses: { 200: named },
});

function createThings() {
  const around: string[] = [];
  const twin = createTwin({
    name: 'things',
    state: {},
    errorBody: z.strictObject({ from: z.string(), why: z.string() }),
    wordError: ({ status, why }, request) => json({ from: request.url, why }, status),
    around: async ({ operation: name, principal }, serve) => {
      const answer = await serve();
      around.push(`${name} for ${principal}: ${answer.status}`);
      return { ...answer, headers: { 'x-served': name } };
    },
    routes: [route(all, () => json({ served: 'all' })), route(one, () => json({ served: 'one' }))],
  });
  return { twin, around };
}

test('of operations that share a path, the one whose needed query fields are there is served', async () => {
  const { twin } = createThings();
  const served = async (url: string) =>
    JSON.parse(Buffer.from((await twin.handle(requestOf('GET', url))).body).toString());
  expect(await served('/things')).toEqual({ served: 'all' });
  expect(await served('/things?name=x')).toEqual({ served: 'one' });
  expect(twin.violations()).toEqual([]);
});

test('a service can act around every admitted request', async () => {
  const { twin, around } = createThings();
  const response = await twin.handle(requestOf('GET', '/things?name=x'));
  expect(response.headers['x-served']).toBe('One');
  expect(around).toEqual(['One for twin-user: 200']);
});

test('an error can be worded by what was asked', async () => {
  const response = await createThings().twin.handle(requestOf('GET', '/nowhere'));
  expect(Buffer.from(response.body).toString()).toContain('"from":"/nowhere"');
});
