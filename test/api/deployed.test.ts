import { describe, expect, test } from '@jest/globals';
import {
  getEnvironment,
  getInventory,
  getRelease,
  listEnvironments,
  listReleases,
} from '../../shared/api/deployed.ts';
import { listRuns } from '../../shared/api/runs.ts';
import { storeManifest } from '../../shared/project/manifest.ts';
import { sha256 } from '../../shared/release/canonical-json.ts';
import type { Environment } from '../../shared/release/model.ts';
import { newEnvironment } from '../../shared/release/model.ts';
import { MemoryContent } from '../adapters/memory-content.ts';
import { MemoryStore } from '../engine/simulator/memory-store.ts';
import { PROJECT } from '../engine/simulator/scenario.ts';
import { memoryReleases } from '../steps/intake-world.ts';
import { bodyWith, deploymentWorld, FILE } from './deployment-world.ts';

const WHEEL = { path: 'parking-1.0-py3-none-any.whl', size: 12, sha256: sha256('wheel') };

/** Two releases; build-1 is live in production, whose step `wheel` has an inventory. */
async function stored() {
  const store = new MemoryStore(() => 0);
  const content = new MemoryContent();
  const releases = memoryReleases();
  const manifest = await storeManifest(content, { schema: 1, artifacts: { 'python-wheel': [WHEEL] } });
  for (const order of [1, 2])
    await releases.add(PROJECT, {
      name: `build-${order}`,
      order,
      manifest,
      takenInAt: order,
      source: { number: '7' },
    });
  const production: Environment = {
    ...newEnvironment('production'),
    version: 1,
    live: { release: 'build-1', order: 1, run: 'release-1', at: 1, bad: false },
    toUndo: 'build-1',
    history: [{ release: 'build-0', order: 0, run: 'release-0', at: 0, bad: false }],
    inventories: {
      wheel: { digest: await content.put('{"schema":1,"paths":["/a.whl"]}'), uncertain: [sha256('plan')] },
      notebooks: { digest: null, uncertain: [] },
    },
  };
  const by = { id: 'olga', name: 'Olga' };
  await store.commit({
    project: PROJECT,
    run: null,
    environments: [production],
    event: { type: 'hold-lifted', at: 0, why: 'a test', by },
    effects: [],
    tags: { run: null, environments: new Map() },
  });
  const registered = { name: PROJECT, settings: { yaml: FILE }, tag: '1' };
  const projects = { readProject: async (name: string) => (name === PROJECT ? registered : null) };
  return { store, records: store, content, releases, projects };
}

describe('releases', () => {
  test('are listed newest first, each with where it is live', async () => {
    const { jsonBody } = await listReleases(await stored(), PROJECT);
    expect(jsonBody).toEqual({
      releases: [
        { name: 'build-2', order: 2, takenInAt: 2, source: { number: '7' }, liveIn: [] },
        { name: 'build-1', order: 1, takenInAt: 1, source: { number: '7' }, liveIn: ['production'] },
      ],
    });
  });

  test('are shown one by one with their files', async () => {
    const { status, jsonBody } = await getRelease(await stored(), PROJECT, 'build-1');
    expect(status).toBe(200);
    expect(jsonBody).toMatchObject({
      name: 'build-1',
      liveIn: ['production'],
      artifacts: { 'python-wheel': [WHEEL] },
    });
  });

  test('that are not there get 404 with the nearest, those of nobody 404', async () => {
    const ports = await stored();
    expect(await getRelease(ports, PROJECT, 'build-3')).toMatchObject({
      status: 404,
      jsonBody: { detail: expect.stringContaining('Did you mean "build-2"?') },
    });
    expect(await getRelease(ports, 'nobody', 'build-1')).toMatchObject({ status: 404 });
    expect(await listReleases(ports, 'nobody')).toMatchObject({ status: 404 });
  });
});

describe('an environment', () => {
  test('is shown with what is live, and what a rollback would go back to', async () => {
    const { jsonBody } = await getEnvironment(await stored(), PROJECT, 'production');
    expect(jsonBody).toMatchObject({
      name: 'production',
      live: { release: 'build-1' },
      lock: null,
      rollsBackTo: 'build-0',
    });
  });

  test('to which nothing was deployed is shown empty, and one that the project does not have is not there', async () => {
    const ports = await stored();
    expect(await getEnvironment(ports, PROJECT, 'dev')).toMatchObject({
      status: 200,
      jsonBody: { name: 'dev', live: null, rollsBackTo: null },
    });
    for (const [project, name] of [
      [PROJECT, 'prod'],
      [PROJECT, 'constructor'],
      ['nobody', 'dev'],
    ] as const) {
      expect(await getEnvironment(ports, project, name)).toMatchObject({ status: 404 });
      expect(await getInventory(ports, project, name)).toMatchObject({ status: 404 });
    }
    const { jsonBody } = await listEnvironments(ports, PROJECT);
    expect(Object(jsonBody).environments).toHaveLength(1);
  });

  test('has its inventory shown step by step, with the content and what is uncertain', async () => {
    const { jsonBody } = await getInventory(await stored(), PROJECT, 'production');
    expect(jsonBody).toEqual({
      environment: 'production',
      release: 'build-1',
      generation: 0,
      inventories: {
        wheel: {
          digest: sha256('{"schema":1,"paths":["/a.whl"]}'),
          uncertain: [sha256('plan')],
          content: { schema: 1, paths: ['/a.whl'] },
        },
        notebooks: { digest: null, uncertain: [], content: null },
      },
    });
  });
});

describe('the list of runs', () => {
  const ALL = { environment: null, kind: null, limit: null };

  async function listed(filter: Partial<typeof ALL> | Readonly<Record<string, string>>): Promise<string[]> {
    const w = deploymentWorld();
    await w.release(1);
    w.world.clock.at(w.world.clock.now() + 1_000, () => undefined);
    await w.ask({ kind: 'redeploy', environment: 'dev', body: bodyWith({}) });
    await w.rest();
    const content = new MemoryContent();
    const ports = { store: w.world.store, records: w.world.store, content, clock: w.world.clock };
    const { jsonBody } = await listRuns(ports, PROJECT, { ...ALL, ...filter });
    return Object(jsonBody).runs.map(({ kind }: { kind: string }) => kind);
  }

  test.each([
    [{}, ['redeploy', 'release']],
    [{ limit: '1' }, ['redeploy']],
    [{ kind: 'release' }, ['release']],
    [{ kind: 'rollback' }, []],
    [{ environment: 'production' }, ['release']],
    [{ environment: 'dev', limit: '200' }, ['redeploy', 'release']],
  ])('asked for with %j is %j', async (filter, kinds) => {
    expect(await listed(filter)).toEqual(kinds);
  });

  test.each([{ kind: 'deploy' }, { limit: '0' }, { limit: '201' }, { limit: 'all' }, { limit: '-1' }])(
    'cannot be asked for with %j',
    async (filter) => {
      const [field = ''] = Object.keys(filter);
      await expect(listed(filter as Readonly<Record<string, string>>)).rejects.toThrow(
        new RegExp(`^${field}: `),
      );
    },
  );
});
