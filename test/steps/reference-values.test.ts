import { expect, test } from '@jest/globals';
import type { Json } from '../../shared/release/canonical-json.ts';
import { featureFlags } from '../../shared/steps/feature-flags.ts';
import { referenceValues } from '../../shared/steps/reference-values.ts';
import type { World } from './step-runner.ts';
import { contentOf, contextOf, newWorld } from './step-runner.ts';

const variables = { databricksNotebookPath: '/Shared/x', databricksDbfsLibPath: '/Workspace/Shared/lib' };

/** Names that are outputs, with their values, as any step of the stage reads them. */
async function outputsIn(world: World): Promise<Record<string, string>> {
  const values = await referenceValues(await contextOf(featureFlags, world, null));
  return Object.fromEntries([...values].filter(([name]) => name.startsWith('outputs.')));
}

/** An environment whose infrastructure was deployed before, and gave out this. */
async function deployedBefore(outputs: Json): Promise<World> {
  const world = newWorld({ values: { variables } });
  const digest = await contentOf(world).put(JSON.stringify({ schema: 2, outputs }));
  world.inventories = { infrastructure: { digest, uncertain: [] } };
  return world;
}

test('outputs are those that the infrastructure of the stage gives out', async () => {
  const world = newWorld({ values: { variables } });
  world.outputs = { 'dev/infrastructure': { outputs: { name: 'a', count: 3, on: true, list: ['b'] } } };
  expect(await outputsIn(world)).toEqual({ 'outputs.name': 'a', 'outputs.count': '3', 'outputs.on': 'true' });
});

test('a stage without infrastructure has those of the last deployment in its environment', async () => {
  const world = await deployedBefore({ name: 'old', list: ['b'] });
  expect(await outputsIn(world)).toEqual({ 'outputs.name': 'old' });
});

test('what the infrastructure of the stage does not give out any more has no value', async () => {
  const world = await deployedBefore({ name: 'old', gone: 'old' });
  world.outputs = { 'dev/infrastructure': { outputs: { name: 'new' } } };
  expect(await outputsIn(world)).toEqual({ 'outputs.name': 'new' });
});

test('before the first deployment there are none', async () => {
  expect(await outputsIn(newWorld({ values: { variables } }))).toEqual({});
});
