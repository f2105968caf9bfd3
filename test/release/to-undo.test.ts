import { describe, expect, test } from '@jest/globals';
import type { RunKind } from '../../shared/release/model.ts';
import { Driver } from './driver.ts';
import { pipeline, remoteStep, stage, step } from './pipelines.ts';

const REFUSED = { type: 'step-refused', reason: 'no', stage: '', step: '', claim: 0 } as const;
const TABLE = pipeline([
  stage('production', { steps: [step('deploy')] }),
  stage('smoke-tests', { environment: 'production', after: ['production'], steps: [remoteStep('smoke')] }),
]);

interface Past {
  readonly order: number;
  readonly kind?: RunKind;
  /** How far it comes; to its end when left out. */
  readonly until?: 'plan' | 'deployment' | 'tests';
}

/** Plays the runs one after the other, and says what a rollback would undo then. */
function toUndo(past: readonly Past[]): string | null {
  const driver = new Driver();
  for (const [index, { order, kind = 'release', until }] of past.entries()) {
    const id = `run-${index}`;
    driver.request(TABLE, { id, kind, release: { name: `build-${order}`, order } });
    if (until === 'plan') driver.finish('production', 'deploy', REFUSED, id);
    if (until === 'deployment') {
      driver.work(['production/deploy']);
      const about = { stage: 'production', step: 'deploy' };
      driver.claim('production', 'deploy', id);
      driver.tell(id, driver.planned({ ...about, claim: driver.step('production', 'deploy', id).claim }, id));
      driver.finish('production', 'deploy', REFUSED, id);
    }
    if (until === 'tests') {
      driver.work(['smoke-tests/smoke']);
      driver.finish('smoke-tests', 'smoke', REFUSED, id);
    }
    driver.work();
    expect(driver.run(id).status).toBe(until === undefined ? 'succeeded' : 'failed');
  }
  return driver.environment('production').toUndo;
}

describe('what a rollback undoes is', () => {
  const half = { order: 3, until: 'deployment' } as const;
  test.each<readonly [string, readonly Past[], string | null]>([
    ['nothing, where nothing was applied', [{ order: 1, until: 'plan' }], null],
    ['the live release', [{ order: 1 }, { order: 2 }], 'build-2'],
    ['the live release, whose tests failed', [{ order: 1 }, { order: 2, until: 'tests' }], 'build-2'],
    ['not one that failed in its plan', [{ order: 1 }, { order: 2, until: 'plan' }], 'build-1'],
    ['one that failed half-way', [{ order: 1 }, { order: 2 }, half], 'build-3'],
    [
      'the same when its rollback failed half-way',
      [{ order: 2 }, half, { order: 2, kind: 'rollback', until: 'deployment' }],
      'build-3',
    ],
    [
      'the live release, when a rollback of it failed half-way',
      [{ order: 1 }, { order: 2 }, { order: 1, kind: 'rollback', until: 'deployment' }],
      'build-2',
    ],
    [
      'what a rollback went back to, once that is live',
      [{ order: 2 }, half, { order: 2, kind: 'rollback' }],
      'build-2',
    ],
    [
      'an older one that a redeploy left half-way',
      [{ order: 1 }, { order: 2 }, { order: 1, kind: 'redeploy', until: 'deployment' }],
      'build-1',
    ],
  ])('%s', (_which, past, expected) => {
    expect(toUndo(past)).toBe(expected);
  });
});
