import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Json } from '../../shared/release/canonical-json.ts';
import type { Change } from '../../shared/release/plan.ts';
import { infrastructure } from '../../shared/steps/infrastructure.ts';
import type { ArmStepWorld } from './arm-world.ts';
import { armWorld, exampleInfrastructure, GROUP, SUBSCRIPTION, storage, template } from './arm-world.ts';
import { contentOf, contextOf, plan, runToEnd } from './step-runner.ts';
import { underVirtualTime } from './virtual-time.ts';

let { world, twin }: ArmStepWorld = armWorld();

beforeEach(() => {
  ({ world, twin } = armWorld({ showsDefaults: true }));
});
afterEach(() => {
  expect(twin.violations()).toEqual([]);
});

const STONE = 'Microsoft.Storage/storageAccounts/stone';
const TEMPLATE = `main.json in ${GROUP}`;
const stoneId = `/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}/providers/${STONE}`;
const one = (parts: object = {}) => template({ resources: [storage('stone', parts)] });
const choose = (run: string, main: object) => {
  world.run = run;
  world.artifacts = { infrastructure: { 'main.json': JSON.stringify(main) } };
  twin.log.clear();
};
const deploy = (run: string, main: object = one()) => {
  choose(run, main);
  return runToEnd(infrastructure, world, { appliesUnchanged: true });
};
const puts = () => twin.log.count('Deployments_CreateOrUpdate');
const whatIfs = () => twin.log.count('Deployments_WhatIf');
const summary = (changes: readonly Change[]) => changes.map(({ target, action }) => `${action} ${target}`);
const detailOf = (changes: readonly Change[]) => changes.find(({ target }) => target === STONE)?.detail;
/** Changes the resource behind the back of every deployment. */
const byHand = (change: { body?: object; added?: object }) => {
  const stored = twin.resource(stoneId);
  if (stored === undefined) throw new Error('not deployed');
  const { body, added } = stored;
  twin.putResource({
    ...stored,
    body: { ...body, ...change.body },
    added: { ...added, ...change.added },
  });
};
const otherEndpoint = { properties: { primaryEndpoints: { blob: 'https://elsewhere/' } } };
const inventory = (): Record<string, unknown> =>
  JSON.parse(new TextDecoder().decode(world.contents.get(world.inventory.digest ?? '')));

describe('what what-if still shows right after a deployment is no change of later releases of the same content', () => {
  test('so the second and the third release of three plan nothing and deploy nothing', async () => {
    expect((await deploy('release-1')).refused).toBeNull();
    expect([puts(), whatIfs()]).toEqual([1, 2]);
    for (const release of ['release-2', 'release-3']) {
      expect((await deploy(release)).changes).toEqual([]);
      expect([puts(), whatIfs()]).toEqual([0, 1]);
    }
  });

  test('of the example project, too', async () => {
    world.artifacts = { infrastructure: exampleInfrastructure() };
    await runToEnd(infrastructure, world);
    world.run = 'release-2';
    expect(await plan(infrastructure, world)).toEqual([]);
  });

  test('but what somebody changes by hand is seen, alone, and put right', async () => {
    await deploy('release-1');
    byHand({ body: { kind: 'BlobStorage' } });
    const { changes } = await deploy('release-2');
    expect(summary(changes)).toEqual([`update ${STONE}`, `update ${TEMPLATE}`]);
    expect(detailOf(changes)).toBe('~kind');
    expect(twin.resource(stoneId)?.body.kind).toBe('StorageV2');
    expect((await deploy('release-3')).changes).toEqual([]);
  });

  test('and so is something that nobody declared: a new one, and one that has another value now', async () => {
    await deploy('release-1');
    byHand({ body: { tags: { by: 'hand' } } });
    expect(detailOf((await deploy('release-2')).changes)).toBe('-tags.by');
    byHand({ added: otherEndpoint });
    expect(detailOf((await deploy('release-3')).changes)).toBe('-properties.primaryEndpoints.blob');
    expect((await deploy('release-4')).changes).toEqual([]);
  });

  test('new content shows all of it, since it may set what was left to Azure', async () => {
    await deploy('release-1');
    const { changes } = await deploy('release-2', one({ tags: { a: 'b' } }));
    expect(detailOf(changes)).toContain('-properties.primaryEndpoints.blob');
    expect(detailOf(changes)).toContain('+tags');
    expect((await deploy('release-3', one({ tags: { a: 'b' } }))).changes).toEqual([]);
  });

  test('a rollback learns it again for the content that comes back', async () => {
    await deploy('release-1');
    await deploy('release-2', one({ tags: { a: 'b' } }));
    [world.kind, world.release] = ['rollback', 'release-1'];
    expect((await deploy('rollback-1')).changes).not.toEqual([]);
    expect((await deploy('rollback-2')).changes).toEqual([]);
  });

  test('no value of it is kept anywhere', async () => {
    await deploy('release-1');
    expect(inventory()).toHaveProperty('noise');
    const all = [...world.contents.values()].map((bytes) => Buffer.from(bytes).toString()).join();
    expect(all).not.toContain('core.windows.net');
  });

  test('where there is none, the inventory says nothing of it', async () => {
    ({ world, twin } = armWorld());
    await deploy('release-1');
    expect(inventory()).not.toHaveProperty('noise');
  });
});

describe('who does not know what Azure shows deploys once more, and knows it then:', () => {
  const twice = async () => {
    expect(summary((await deploy('release-2')).changes)).toEqual([`update ${STONE}`, `update ${TEMPLATE}`]);
    expect((await deploy('release-3')).changes).toEqual([]);
  };

  test('an inventory of before', async () => {
    await deploy('release-1');
    const { noise: _unknown, ...old } = inventory();
    world.inventory = { digest: await contentOf(world).put(JSON.stringify(old)), uncertain: [] };
    await twice();
  });

  test.each([503, 403])('a look that fails with %i, which fails no release', async (status) => {
    twin.faults.add({ kind: 'status', match: 'Deployments_WhatIf', skip: 1, status });
    expect((await deploy('release-1')).refused).toBeNull();
    twin.faults.clear();
    expect(world.log.join()).toContain('what Azure shows of it later');
    await twice();
  });

  test.each([
    ['was interrupted', (_memo: Json) => null],
    ['was asked again much too late', (memo: Json) => memo],
  ])(
    'a step that %s, and found its deployment long over: others may have changed it since',
    async (_what, memoOf) => {
      choose('release-1', one());
      const changes = await plan(infrastructure, world);
      const applyWith = async (memo: Json) => {
        const context = await contextOf(infrastructure, world, memo);
        return underVirtualTime(world.clock, infrastructure.apply(context, changes));
      };
      const first = await applyWith(null);
      if (!('waiting' in first)) throw new Error('it does not wait');
      world.clock.at(world.clock.now() + 3_600_000, () => byHand({ body: { tags: { by: 'hand' } } }));
      await underVirtualTime(world.clock, world.clock.sleep(3_700_000));
      const second = await applyWith(memoOf(first.waiting.memo));
      if (!('done' in second)) throw new Error('it is not done');
      world.inventory = { digest: String(second.done.inventory), uncertain: [] };
      expect(detailOf((await deploy('release-2')).changes)).toContain('-tags.by');
      expect((await deploy('release-3')).changes).toEqual([]);
    },
  );
});
