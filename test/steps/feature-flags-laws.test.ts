import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { FaultRequest } from '../../sandbox/twin/faults.ts';
import { TransientFailure } from '../../shared/errors.ts';
import type { Json } from '../../shared/release/canonical-json.ts';
import { featureFlags } from '../../shared/steps/feature-flags.ts';
import { featureRollout } from '../../shared/steps/feature-rollout.ts';
import type { StepKind, StepOutcome } from '../../shared/steps/step.ts';
import type { FlagWorld } from './app-configuration-world.ts';
import { flagWorld } from './app-configuration-world.ts';
import { rolloutWorld } from './rollout-world.ts';
import type { World } from './step-runner.ts';
import { contextOf, plan } from './step-runner.ts';
import { underVirtualTime } from './virtual-time.ts';

const fault = fc.oneof(
  fc.record({
    kind: fc.constant('drop' as const),
    match: fc.constantFrom('PutKeyValue', 'GetKeyValues', 'GetKeyValue', 'DeleteKeyValue'),
    when: fc.constantFrom('before' as const, 'after' as const),
    skip: fc.nat(3),
    /** Four in a row are more than one call tries. */
    times: fc.constantFrom(1, 4, 5, 9),
  }),
  fc.record({
    kind: fc.constant('status' as const),
    match: fc.constantFrom('PutKeyValue', 'GetKeyValues', 'DeleteKeyValue'),
    when: fc.constantFrom('before' as const, 'after' as const),
    status: fc.constantFrom(429, 500, 503),
    skip: fc.nat(3),
    times: fc.constantFrom(1, 4, 5, 9),
  }),
);

/** Which calls of `apply` are made again although they ended: their answer was lost, the function died after it. */
const deaths = fc.array(fc.boolean(), { maxLength: 6 });

type Trouble = readonly [faults: readonly FaultRequest[], dies: readonly boolean[]];

interface Call {
  readonly kind: StepKind;
  readonly world: World;
  readonly changes?: Awaited<ReturnType<typeof plan>>;
}

/** Applies as the engine does: the same changes again after a technical failure, the same memo after a death. */
async function applyAgainAndAgain(
  { kind, world, changes = [] }: Call,
  dies: readonly boolean[],
): Promise<Exclude<StepOutcome, { waiting: unknown }>> {
  const lost = [...dies];
  let memo: Json = null;
  for (let calls = 0; calls < 2_000; calls += 1) {
    const call = async () => kind.apply(await contextOf(kind, world, memo), changes);
    const outcome = await underVirtualTime(world.clock, call()).catch((error: unknown) => {
      if (error instanceof TransientFailure) return null;
      throw error;
    });
    if (lost.shift() === true) continue;
    const pause =
      outcome === null ? 60_000 : 'waiting' in outcome ? outcome.waiting.until - world.clock.now() : 0;
    await underVirtualTime(world.clock, world.clock.sleep(Math.max(0, pause)));
    if (outcome === null) continue;
    if (!('waiting' in outcome)) return outcome;
    memo = JSON.parse(JSON.stringify(outcome.waiting.memo)) as Json;
  }
  throw new Error('the step does not end');
}

const wait = fc.integer({ min: 1, max: 120 });
const shares = fc.uniqueArray(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 4 });
const rollout = fc.tuple(shares, fc.array(wait, { minLength: 4, maxLength: 4 })).map(([percentages, waits]) =>
  [...percentages]
    .sort((left, right) => left - right)
    .map((percentage, index, all) => ({
      percentage,
      ...(index < all.length - 1 ? { wait_in_minutes: waits[index] ?? 1 } : {}),
    })),
);

test('whatever fails and however often a call is made, each step comes once, in order, and lasts its time', async () => {
  await fc.assert(
    fc.asyncProperty(rollout, fc.array(fault, { maxLength: 3 }), deaths, async (steps, faults, dies) => {
      const site = rolloutWorld();
      await site.deploy('r1', [{ id: 'forecast', enabled: true, rollout: { prod: steps } }]);
      for (const each of faults) site.store.faults.add(each);
      const world = { ...site.world, stage: 'rollout', input: {} };
      const outcome = await applyAgainAndAgain({ kind: featureRollout, world }, dies);
      expect(outcome).toHaveProperty('done');
      expect(site.shares.map(([, , share]) => share)).toEqual(steps.map(({ percentage }) => percentage));
      for (const [index, { wait_in_minutes = 0 }] of steps.entries()) {
        const [begun = 0, ended = Infinity] = site.instants.slice(index);
        expect(ended - begun).toBeGreaterThanOrEqual(wait_in_minutes * 60_000);
      }
      expect(site.store.violations()).toEqual([]);
    }),
    { numRuns: 12, seed: 20261124 },
  );
});

const VARIANTS = [
  { enabled: true },
  { enabled: false },
  { enabled: true, description: 'other' },
  { enabled: true, rollout: { default: [{ percentage: 10, wait_in_minutes: 5 }, { percentage: 90 }] } },
  { enabled: true, rollout: { default: [{ percentage: 40 }] } },
];
const flags = fc
  .tuple(...['a', 'b', 'c'].map((id) => fc.tuple(fc.constant(id), fc.option(fc.constantFrom(...VARIANTS)))))
  .map((all) => all.flatMap(([id, variant]) => (variant === null ? [] : [{ id, ...variant }])));

function contents({ flag }: FlagWorld) {
  return ['a', 'b', 'c', 'theirs'].map((id) => {
    const { value, tags, content_type } = flag(id) ?? {};
    return { id, value, tags, content_type };
  });
}

function declaration({ id, tags }: ReturnType<typeof contents>[number]) {
  return { id, declaration: tags?.['slipway-declaration'] };
}

async function deploy(site: FlagWorld, [faults, dies]: Trouble): Promise<void> {
  const { world, store } = site;
  const changes = await plan(featureFlags, world);
  if (changes.length === 0) return;
  for (const each of faults) store.faults.add(each);
  const outcome = await applyAgainAndAgain({ kind: featureFlags, world, changes }, dies);
  store.faults.clear();
  if (!('done' in outcome)) throw new Error(outcome.refused);
  world.inventory = { digest: String(outcome.done.inventory), uncertain: [] };
}

describe('a rollback', () => {
  test('brings back exactly what stood there, whatever failed on the way there and back', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(flags, flags, flags),
        fc.array(fc.tuple(fc.array(fault, { maxLength: 2 }), deaths), { minLength: 4, maxLength: 4 }),
        fc.constantFrom(0, 1),
        async (releases, troubles, target) => {
          const site = flagWorld();
          site.store.putSetting('.appconfig.featureflag/theirs', '{"enabled":true}', { label: 'prod' });
          const after: ReturnType<typeof contents>[] = [];
          const bring = async (index: number) => {
            await deploy(site, troubles[index] ?? [[], []]);
          };
          for (const [index, each] of releases.entries()) {
            site.release(`r${index}`, each);
            await bring(index);
            after.push(contents(site));
          }
          site.rollBackTo(`r${target}`);
          await bring(3);
          const [back, before] = [contents(site), after[target] ?? []];
          // Over more than one release, a flag that went and came again is back, maybe at its last step.
          if (target === 1) expect(back).toEqual(before);
          else expect(back.map(declaration)).toEqual(before.map(declaration));
          site.rollBackTo(`r${target}`);
          expect(await plan(featureFlags, site.world)).toEqual([]);
          expect(site.store.violations()).toEqual([]);
        },
      ),
      { numRuns: 40, seed: 20261125 },
    );
  });
});
