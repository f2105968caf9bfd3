import { expect, test } from '@jest/globals';
import { KIND_NAMES, lazyKinds } from '../../shared/steps/lazy-kinds.ts';
import { STEP_KINDS } from '../../shared/steps/registry.ts';
import { contextOf, newWorld, plan, runToEnd } from './step-runner.ts';

test('the names are those of the registry, in its order', () => {
  expect(KIND_NAMES).toEqual(STEP_KINDS.map(({ name }) => name));
});

test('a kind that is loaded late does what it does', async () => {
  const world = newWorld({ artifacts: {} });
  const late = lazyKinds().get('pre-flight');
  if (late === undefined) throw new Error('there is no such kind');
  expect((await runToEnd(late, world, { appliesUnchanged: true })).output).toEqual({ environments: {} });
});

test('a kind that does not plan has no change, and one that cannot be cancelled is cancelled', async () => {
  const kinds = lazyKinds();
  const [artifacts, wheel] = [kinds.get('artifacts'), kinds.get('wheel')];
  if (artifacts === undefined || wheel === undefined) throw new Error('there is no such kind');
  const world = newWorld();
  expect(await plan(artifacts, world)).toEqual([]);
  expect(await wheel.cancel?.(await contextOf(wheel, world, null))).toEqual({ done: {} });
});
