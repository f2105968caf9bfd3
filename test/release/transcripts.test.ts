import { expect, test } from '@jest/globals';
import { ALEX, Driver, MINUTE, NINE, RILEY } from './driver.ts';
import { ONE_APPROVAL, pipeline, remoteStep, stage, step } from './pipelines.ts';

const NONE = { stage: '', step: '', claim: 0 } as const;
const DONE = { type: 'step-succeeded', output: {}, ...NONE } as const;
const REFUSED = { type: 'step-refused', reason: '2 of 40 tests failed', ...NONE } as const;

test('a release succeeds', () => {
  expect(told(succeeds())).toBe(`
09:00 release-1: run-requested
        staging is planning
        production is queued
09:00 release-1: step-claimed staging/deploy to plan
09:00 release-1: step-planned staging/deploy
        staging is applying
09:00 release-1: step-claimed staging/deploy to apply
09:00 release-1: step-succeeded staging/deploy
        staging is succeeded
        production is planning
09:00 release-1: step-claimed production/deploy to plan
09:00 release-1: step-planned production/deploy
        production is waiting-for-approval
09:05 release-1: approval-granted production
        production is applying
09:05 release-1: step-claimed production/deploy to apply
09:05 release-1: step-succeeded production/deploy
        production is succeeded
        the run is succeeded
`);
});

function succeeds(): Driver {
  const driver = new Driver();
  driver.request(
    pipeline([stage('staging'), stage('production', { after: ['staging'], gate: ONE_APPROVAL })]),
  );
  driver.work();
  driver.at = NINE + 5 * MINUTE;
  driver.approve('production');
  driver.work();
  return driver;
}

test('a release fails and is taken up again', () => {
  const driver = new Driver();
  driver.request(pipeline([stage('staging', { steps: [step('deploy'), remoteStep('tests')] })]));
  driver.work(['staging/tests']);
  driver.claim('staging', 'tests');
  driver.tell('release-1', {
    type: 'step-failed',
    error: 'no cluster',
    stage: 'staging',
    step: 'tests',
    claim: 1,
  });
  driver.at = NINE + MINUTE;
  driver.finish('staging', 'tests', REFUSED);
  driver.at = NINE + 20 * MINUTE;
  driver.tell('release-1', { type: 'retry-requested', by: ALEX, why: 'test mended' });
  driver.work();
  expect(told(driver)).toBe(`
09:00 release-1: run-requested
        staging is planning
09:00 release-1: step-claimed staging/deploy to plan
09:00 release-1: step-planned staging/deploy
        staging is applying
09:00 release-1: step-claimed staging/deploy to apply
09:00 release-1: step-succeeded staging/deploy
        staging is verifying
09:00 release-1: step-claimed staging/tests to apply
09:00 release-1: step-failed staging/tests (no cluster)
09:01 release-1: step-claimed staging/tests to apply
09:01 release-1: step-refused staging/tests (2 of 40 tests failed)
        staging is failed (2 of 40 tests failed)
        the run is failed
09:20 release-1: retry-requested
        staging is verifying
09:20 release-1: step-claimed staging/tests to apply
09:20 release-1: step-succeeded staging/tests
        staging is succeeded
        the run is succeeded
`);
});

test('a release is cancelled while something runs outside', () => {
  const driver = new Driver();
  driver.request(
    pipeline([
      stage('staging', { steps: [remoteStep('tests')] }),
      stage('production', { after: ['staging'] }),
    ]),
  );
  driver.finish('staging', 'tests', { type: 'step-waited', until: NINE + MINUTE, memo: 'run-7', ...NONE });
  driver.tell('release-1', { type: 'cancel-requested', by: RILEY, why: 'wrong branch' });
  driver.work();
  expect(told(driver)).toBe(`
09:00 release-1: run-requested
        staging is verifying
        production is queued
09:00 release-1: step-claimed staging/tests to apply
09:00 release-1: step-waited staging/tests
09:00 release-1: cancel-requested
        production is cancelled (wrong branch)
09:00 release-1: step-claimed staging/tests to apply
        ignored: step tests was asked for anew since
09:00 release-1: step-claimed staging/tests to cancel
09:00 release-1: step-succeeded staging/tests
        staging is cancelled (wrong branch)
        the run is cancelled
`);
});

