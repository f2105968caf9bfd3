import { describe, expect, test } from '@jest/globals';
import type { RetryPolicy } from '../../shared/release/retry.ts';
import { DEFAULT_RETRY, delayAfter } from '../../shared/release/retry.ts';
import { stepKey } from '../../shared/release/step-key.ts';
import { ALEX, Driver, MINUTE, NINE } from './driver.ts';
import { ONE_APPROVAL, pipeline, remoteStep, stage, step } from './pipelines.ts';

const RETRY = { type: 'retry-requested', by: ALEX, why: 'mended' } as const;
const REFUSED = { type: 'step-refused', reason: '2 tests failed', stage: '', step: '', claim: 0 } as const;

describe('the delay after a failed attempt', () => {
  const policy: RetryPolicy = { attempts: 5, firstDelayInMs: 10_000, factor: 3, maxDelayInMs: 60_000 };

  test.each([
    [1, 8_000, 10_000],
    [2, 24_000, 30_000],
    [3, 48_000, 60_000],
    [4, 48_000, 60_000],
  ])('number %i is from %i to %i ms', (attempt, least, most) => {
    const delays = Array.from(
      { length: 50 },
      (_, index) => delayAfter(policy, attempt, `key-${index}`) ?? -1,
    );
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(least);
    expect(Math.max(...delays)).toBeLessThanOrEqual(most);
    expect(new Set(delays).size).toBeGreaterThan(25);
  });

  test.each([
    [5, policy],
    [6, policy],
    [1, { ...policy, attempts: 1 }],
  ])('number %i is none when no attempt is left', (attempt, rules) => {
    expect(delayAfter(rules, attempt, 'key')).toBeNull();
  });

  test('is the same for the same step and attempt', () => {
    expect(delayAfter(DEFAULT_RETRY, 2, 'a')).toBe(delayAfter(DEFAULT_RETRY, 2, 'a'));
  });

  test('adds up to about eight minutes by default', () => {
    const total = [1, 2, 3, 4].reduce(
      (sum, attempt) => sum + (delayAfter(DEFAULT_RETRY, attempt, 'key') ?? 0),
      0,
    );
    expect(total).toBeGreaterThan(6 * 60_000);
    expect(total).toBeLessThan(9 * 60_000);
  });
});

describe('the key of a step', () => {
  test.each([
    [0, 'release-1/staging/tests'],
    [1, 'release-1/staging/tests/1'],
    [2, 'release-1/staging/tests/2'],
  ])('in round %i is %s', (round, key) => {
    expect(stepKey('release-1', { name: 'staging', round }, 'tests')).toBe(key);
  });
});

/** A deployment whose tests have failed for good. */
function failed(): Driver {
  const driver = new Driver();
  driver.request(
    pipeline([
      stage('staging', { steps: [step('deploy'), remoteStep('tests')] }),
      stage('later', { after: ['staging'] }),
    ]),
  );
  driver.work(['staging/tests']);
  driver.finish('staging', 'tests', { ...REFUSED });
  return driver;
}

