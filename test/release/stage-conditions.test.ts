import { describe, expect, test } from '@jest/globals';
import type { StageDefinition } from '../../shared/release/pipeline.ts';
import { Driver } from './driver.ts';
import { pipeline, remoteStep, stage, step } from './pipelines.ts';

const REFUSED = { type: 'step-refused', reason: 'no', stage: '', step: '', claim: 0 } as const;

/** How a stage after `staging` ends, when staging succeeds or fails. */
function endOf(
  change: Partial<StageDefinition>,
  staging: { readonly fails: boolean; readonly may?: boolean },
): string {
  const driver = new Driver();
  driver.request(
    pipeline([
      stage('staging', { allowFailure: staging.may ?? false }),
      stage('next', { after: ['staging'], ...change }),
      stage('last', { after: ['next'] }),
    ]),
  );
  if (staging.fails) driver.finish('staging', 'deploy', { ...REFUSED });
  driver.work();
  return `${driver.stage('next').status}, ${driver.stage('last').status}: ${driver.run().status}`;
}

describe('a stage after another', () => {
  test.each([
    ['runs after success', {}, { fails: false }, 'succeeded, succeeded: succeeded'],
    [
      'is skipped after a failure, and so are those after it',
      {},
      { fails: true },
      'skipped, skipped: failed',
    ],
    [
      'runs after a failure that is allowed',
      {},
      { fails: true, may: true },
      'succeeded, succeeded: succeeded',
    ],
    ['for failures runs after one', { when: 'failed' }, { fails: true }, 'succeeded, succeeded: failed'],
    [
      'for failures is passed over without one',
      { when: 'failed' },
      { fails: false },
      'skipped, succeeded: succeeded',
    ],
    ['for both runs after a failure', { when: 'always' }, { fails: true }, 'succeeded, succeeded: failed'],
    ['for both runs after success', { when: 'always' }, { fails: false }, 'succeeded, succeeded: succeeded'],
    [
      'that is switched off is passed over',
      { skip: true },
      { fails: false },
      'skipped, succeeded: succeeded',
    ],
  ] as const)('%s', (_policy, change, staging, expected) => {
    expect(endOf(change, staging)).toBe(expected);
  });
});

describe('a step that may fail', () => {
  const table = (allowFailure: boolean) =>
    pipeline([
      stage('staging', {
        steps: [step('lint', { allowFailure }), step('deploy', { after: ['lint'] }), remoteStep('tests')],
      }),
    ]);

  test.each([
    [true, 'succeeded'],
    [false, 'failed'],
  ])('allowed %p: the run is %s', (allowed, end) => {
    const driver = new Driver();
    driver.request(table(allowed));
    driver.work(['staging/lint']);
    driver.finish('staging', 'lint', driver.planned({ stage: 'staging', step: 'lint', claim: 1 }));
    driver.finish('staging', 'lint', { ...REFUSED });
    driver.work();
    expect(driver.run().status).toBe(end);
  });

  test('fails its stage when it cannot even be planned', () => {
    const driver = new Driver();
    driver.request(table(true));
    driver.finish('staging', 'lint', { ...REFUSED });
    driver.work();
    expect(driver.stage('staging').failure).toMatchObject({ step: 'lint', phase: 'plan', definite: true });
  });
});

describe('a stage that fails', () => {
  /** Two steps at work at once, the first of which says no. */
  function failing(): Driver {
    const driver = new Driver();
    driver.request(
      pipeline([stage('staging', { steps: [step('a'), remoteStep('b', { phase: 'apply' }), step('c')] })]),
    );
    driver.work(['staging/b', 'staging/c']);
    driver.finish('staging', 'c', driver.planned({ stage: 'staging', step: 'c', claim: 1 }));
    driver.claim('staging', 'c');
    driver.finish('staging', 'b', {
      type: 'step-waited',
      until: driver.at,
      memo: 'r',
      stage: '',
      step: '',
      claim: 0,
    });
    driver.tell('release-1', { ...REFUSED, stage: 'staging', step: 'c', claim: 2 });
    return driver;
  }

  test('stops what its other steps have started outside, and then ends', () => {
    const driver = failing();
    expect(driver.stage('staging').status).toBe('applying');
    expect(driver.step('staging', 'b')).toMatchObject({ status: 'pending', mode: 'cancel', memo: 'r' });
    driver.work();
    expect(driver.run().status).toBe('failed');
  });
});

test('a step whose function dies is asked for again, and given up after its last attempt', () => {
  const driver = new Driver();
  driver.request(pipeline([stage('staging')]));
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    expect(driver.step('staging', 'deploy').attempt).toBe(attempt);
    driver.claim('staging', 'deploy');
    driver.at = driver.step('staging', 'deploy').dueAt;
    driver.tell('release-1', { type: 'time-passed', wake: null });
  }
  expect(driver.run().status).toBe('failed');
  expect(driver.stage('staging').failure?.reason).toContain(
    'before its lease ended (attempt 5, the last one)',
  );
});

test('a step whose message was given up fails its stage', () => {
  const driver = new Driver();
  driver.request(pipeline([stage('staging')]));
  driver.tell('release-1', {
    type: 'step-abandoned',
    stage: 'staging',
    step: 'deploy',
    after: 0,
    reason: 'poison',
  });
  expect(driver.stage('staging').failure).toEqual({
    step: 'deploy',
    phase: 'plan',
    definite: false,
    reason: 'poison',
  });
});