test('a release is superseded while it waits for approval', () => {
  const table = pipeline([stage('production', { gate: ONE_APPROVAL })], 'latest');
  const driver = new Driver();
  driver.request(table);
  driver.work();
  driver.at = NINE + 30 * MINUTE;
  driver.request(table, { release: { name: 'build-2', order: 2 } });
  driver.work();
  driver.approve('production', 'release-2');
  driver.work();
  expect(told(driver)).toBe(`
09:00 release-1: run-requested
        production is planning
09:00 release-1: step-claimed production/deploy to plan
09:00 release-1: step-planned production/deploy
        production is waiting-for-approval
09:30 release-2: run-requested
        production is planning
09:30 release-2: step-claimed production/deploy to plan
09:30 release-2: step-planned production/deploy
        production is waiting-for-approval
09:30 release-2: approval-granted production
        production is applying
09:30 release-2: step-claimed production/deploy to apply
09:30 release-2: step-succeeded production/deploy
        production is succeeded
        the run is succeeded
09:30 release-1: stage-superseded production
        production is superseded (superseded by build-2)
        the run is superseded
`);
});

test('a release is rolled back when its smoke tests fail', () => {
  const table = pipeline([
    stage('production', { steps: [step('deploy'), remoteStep('smoke')], rollsBack: true }),
  ]);
  const driver = new Driver();
  driver.request(table);
  driver.work();
  driver.lines.length = 0;
  driver.request(table, { release: { name: 'build-2', order: 2 } });
  driver.work(['production/smoke']);
  driver.finish('production', 'smoke', REFUSED, 'release-2');
  driver.work();
  expect(told(driver)).toBe(`
09:00 release-2: run-requested
        production is planning
09:00 release-2: step-claimed production/deploy to plan
09:00 release-2: step-planned production/deploy
        production is applying
09:00 release-2: step-claimed production/deploy to apply
09:00 release-2: step-succeeded production/deploy
        production is verifying
09:00 release-2: step-claimed production/smoke to apply
09:00 release-2: step-refused production/smoke (2 of 40 tests failed)
        production is failed (2 of 40 tests failed)
        the run is failed
09:00 rollback-of-release-2-production-0: run-requested
        production is planning
09:00 rollback-of-release-2-production-0: step-claimed production/deploy to plan
09:00 rollback-of-release-2-production-0: step-planned production/deploy
        production is applying
09:00 rollback-of-release-2-production-0: step-claimed production/deploy to apply
09:00 rollback-of-release-2-production-0: step-succeeded production/deploy
        production is verifying
09:00 rollback-of-release-2-production-0: step-claimed production/smoke to apply
09:00 rollback-of-release-2-production-0: step-succeeded production/smoke
        production is succeeded
        the run is succeeded
`);
});

test('a release times out when nobody approves', () => {
  const driver = new Driver();
  driver.request(pipeline([stage('production', { gate: { ...ONE_APPROVAL, expiresInMs: 60 * MINUTE } })]));
  driver.work();
  driver.at = NINE + 60 * MINUTE;
  driver.approve('production');
  driver.tell('release-1', { type: 'time-passed', wake: driver.at });
  expect(told(driver)).toBe(`
09:00 release-1: run-requested
        production is planning
09:00 release-1: step-claimed production/deploy to plan
09:00 release-1: step-planned production/deploy
        production is waiting-for-approval
10:00 release-1: approval-granted production
        ignored: the gate of stage production has expired
10:00 release-1: time-passed
        production is timed-out (nobody approved in time)
        the run is timed-out
`);
});

test('an approved plan that has become stale goes back to its gate', () => {
  const table = pipeline([stage('production', { gate: ONE_APPROVAL })]);
  const driver = new Driver();
  driver.request(table);
  driver.request(table, { id: 'second', release: { name: 'build-2', order: 2 } });
  driver.work();
  driver.approve('production');
  driver.approve('production', 'second');
  driver.lines.length = 0;
  driver.finish('production', 'deploy', DONE);
  driver.passOn();
  const changes = { create: 0, update: 2, delete: 0, run: 0 };
  driver.finish(
    'production',
    'deploy',
    { type: 'step-planned', digest: 'other', changes, withinApproved: false, ...NONE },
    'second',
  );
  driver.approve('production', 'second');
  driver.work();
  expect(told(driver)).toBe(`
09:00 release-1: step-claimed production/deploy to apply
09:00 release-1: step-succeeded production/deploy
        production is succeeded
        the run is succeeded
09:00 second: environment-freed
        production is planning
09:00 second: step-claimed production/deploy to plan
09:00 second: step-planned production/deploy
        production is waiting-for-approval (the environment has changed since the approval: the new plan needs one of its own)
09:00 second: approval-granted production
        production is applying
09:00 second: step-claimed production/deploy to apply
09:00 second: step-succeeded production/deploy
        production is succeeded
        the run is succeeded
`);
});

function told({ lines }: Driver): string {
  return `\n${lines.join('\n')}\n`;
}
