import { describe, expect, test } from '@jest/globals';
import type { LiveRelease } from '../../shared/release/model.ts';
import { newEnvironment } from '../../shared/release/model.ts';
import { NO_GATE } from '../../shared/release/pipeline.ts';
import { environmentPipeline, rollbackTarget } from '../../shared/release/rollback.ts';
import { Driver, MINUTE, NINE, RILEY } from './driver.ts';
import { ONE_APPROVAL, pipeline, remoteStep, stage, step } from './pipelines.ts';

const REFUSED = { type: 'step-refused', reason: '3 tests failed', stage: '', step: '', claim: 0 } as const;
const TABLE = pipeline([
  stage('production', { steps: [step('deploy'), remoteStep('smoke')], rollsBack: true }),
]);

function live(release: string, bad = false): LiveRelease {
  return { release, order: 1, run: `run-of-${release}`, at: NINE, bad };
}

describe('the release to roll back to', () => {
  test.each([
    ['the live one, when the bad one never became live', live('b1'), [], 'b1'],
    ['the one before, when the bad one is live', live('b2'), [live('b1')], 'b1'],
    ['not one that was bad itself', live('b3', true), [live('b2', true), live('b1')], 'b1'],
    ['none, when there was none', null, [], null],
    ['none, when all were bad', live('b3'), [live('b2', true)], null],
  ])('is %s', (_which, current, history, target) => {
    const environment = { ...newEnvironment('production'), live: current, history };
    const bad = current?.release === 'b1' ? 'b9' : (current?.release ?? 'b9');
    expect(rollbackTarget(environment, bad)?.release ?? null).toBe(target);
  });
});

/** build-1 is live; the smoke tests of build-2 fail, for good or not. */
function failedSmoke(table = TABLE, before = true): Driver {
  const driver = new Driver();
  if (before) {
    driver.request(table);
    driver.work();
  }
  driver.request(table, { release: { name: 'build-2', order: 2 } });
  driver.work(['production/smoke']);
  driver.finish('production', 'smoke', { ...REFUSED }, 'release-2');
  return driver;
}

describe('smoke tests that fail for good', () => {
  test('roll the environment back to the last good release', () => {
    const driver = failedSmoke();
    driver.work();
    const rollback = driver.run('rollback-of-release-2-production-0');
    expect(rollback).toMatchObject({
      kind: 'rollback',
      status: 'succeeded',
      release: { name: 'build-1', order: 1 },
    });
    expect(rollback.requestedBy.id).toBe('policy');
    expect(driver.run('release-2').status).toBe('failed');
    expect(driver.environment('production').live?.release).toBe('build-1');
  });

  test('hold automatic releases until a person lifts the hold', () => {
    const driver = failedSmoke();
    driver.work();
    expect(driver.environment('production').hold?.why).toBe('production of build-2 failed: 3 tests failed');
    driver.request(TABLE, { release: { name: 'build-3', order: 3 } });
    driver.work();
    expect(driver.statuses('release-3')).toBe('production waiting-for-environment');
    driver.tellEnvironment('production', { type: 'hold-lifted', at: NINE, why: 'mended', by: RILEY });
    driver.work();
    expect(driver.run('release-3').status).toBe('succeeded');
  });

  test('let a person redeploy in spite of the hold', () => {
    const driver = failedSmoke();
    driver.work();
    driver.request(TABLE, { id: 'again', kind: 'redeploy' });
    driver.work();
    expect(driver.run('again').status).toBe('succeeded');
  });

  test('start nothing where no good release is known, but hold', () => {
    const driver = failedSmoke(TABLE, false);
    driver.passOn();
    expect([...driver.runs.keys()]).toEqual(['release-2']);
    expect(driver.environment('production').hold).not.toBeNull();
  });

  test('start nothing where the stage does not roll back', () => {
    const steps = [step('deploy'), remoteStep('smoke')];
    const driver = failedSmoke(pipeline([stage('production', { steps })]));
    driver.passOn();
    expect([...driver.runs.keys()]).toEqual(['release-1', 'release-2']);
    expect(driver.environment('production').hold).toBeNull();
  });

  test('go through a freeze, since a rollback does not wait', () => {
    const driver = failedSmoke();
    const freeze = { id: 'f', from: NINE, to: NINE + MINUTE, why: 'fair', by: RILEY };
    driver.tellEnvironment('production', { type: 'freeze-set', at: NINE, ...freeze });
    driver.work();
    expect(driver.run('rollback-of-release-2-production-0').status).toBe('succeeded');
  });
});

