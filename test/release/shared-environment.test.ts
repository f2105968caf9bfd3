import { describe, expect, test } from '@jest/globals';
import { pipelineProblems } from '../../shared/release/pipeline.ts';
import { Driver, RILEY } from './driver.ts';
import { pipeline, remoteStep, stage, step } from './pipelines.ts';

/** A deployment, and a rollout after it that works beside others. */
const TABLE = pipeline([
  stage('production'),
  stage('rollout', {
    environment: 'production',
    after: ['production'],
    sharesEnvironment: true,
    steps: [remoteStep('flags')],
  }),
]);

/** The first build is live, and its rollout goes on. */
function rollingOut(): Driver {
  const driver = new Driver();
  driver.request(TABLE);
  driver.work(['rollout/flags']);
  return driver;
}

describe('a stage that shares its environment', () => {
  test('goes on without the lock', () => {
    const driver = rollingOut();
    expect(driver.statuses('release-1')).toBe('production succeeded, rollout verifying');
    expect(driver.environment('production').lock).toBeNull();
  });

  test('lets a newer build deploy meanwhile, and does not wait for it', () => {
    const driver = rollingOut();
    driver.request(TABLE, { release: { name: 'build-2', order: 2 } });
    driver.work(['rollout/flags']);
    expect(driver.environment('production').live?.release).toBe('build-2');
    expect(driver.statuses('release-1')).toBe('production succeeded, rollout verifying');
    expect(driver.statuses('release-2')).toBe('production succeeded, rollout verifying');
    driver.work();
    expect([...driver.runs.values()].map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
  });

  test('makes no plan of anybody else out of date', () => {
    const driver = new Driver();
    driver.request(TABLE);
    driver.work(['rollout/flags']);
    const { generation } = driver.environment('production');
    driver.work();
    expect(driver.environment('production').generation).toBe(generation);
  });

  test('ends no lock of another run when it is cancelled', () => {
    const driver = rollingOut();
    driver.request(TABLE, { release: { name: 'build-2', order: 2 } });
    driver.work(['rollout/flags', 'production/deploy']);
    const planned = driver.planned({ stage: 'production', step: 'deploy', claim: 1 }, 'release-2');
    driver.finish('production', 'deploy', planned, 'release-2');
    expect(driver.environment('production').lock?.run).toBe('release-2');
    driver.tell('release-1', { type: 'cancel-requested', by: RILEY, why: 'enough' });
    expect(driver.environment('production').lock?.run).toBe('release-2');
  });

  test('cannot deploy', () => {
    const deploys = stage('rollout', { sharesEnvironment: true, steps: [step('deploy')] });
    expect(pipelineProblems(pipeline([deploys]))).toEqual([
      'stage rollout: it shares its environment, so it cannot deploy there',
    ]);
  });
});