describe('a retry by a person', () => {
  test('takes up failed stages and those skipped for their sake', () => {
    const driver = failed();
    expect(driver.statuses()).toBe('staging failed, later skipped');
    driver.tell('release-1', RETRY);
    driver.work();
    expect(driver.statuses()).toBe('staging succeeded, later succeeded');
    expect(driver.run().status).toBe('succeeded');
  });

  test('does not run again what has succeeded', () => {
    const driver = failed();
    driver.effects = [];
    driver.tell('release-1', RETRY);
    expect(driver.open('run-step').map(({ step: name }) => name)).toEqual(['tests']);
  });

  test('does again what led to a failed step, where nothing was changed by it', () => {
    const driver = new Driver();
    const steps = [
      step('artifacts', { plans: false, appliesUnchanged: true }),
      step('configuration', { plans: false, appliesUnchanged: true, after: ['artifacts'] }),
      step('unrelated', { plans: false, appliesUnchanged: true }),
      step('pre-flight', { plans: false, appliesUnchanged: true, after: ['configuration'] }),
    ];
    driver.request(
      pipeline([stage('intake', { environment: null, steps }), stage('dev', { after: ['intake'] })]),
    );
    driver.work(['intake/pre-flight']);
    driver.finish('intake', 'pre-flight', { ...REFUSED });
    driver.tell('release-1', RETRY);
    const left = driver.stage('intake').steps.filter(({ status }) => status !== 'succeeded');
    expect(left.map(({ name }) => name)).toEqual(['artifacts', 'configuration', 'pre-flight']);
    driver.work();
    expect(driver.statuses()).toBe('intake succeeded, dev succeeded');
  });

  test('is a new round, with a record of its own', () => {
    const driver = failed();
    driver.tell('release-1', RETRY);
    driver.work();
    const records = driver.open('track-record').filter(({ properties }) => properties.stage === 'staging');
    expect(records.map(({ id }) => id)).toEqual([
      'parking/release-1/staging/0',
      'parking/release-1/staging/1',
    ]);
  });

  test('deploys anew where another run has changed the environment since', () => {
    const driver = failed();
    driver.request(pipeline([stage('staging')]), { release: { name: 'build-2', order: 2 } });
    driver.work();
    driver.tell('release-1', RETRY);
    expect(driver.open('run-step').map(({ step: name, mode }) => `${mode} ${name}`)).toEqual(['plan deploy']);
    driver.work();
    expect(driver.step('staging', 'tests').status).toBe('succeeded');
    expect(driver.environment('staging').live?.release).toBe('build-1');
  });

  test('deploys anew when another run changes the environment while the retry waits for it', () => {
    const driver = failed();
    const freeze = { id: 'f', from: NINE, to: NINE + 10 * MINUTE, why: 'fair', by: ALEX };
    driver.tellEnvironment('staging', { type: 'freeze-set', at: NINE, ...freeze });
    driver.tell('release-1', RETRY);
    expect(driver.stage('staging').status).toBe('waiting-for-environment');
    driver.request(pipeline([stage('staging')]), { id: 'urgent', kind: 'redeploy', overridesFreeze: true });
    driver.work();
    driver.at = NINE + 10 * MINUTE;
    driver.tell('release-1', { type: 'time-passed', wake: null });
    expect(driver.open('run-step').map(({ step: name, mode }) => `${mode} ${name}`)).toEqual(['plan deploy']);
    driver.work();
    expect(driver.environment('staging').live?.run).toBe('release-1');
  });

  test('starts a deployment stage over whose release was replaced before its tests passed', () => {
    const driver = new Driver();
    const tests = stage('tests', { environment: 'staging', after: ['staging'], steps: [remoteStep('api')] });
    driver.request(pipeline([stage('staging'), tests]));
    driver.work(['tests/api']);
    driver.finish('tests', 'api', { ...REFUSED });
    driver.request(pipeline([stage('staging')]), { release: { name: 'build-2', order: 2 } });
    driver.work();
    driver.tell('release-1', RETRY);
    expect(driver.statuses()).toBe('staging planning, tests queued');
    driver.work();
    expect(driver.environment('staging').live?.release).toBe('build-1');
  });

  describe('where something else was deployed since, the tests of the release prove nothing', () => {
    const tests = stage('tests', { environment: 'staging', after: ['staging'], steps: [remoteStep('api')] });
    const table = pipeline([stage('staging'), tests]);

    /** The tests of build-1 have failed; then a redeploy of build-2 gets as far as it may. */
    function beside(left: readonly string[]): Driver {
      const driver = new Driver();
      driver.request(table);
      driver.work(['tests/api']);
      driver.finish('tests', 'api', { ...REFUSED });
      driver.request(table, { id: 'other', kind: 'redeploy', release: { name: 'build-2', order: 2 } });
      driver.work(left);
      return driver;
    }

    test('also where it failed half-way and never was live', () => {
      const driver = beside(['staging/deploy']);
      driver.claim('staging', 'deploy', 'other');
      const { claim } = driver.step('staging', 'deploy', 'other');
      driver.tell('other', driver.planned({ stage: 'staging', step: 'deploy', claim }, 'other'));
      driver.finish('staging', 'deploy', { ...REFUSED }, 'other');
      expect(driver.environment('staging').live?.release).toBe('build-1');
      driver.tell('release-1', RETRY);
      expect(driver.statuses()).toBe('staging planning, tests queued');
    });

    test('also where it began only after the retry, before the tests had the environment', () => {
      const checks = pipeline([stage('checks', { environment: 'staging', steps: [remoteStep('look')] })]);
      const driver = beside(['staging/deploy']);
      driver.request(checks, { id: 'looks', kind: 'redeploy' });
      driver.work(['staging/deploy', 'checks/look']);
      driver.claim('checks', 'look', 'looks');
      const { claim } = driver.step('staging', 'deploy', 'other');
      driver.claim('staging', 'deploy', 'other');
      driver.tell('other', driver.planned({ stage: 'staging', step: 'deploy', claim: claim + 1 }, 'other'));
      driver.tell('release-1', RETRY);
      expect([driver.statuses('other'), driver.statuses()]).toEqual([
        'staging waiting-for-environment, tests queued',
        'staging succeeded, tests waiting-for-environment',
      ]);
      const done = { type: 'step-succeeded', output: {}, stage: 'checks', step: 'look', claim: 1 } as const;
      driver.tell('looks', done);
      driver.work();
      expect(driver.run('other').status).toBe('succeeded');
      expect(driver.stage('tests')).toMatchObject({
        status: 'failed',
        note: 'build-1 is not in staging any more, where build-2 was deployed since: retry to deploy it again',
      });
    });
  });

  test('does not undo a rejection beside the failure', () => {
    const driver = new Driver();
    driver.request(
      pipeline([
        stage('staging'),
        stage('production', { gate: ONE_APPROVAL }),
        stage('last', { after: ['production'] }),
      ]),
    );
    driver.work(['staging/deploy']);
    const planHash = driver.stage('production').plan?.hash ?? '';
    driver.tell('release-1', {
      type: 'approval-rejected',
      stage: 'production',
      planHash,
      by: ALEX,
      comment: '',
    });
    driver.finish('staging', 'deploy', { ...REFUSED });
    expect(driver.run().status).toBe('failed');
    driver.tell('release-1', RETRY);
    driver.work();
    expect(driver.statuses()).toBe('staging succeeded, production rejected, last skipped');
  });

  test('that comes a second time, when the run has failed once more, changes nothing', () => {
    const driver = failed();
    const first = { ...RETRY, at: driver.at };
    driver.tell('release-1', first);
    driver.at += MINUTE;
    driver.work(['staging/tests']);
    driver.finish('staging', 'tests', { ...REFUSED });
    expect(driver.tell('release-1', first)).toBe('the run has failed again since the retry was asked for');
  });

  test.each(['succeeded', 'running'])('is refused when the run is %s', (status) => {
    const driver = new Driver();
    driver.request(pipeline([stage('staging')]));
    if (status === 'succeeded') driver.work();
    expect(driver.tell('release-1', RETRY)).toBe(`only a failed run is retried; this one is ${status}`);
  });
});