describe('a rollback that a person asks for', () => {
  const RELEASES = [1, 2, 3].map((order) => ({ name: `build-${order}`, order }));
  const names = (driver: Driver) => driver.environment('production').history.map(({ release }) => release);

  /** build-3 is live, after build-1 and build-2. */
  function threeReleases(table = pipeline([stage('production')])): Driver {
    const driver = new Driver();
    for (const release of RELEASES) {
      driver.request(table, { release });
      driver.work();
    }
    expect(names(driver)).toEqual(['build-2', 'build-1']);
    return driver;
  }

  function rollBack(driver: Driver, order: number, id = `rollback-to-${order}`): void {
    const release = { name: `build-${order}`, order };
    const table = environmentPipeline(pipeline([stage('production')]), 'production', { gated: true });
    driver.request(table, { id, kind: 'rollback', release });
    driver.work();
  }

  test('makes the older release live, and forgets the one that was undone as a target', () => {
    const driver = threeReleases();
    rollBack(driver, 2);
    expect(driver.environment('production').live).toMatchObject({ release: 'build-2', run: 'rollback-to-2' });
    expect(names(driver)).toEqual(['build-1']);
    expect(driver.environment('production').hold).toBeNull();
  });

  test('a second one goes further back, never forward again', () => {
    const driver = threeReleases();
    rollBack(driver, 2);
    expect(rollbackTarget(driver.environment('production'), 'build-2')?.release).toBe('build-1');
    rollBack(driver, 1);
    expect(driver.environment('production').live?.release).toBe('build-1');
    expect(rollbackTarget(driver.environment('production'), 'build-1')).toBeNull();
  });

  test('goes back over several releases, which are no targets afterwards', () => {
    const driver = threeReleases();
    rollBack(driver, 1);
    expect(names(driver)).toEqual([]);
  });

  test('to the live release, after a half-done deployment, keeps what went before it', () => {
    const driver = threeReleases();
    rollBack(driver, 3);
    expect(driver.environment('production').live?.release).toBe('build-3');
    expect(names(driver)).toEqual(['build-2', 'build-1']);
  });

  test('to a release that the environment has forgotten still drops the one that was live', () => {
    const driver = threeReleases();
    rollBack(driver, 0);
    expect(names(driver)).toEqual(['build-2', 'build-1']);
  });

  test('is not superseded by the newer release that is live, and a redeploy of an older one can be undone', () => {
    const latest = pipeline([stage('production')], 'latest');
    const driver = threeReleases(latest);
    driver.request(latest, { id: 'again', kind: 'redeploy', release: { name: 'build-1', order: 1 } });
    driver.work();
    expect(driver.run('again').status).toBe('succeeded');
    expect(rollbackTarget(driver.environment('production'), 'build-1')?.release).toBe('build-3');
  });

  test('is never one to a release whose verification failed', () => {
    const driver = failedSmoke();
    driver.work();
    const { live, history } = driver.environment('production');
    expect([live, ...history].map((entry) => entry?.release)).toEqual(['build-1']);
    driver.request(TABLE, { id: 'bad-again', kind: 'redeploy', release: { name: 'build-2', order: 2 } });
    driver.work(['production/smoke']);
    expect(rollbackTarget(driver.environment('production'), 'build-2')?.release).toBe('build-1');
  });
});

test('a test that could not be run proves nothing, and rolls nothing back', () => {
  const table = pipeline([
    stage('production', {
      steps: [
        step('deploy'),
        remoteStep('smoke', { retry: { attempts: 1, firstDelayInMs: 0, factor: 1, maxDelayInMs: 0 } }),
      ],
      rollsBack: true,
    }),
  ]);
  const driver = new Driver();
  driver.request(table);
  driver.work();
  driver.request(table, { release: { name: 'build-2', order: 2 } });
  driver.work(['production/smoke']);
  driver.finish(
    'production',
    'smoke',
    { type: 'step-failed', error: 'no cluster', stage: '', step: '', claim: 0 },
    'release-2',
  );
  driver.work();
  expect(driver.run('release-2').status).toBe('failed');
  expect([...driver.runs.keys()]).toEqual(['release-1', 'release-2']);
});

test('a rollback that fails is not rolled back itself', () => {
  const driver = failedSmoke();
  driver.work(['production/smoke']);
  driver.finish('production', 'smoke', { ...REFUSED }, 'rollback-of-release-2-production-0');
  driver.passOn();
  expect(driver.runs.size).toBe(3);
});

describe('the part of a pipeline for one environment', () => {
  const table = pipeline([
    stage('staging'),
    stage('production', { after: ['staging'], gate: ONE_APPROVAL, rollsBack: true }),
    stage('smoke', {
      environment: 'production',
      after: ['production', 'staging'],
      steps: [remoteStep('smoke')],
    }),
  ]);

  test('keeps its stages in their order, each after the one before', () => {
    const { stages, environments } = environmentPipeline(table, 'production', { gated: true });
    expect(stages.map(({ name, after }) => [name, after])).toEqual([
      ['production', []],
      ['smoke', ['production']],
    ]);
    expect(environments.map(({ name }) => name)).toEqual(['production']);
    expect(stages[0]).toMatchObject({ gate: ONE_APPROVAL, rollsBack: true });
  });

  test('does not wait for a failure, where the environment is one for failures', () => {
    const failures = pipeline([
      stage('staging'),
      stage('rescue', { after: ['staging'], when: 'failed', environment: 'production' }),
    ]);
    const { stages } = environmentPipeline(failures, 'production', { gated: true });
    expect(stages.map(({ name, when }) => [name, when])).toEqual([['rescue', 'succeeded']]);
  });

  test('has no gates and no rollback when it is a rollback', () => {
    const [production] = environmentPipeline(table, 'production', { gated: false }).stages;
    expect(production).toMatchObject({ gate: NO_GATE, rollsBack: false });
  });
});
