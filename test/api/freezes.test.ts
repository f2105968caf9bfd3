import { describe, expect, test } from '@jest/globals';
import { answer } from '../../shared/api/answer.ts';
import { requestOfEnvironment } from '../../shared/api/deeds.ts';
import type { FreezeCall } from '../../shared/api/freezes.ts';
import { setFreeze } from '../../shared/api/freezes.ts';
import { advanceEnvironment } from '../../shared/engine/advance.ts';
import { MemoryStore } from '../engine/simulator/memory-store.ts';
import { PROJECT } from '../engine/simulator/scenario.ts';
import { FILE } from './deployment-world.ts';

const NOW = Date.UTC(2026, 11, 20, 9);
const BODY = { from: '2026-12-20T17:00:00Z', to: '2026-12-27T07:00:00Z', by: 'Olga', why: 'holidays' };
const BY = { id: 'Olga', name: 'Olga' };

function world() {
  const store = new MemoryStore(() => NOW);
  const registered = { name: PROJECT, settings: { yaml: FILE }, tag: '1' };
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const ports = {
    ...{ store, records: store, log: quiet, bus: { send: () => Promise.resolve() } },
    clock: { now: () => NOW, sleep: () => Promise.resolve() },
    projects: { readProject: async (name: string) => (name === PROJECT ? registered : null) },
  };
  let invocations = 0;
  const freeze = (call: Partial<FreezeCall> = {}) => {
    invocations += 1;
    const whole = { project: PROJECT, environment: 'production', key: null, body: JSON.stringify(BODY) };
    return answer({ error: () => undefined }, () =>
      setFreeze(ports, { ...whole, invocation: `call-${invocations}`, ...call }),
    );
  };
  const lift = (id: string, environment = 'production', project = PROJECT) =>
    answer({ error: () => undefined }, () =>
      requestOfEnvironment(
        ports,
        { project, environment },
        { type: 'freeze-lifted', at: NOW, id, why: 'it is over', by: BY },
      ),
    );
  const freezesOf = async (environment = 'production') => {
    const found = (await store.environments(PROJECT)).find(({ name }) => name === environment);
    return found?.freezes.map(({ id }) => id) ?? [];
  };
  return { store, ports, freeze, lift, freezesOf };
}

describe('a freeze', () => {
  test('is answered with the id by which it is lifted', async () => {
    const { freeze, lift, freezesOf } = world();
    expect(await freeze()).toEqual({
      status: 200,
      jsonBody: {
        ...{ done: 'freeze-set', environment: 'production', freeze: 'call-1' },
        ...{ from: '2026-12-20T17:00:00.000Z', to: '2026-12-27T07:00:00.000Z' },
      },
    });
    expect(await freezesOf()).toEqual(['call-1']);
    expect((await lift('call-1')).status).toBe(200);
    expect(await freezesOf()).toEqual([]);
  });

  test('begins now where nothing is said, also when the request comes again', async () => {
    const { freeze } = world();
    const { from: _, ...body } = BODY;
    const call = { key: 'now', body: JSON.stringify(body) };
    const first = await freeze(call);
    expect(first).toMatchObject({ status: 200, jsonBody: { from: '2026-12-20T09:00:00.000Z' } });
    expect(await freeze(call)).toEqual(first);
  });

  test('without what it needs is refused in words', async () => {
    const { freeze } = world();
    expect(await freeze({ body: '{"by":"Olga"}' })).toMatchObject({
      status: 400,
      jsonBody: { detail: 'to: is missing; why: is missing' },
    });
  });

  test('of an environment that does not exist is refused, with those that do', async () => {
    const { store, freeze } = world();
    expect(await freeze({ environment: 'prodution' })).toMatchObject({
      status: 404,
      jsonBody: {
        detail: expect.stringMatching(/has no environment "prodution"\. It has: dev, production\./),
      },
    });
    expect((await freeze({ project: 'nothing' })).status).toBe(404);
    expect(await store.environments(PROJECT)).toEqual([]);
  });

  test.each([
    ['2026-12-20T09:00:00Z', 'The freeze would be over already: it ends at 2026-12-20T09:00:00.000Z.'],
    ['2026-12-20T10:00:00Z', 'the freeze would end before it begins'],
  ])('that would freeze nothing is refused (until %s)', async (to, detail) => {
    const { freeze, freezesOf } = world();
    expect(await freeze({ body: JSON.stringify({ ...BODY, to }) })).toMatchObject({
      status: 409,
      jsonBody: { detail },
    });
    expect(await freezesOf()).toEqual([]);
  });
});

describe('a request that is sent again under its key', () => {
  test('is one freeze, also after somebody lifted it', async () => {
    const { store, freeze, lift, freezesOf } = world();
    const first = await freeze({ key: 'holidays' });
    expect(await freeze({ key: 'holidays' })).toEqual(first);
    const [id = ''] = await freezesOf();
    expect(first).toMatchObject({ status: 200, jsonBody: { freeze: id } });
    await lift(id);
    expect(await freeze({ key: 'holidays' })).toEqual(first);
    expect(await freezesOf()).toEqual([]);
    expect(await store.events(PROJECT, 'environment.production')).toHaveLength(2);
  });

  test('may not ask for something else', async () => {
    const { freeze, freezesOf } = world();
    await freeze({ key: 'holidays' });
    const other = JSON.stringify({ ...BODY, to: '2026-12-28T07:00:00Z' });
    expect((await freeze({ key: 'holidays', body: other })).status).toBe(422);
    expect(await freezesOf()).toHaveLength(1);
  });

  test('is another one under another key, in another environment, or without a key', async () => {
    const { freeze, freezesOf } = world();
    await freeze({ key: 'a' });
    await freeze({ key: 'b' });
    await freeze({ key: 'a', environment: 'dev' });
    await freeze();
    await freeze();
    expect(new Set(await freezesOf()).size).toBe(4);
    expect(await freezesOf('dev')).toHaveLength(1);
  });

  test('needs a key that can be told', async () => {
    expect((await world().freeze({ key: 'two words' })).status).toBe(400);
  });
});

describe('what is lifted', () => {
  test('may be in an environment that slipway.yaml has no more', async () => {
    const { ports, lift } = world();
    const set = {
      type: 'freeze-set',
      at: NOW,
      id: 'old',
      from: NOW,
      to: NOW + 1,
      why: 'a test',
      by: BY,
    } as const;
    await advanceEnvironment(ports, { project: PROJECT, environment: 'gone' }, set);
    expect((await lift('old', 'gone')).status).toBe(200);
  });

  test('must be in an environment that there is, and be there', async () => {
    const { lift } = world();
    expect(await lift('x', 'stagin')).toMatchObject({ status: 404 });
    expect(await lift('x', 'dev', 'nothing')).toMatchObject({ status: 404 });
    expect(await lift('x')).toMatchObject({ status: 409, jsonBody: { detail: 'there is no freeze x' } });
  });
});
