import { expect, test } from '@jest/globals';
import { releaseToUndo } from '../../shared/api/release-to-undo.ts';
import type { Environment, RunKind, StageStatus } from '../../shared/release/model.ts';
import { newEnvironment } from '../../shared/release/model.ts';
import { newRun } from '../../shared/release/new-run.ts';
import { MemoryStore } from '../engine/simulator/memory-store.ts';
import { pipeline, remoteStep, stage } from '../release/pipelines.ts';

const PROJECT = 'parking';

interface Past {
  readonly order: number;
  readonly kind?: RunKind;
  readonly status: StageStatus;
  /** Of the deployment; null: it never began to apply. */
  readonly generation: number | null;
  /** Of the tests after it. */
  readonly tests?: number;
}

/** A store that holds these runs in production, oldest first. */
async function storeWith(runs: readonly Past[]): Promise<MemoryStore> {
  const store = new MemoryStore(() => 0);
  const table = pipeline([
    stage('production'),
    stage('smoke-tests', { environment: 'production', after: ['production'], steps: [remoteStep('smoke')] }),
  ]);
  for (const [at, { order, kind = 'release', status, generation, tests = null }] of runs.entries()) {
    const event = {
      type: 'run-requested',
      ...{ at, project: PROJECT, id: `run-${at}`, kind, pipeline: table },
      release: { name: `build-${order}`, order },
      requestedBy: { id: 'olga', name: 'Olga' },
      why: 'a test',
      overridesFreeze: false,
      traceparent: '',
    } as const;
    const run = { ...newRun(event), version: 1 };
    const [deployment, smoke] = run.stages;
    if (deployment !== undefined) Object.assign(deployment, { status, appliedGeneration: generation });
    if (smoke !== undefined) Object.assign(smoke, { appliedGeneration: tests });
    const { tags } = await store.load(PROJECT, run.id);
    await store.commit({ project: PROJECT, run, environments: [], event, effects: [], tags });
  }
  return store;
}

/** Production with build-2 live. */
function production(generation: number): Environment {
  const live = { release: 'build-2', order: 2, run: 'run-1', at: 1, bad: false };
  return { ...newEnvironment('production'), live, generation };
}

const FIRST = { order: 1, status: 'succeeded', generation: 1 } as const;
const SECOND = { order: 2, status: 'succeeded', generation: 2 } as const;

test.each<readonly [string, readonly Past[], number, string]>([
  ['the live one', [FIRST, SECOND], 2, 'build-2'],
  ['the live one, whose tests ran last', [FIRST, { ...SECOND, tests: 3 }], 3, 'build-2'],
  ['one that failed half-way', [FIRST, SECOND, { order: 3, status: 'failed', generation: 3 }], 3, 'build-3'],
  [
    'one that is just being applied',
    [FIRST, SECOND, { order: 3, status: 'applying', generation: 3 }],
    3,
    'build-3',
  ],
  [
    'not one that failed in its plan',
    [FIRST, SECOND, { order: 3, status: 'failed', generation: null }],
    2,
    'build-2',
  ],
  [
    'not the target of a rollback that failed half-way: the live one is still to be undone',
    [FIRST, SECOND, { order: 1, kind: 'rollback', status: 'failed', generation: 3 }],
    3,
    'build-2',
  ],
  [
    'an older one that a redeploy left half-way',
    [FIRST, SECOND, { order: 1, kind: 'redeploy', status: 'failed', generation: 3 }],
    3,
    'build-1',
  ],
  ['the live one, where no run is known that made it so', [FIRST], 9, 'build-2'],
])('what a rollback undoes is %s', async (_which, runs, generation, expected) => {
  const store = await storeWith(runs);
  expect(await releaseToUndo({ store, records: store }, PROJECT, production(generation))).toBe(expected);
});

test('nothing is to be undone where nothing was applied', async () => {
  const store = await storeWith([{ order: 1, status: 'failed', generation: null }]);
  expect(await releaseToUndo({ store, records: store }, PROJECT, newEnvironment('production'))).toBeNull();
});

test('no run is read that cannot have applied anything, and never more than twenty', async () => {
  const queued = Array.from(
    { length: 50 },
    (_, order): Past => ({ order, status: 'queued', generation: null }),
  );
  const failed = Array.from(
    { length: 50 },
    (_, order): Past => ({ order, status: 'failed', generation: null }),
  );
  const store = await storeWith([SECOND, ...failed, ...queued]);
  let loads = 0;
  const counting = {
    load: (project: string, run: string) => {
      loads += 1;
      return store.load(project, run);
    },
  };
  expect(await releaseToUndo({ store: counting, records: store }, PROJECT, production(2))).toBe('build-2');
  expect(loads).toBe(20);
});
