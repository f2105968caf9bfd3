import { describe, expect, test } from '@jest/globals';
import { Driver, MINUTE, NINE } from './driver.ts';
import { pipeline, remoteStep, stage, step } from './pipelines.ts';

const NOBODY = { stage: '', step: '', claim: 0 } as const;
const FAILED = { type: 'step-failed', error: 'no answer', ...NOBODY } as const;
const CANCEL = { type: 'cancel-requested', by: { id: 'ada', name: 'Ada' }, why: 'wrong build' } as const;
const MEMO = { run: 'remote-1' };

function waited(driver: Driver) {
  return { type: 'step-waited', until: driver.at + MINUTE, memo: MEMO, ...NOBODY } as const;
}

/** Finishes the step once more, a minute later. */
function later(driver: Driver, name: string, result: Parameters<Driver['finish']>[2]): void {
  driver.at += MINUTE;
  driver.finish('staging', name, result);
}

/** A stage whose deployment goes on outside, and may be stopped. */
function deploying(change: Parameters<typeof step>[1] = {}): Driver {
  const driver = new Driver();
  const deploy = step('deploy', { plans: false, cancels: true, ...change });
  driver.request(pipeline([stage('staging', { steps: [deploy] })]));
  return driver;
}

function failTimes(driver: Driver, times: number): void {
  for (let time = 0; time < times; time += 1) later(driver, 'deploy', FAILED);
}

const modes = (driver: Driver) => driver.open('run-step').map(({ mode, step: name }) => `${mode} ${name}`);

describe('a step that is given up', () => {
  test.each([
    ['while it waits for what it started', 1],
    ['before anybody knows whether it started anything', 0],
  ])('is stopped outside before its stage ends and gives the environment up: %s', (_when, looks) => {
    const driver = deploying();
    for (let look = 0; look < looks; look += 1) later(driver, 'deploy', waited(driver));
    failTimes(driver, 5);
    expect(modes(driver)).toEqual(['cancel deploy']);
    expect(driver.step('staging', 'deploy').memo).toEqual(looks === 0 ? null : MEMO);
    expect(driver.stage('staging').status).toBe('applying');
    expect(driver.environment('staging').lock).not.toBeNull();
    driver.work();
    expect(driver.stage('staging')).toMatchObject({
      status: 'failed',
      failure: { definite: false, reason: 'no answer (attempt 5, the last one)' },
    });
    expect(driver.step('staging', 'deploy').error).toBe('no answer (attempt 5, the last one)');
    expect(driver.environment('staging').lock).toBeNull();
  });

  test('is stopped, too, when its message was given up by the queue', () => {
    const driver = deploying();
    const { after } = driver.asked('staging', 'deploy');
    const abandoned = {
      ...NOBODY,
      type: 'step-abandoned',
      stage: 'staging',
      step: 'deploy',
      after,
      reason: 'poison',
    } as const;
    driver.tell('release-1', abandoned);
    expect(modes(driver)).toEqual(['cancel deploy']);
    expect(driver.tell('release-1', abandoned)).toBe('step deploy goes on without the dead-lettered message');
  });

  test('needs no stop where it cannot be stopped, or said no itself', () => {
    const plain = deploying({ cancels: false });
    failTimes(plain, 5);
    const refused = deploying();
    later(refused, 'deploy', waited(refused));
    later(refused, 'deploy', { type: 'step-refused', reason: 'bad template', ...NOBODY });
    for (const driver of [plain, refused]) {
      expect(modes(driver)).toEqual([]);
      expect(driver.stage('staging').status).toBe('failed');
    }
  });

  test('ends all the same when nobody can stop it', () => {
    const driver = deploying();
    failTimes(driver, 10);
    expect(driver.stage('staging')).toMatchObject({ status: 'failed', failure: { reason: /attempt 5/ } });
  });

  test('lets the stage go on where it may fail, once it is stopped', () => {
    const driver = new Driver();
    const steps = [
      step('deploy', { plans: false, cancels: true, allowFailure: true }),
      step('flags', { plans: false, after: ['deploy'] }),
    ];
    driver.request(pipeline([stage('staging', { steps })]));
    failTimes(driver, 5);
    expect(modes(driver)).toEqual(['cancel deploy']);
    driver.work();
    expect(driver.stage('staging').status).toBe('succeeded');
  });
});

describe('attempts', () => {
  test('are counted from the last look that went well, so that a wait of days outlives some bad moments', () => {
    const driver = deploying();
    later(driver, 'deploy', waited(driver));
    for (let day = 0; day < 20; day += 1) {
      failTimes(driver, 4);
      later(driver, 'deploy', waited(driver));
    }
    expect(driver.stage('staging').status).toBe('applying');
    expect(driver.step('staging', 'deploy')).toMatchObject({ attempt: 81, failures: 0 });
    failTimes(driver, 5);
    expect(modes(driver)).toEqual(['cancel deploy']);
  });

  test('are not counted anew by what starts again and again', () => {
    const driver = deploying();
    for (let start = 0; start < 4; start += 1) {
      later(driver, 'deploy', FAILED);
      later(driver, 'deploy', { ...waited(driver), memo: null });
    }
    later(driver, 'deploy', FAILED);
    expect(modes(driver)).toEqual(['cancel deploy']);
  });
});

describe('a run that is cancelled', () => {
  test('asks once to stop what goes on, and looks again when the step says', () => {
    const driver = deploying();
    later(driver, 'deploy', waited(driver));
    driver.tell('release-1', CANCEL);
    const until = driver.at + 5 * MINUTE;
    driver.effects = driver.effects.filter(
      ({ effect }) => effect.type === 'run-step' && effect.mode === 'cancel',
    );
    driver.finish('staging', 'deploy', { ...waited(driver), until });
    expect(driver.open('run-step')).toMatchObject([{ mode: 'cancel', notBefore: until }]);
    driver.tell('release-1', { type: 'time-passed', wake: null });
    expect(driver.open('run-step')).toHaveLength(1);
  });

  test('waits for what cannot be stopped, but for no further attempt', () => {
    const driver = deploying({ cancels: false });
    later(driver, 'deploy', waited(driver));
    driver.tell('release-1', CANCEL);
    expect(driver.run().status).toBe('running');
    later(driver, 'deploy', FAILED);
    expect(driver.run().status).toBe('cancelled');
    expect(driver.environment('staging').lock).toBeNull();
  });

  test('does not wait for an attempt that is still to come', () => {
    const driver = deploying({ cancels: false });
    later(driver, 'deploy', waited(driver));
    later(driver, 'deploy', FAILED);
    driver.tell('release-1', CANCEL);
    expect(driver.run().status).toBe('cancelled');
    expect(driver.environment('staging').lock).toBeNull();
  });

  test('tries nothing again', () => {
    const driver = deploying({ cancels: false });
    driver.claim('staging', 'deploy');
    driver.tell('release-1', CANCEL);
    expect(driver.run().status).toBe('running');
    const { claim } = driver.step('staging', 'deploy');
    driver.tell('release-1', { ...FAILED, stage: 'staging', step: 'deploy', claim });
    expect(driver.run().status).toBe('cancelled');
    expect(driver.at).toBe(NINE);
  });
});

test('tests that could not find anything out fail the stage, and roll nothing back', () => {
  const steps = [step('deploy'), remoteStep('smoke')];
  const table = pipeline([stage('production', { steps, rollsBack: true })]);
  const driver = new Driver();
  driver.request(table);
  driver.work();
  driver.request(table, { release: { name: 'build-2', order: 2 } });
  driver.work(['production/smoke']);
  const refused = {
    type: 'step-refused',
    reason: 'no right to start it',
    provesNothing: true,
    ...NOBODY,
  } as const;
  driver.finish('production', 'smoke', refused, 'release-2');
  driver.work();
  expect(driver.stage('production', 'release-2')).toMatchObject({
    status: 'failed',
    failure: { definite: false },
  });
  expect([...driver.runs.keys()]).toEqual(['release-1', 'release-2']);
  expect(driver.environment('production').hold).toBeNull();
});
