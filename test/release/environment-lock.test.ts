import { describe, expect, test } from '@jest/globals';
import { MOST_TOLD } from '../../shared/release/environment-lock.ts';
import { Driver, MINUTE, NINE, RILEY } from './driver.ts';
import { ONE_APPROVAL, pipeline, remoteStep, stage, step } from './pipelines.ts';

const SUCCEEDED = { type: 'step-succeeded', output: {}, stage: '', step: '', claim: 0 } as const;

/** Two builds that want the same environment; the first is at work there, the second waits. */
function twoBuilds(table = pipeline([stage('staging')])): Driver {
  const driver = new Driver();
  driver.request(table);
  driver.work(['staging/deploy', 'besides/audit']);
  driver.finish('staging', 'deploy', driver.planned({ stage: 'staging', step: 'deploy', claim: 1 }));
  driver.claim('staging', 'deploy');
  driver.request(table, { release: { name: 'build-2', order: 2 } });
  driver.finish(
    'staging',
    'deploy',
    driver.planned({ stage: 'staging', step: 'deploy', claim: 1 }, 'release-2'),
    'release-2',
  );
  return driver;
}

function endFirst(driver: Driver): void {
  driver.tell('release-1', { ...SUCCEEDED, stage: 'staging', step: 'deploy', claim: 2 });
}

describe('the lock of an environment', () => {
  test('is held by one run, and the next one waits in the queue', () => {
    const driver = twoBuilds();
    expect(driver.environment('staging').lock?.run).toBe('release-1');
    expect(driver.environment('staging').waiting.map(({ run }) => run)).toEqual(['release-2']);
    expect(driver.statuses('release-2')).toBe('staging waiting-for-environment');
  });

  test('goes to the next run in the queue, which is told', () => {
    const driver = twoBuilds();
    endFirst(driver);
    expect(driver.environment('staging').lock?.run).toBe('release-2');
    expect(driver.open('tell-run').map(({ run, event }) => `${run} ${event.type}`)).toEqual([
      'release-2 environment-freed',
    ]);
  });

  test('is free again when the run that waits for it fails', () => {
    const driver = twoBuilds();
    driver.tell('release-2', { type: 'cancel-requested', by: RILEY, why: 'no' });
    expect(driver.environment('staging').waiting).toEqual([]);
    endFirst(driver);
    expect(driver.environment('staging').lock).toBeNull();
  });

  test('stays with the run between a deployment and its tests', () => {
    const table = pipeline([
      stage('staging'),
      stage('tests', { environment: 'staging', after: ['staging'], steps: [remoteStep('api')] }),
    ]);
    const driver = twoBuilds(table);
    endFirst(driver);
    expect(driver.environment('staging').lock).toMatchObject({ run: 'release-1', stage: 'tests' });
    driver.finish('tests', 'api', { ...SUCCEEDED });
    expect(driver.environment('staging').lock?.run).toBe('release-2');
  });

  test('is given up between a deployment and tests that need an approval', () => {
    const tests = {
      environment: 'staging',
      after: ['staging'],
      gate: ONE_APPROVAL,
      steps: [remoteStep('api')],
    };
    const driver = twoBuilds(pipeline([stage('staging'), stage('tests', tests)]));
    endFirst(driver);
    expect(driver.environment('staging').lock?.run).toBe('release-2');
  });

  test('is given up where the next stage there has to wait for another stage first', () => {
    const table = pipeline([
      stage('staging'),
      stage('production', { gate: ONE_APPROVAL }),
      stage('tests', {
        environment: 'staging',
        after: ['staging', 'production'],
        steps: [remoteStep('api')],
      }),
    ]);
    const driver = twoBuilds(table);
    endFirst(driver);
    expect(driver.environment('staging').lock?.run).toBe('release-2');
  });

  test('stays while another stage of the run is at work there', () => {
    const besides = stage('besides', { environment: 'staging', steps: [remoteStep('audit')] });
    const driver = twoBuilds(pipeline([stage('staging'), besides]));
    endFirst(driver);
    expect(driver.statuses()).toBe('staging succeeded, besides verifying');
    expect(driver.environment('staging').lock?.run).toBe('release-1');
    driver.finish('besides', 'audit', { ...SUCCEEDED });
    expect(driver.environment('staging').lock?.run).toBe('release-2');
  });

  test('stays while a cancelled run stops what it started there', () => {
    const gated = stage('later', { environment: 'staging', after: ['staging'], gate: ONE_APPROVAL });
    const driver = twoBuilds(pipeline([stage('staging'), gated]));
    driver.tell('release-1', { type: 'cancel-requested', by: RILEY, why: 'no' });
    expect(driver.statuses()).toBe('staging applying, later cancelled');
    expect(driver.environment('staging').lock?.run).toBe('release-1');
    endFirst(driver);
    expect(driver.environment('staging').lock?.run).toBe('release-2');
  });
});

describe('an environment that becomes free during a freeze', () => {
  /** The freeze was announced before it began, so nobody who waits has asked to be woken at its end. */
  function freedInFreeze(): Driver {
    const driver = twoBuilds();
    const freeze = { id: 'f', from: NINE + MINUTE, to: NINE + 10 * MINUTE, why: 'fair', by: RILEY };
    driver.tellEnvironment('staging', { type: 'freeze-set', at: driver.at, ...freeze });
    driver.passOn();
    driver.at = NINE + 2 * MINUTE;
    endFirst(driver);
    return driver;
  }

  test('is given to nobody', () => {
    expect(freedInFreeze().environment('staging').lock).toBeNull();
  });

  test('is asked for again at the end of the freeze', () => {
    const driver = freedInFreeze();
    driver.at = NINE + 3 * MINUTE;
    for (const { run, at } of driver.open('wake-run')) driver.tell(run, { type: 'time-passed', wake: at });
    driver.passOn();
    expect(driver.open('wake-run')).toContainEqual({
      type: 'wake-run',
      run: 'release-2',
      at: NINE + 10 * MINUTE,
    });
    driver.at = NINE + 10 * MINUTE;
    driver.tell('release-2', { type: 'time-passed', wake: driver.at });
    expect(driver.environment('staging').lock?.run).toBe('release-2');
  });

  test('is open to tests, which change nothing', () => {
    const driver = new Driver();
    const freeze = { id: 'f', from: NINE, to: NINE + 10 * MINUTE, why: 'fair', by: RILEY };
    driver.tellEnvironment('staging', { type: 'freeze-set', at: driver.at, ...freeze });
    driver.request(pipeline([stage('tests', { environment: 'staging', steps: [remoteStep('api')] })]));
    expect(driver.statuses()).toBe('tests verifying');
  });
});

describe('being told of a free environment', () => {
  test('changes nothing for a run that cannot have it', () => {
    const driver = twoBuilds();
    const before = driver.run('release-2').version;
    expect(driver.tell('release-2', { type: 'environment-freed', environment: 'staging' })).toBe(
      'nothing is due',
    );
    expect(driver.run('release-2').version).toBe(before);
  });

  test('counts for nothing when the run does not wait for it', () => {
    const driver = twoBuilds();
    expect(driver.tell('release-1', { type: 'environment-freed', environment: 'staging' })).toBe(
      'the run does not wait for staging',
    );
  });
});

describe('many runs in one queue', () => {
  const MANY = 120;
  /** A transaction has at most 100 rows, of which a few are the run, its event and the environment. */
  const MOST_EFFECTS = 90;

  test('are retired some at a time, and nobody who is left goes ahead of what is live', () => {
    const table = pipeline([stage('production', { gate: ONE_APPROVAL })], 'latest');
    const driver = new Driver();
    for (let order = 1; order <= MANY; order += 1) {
      driver.request(table, { release: { name: `build-${order}`, order } });
      driver.work();
    }
    driver.approve('production', `release-${MANY}`);
    driver.work(['production/deploy']);
    driver.effects = driver.effects.filter(({ effect }) => effect.type === 'run-step');
    driver.finish('production', 'deploy', { ...SUCCEEDED }, `release-${MANY}`);
    expect(driver.effects.length).toBeLessThan(MOST_EFFECTS);
    driver.work();
    const waits = [...driver.runs.values()].filter(({ status }) => status === 'running');
    expect(waits).toHaveLength(MANY - 1 - MOST_TOLD);
    const [{ id } = { id: '' }] = waits;
    driver.approve('production', id);
    driver.work();
    expect(driver.run(id).status).toBe('superseded');
  });

  test('are told of a lifted freeze some at a time, and each has its turn', () => {
    const driver = new Driver();
    const freeze = { id: 'f', from: NINE, to: NINE + 600 * MINUTE, why: 'fair', by: RILEY };
    driver.tellEnvironment('staging', { type: 'freeze-set', at: NINE, ...freeze });
    for (let order = 1; order <= MANY; order += 1) {
      driver.request(pipeline([stage('staging')]), { release: { name: `build-${order}`, order } });
      driver.work();
    }
    driver.effects = [];
    driver.tellEnvironment('staging', { type: 'freeze-lifted', at: NINE, id: 'f', why: 'over', by: RILEY });
    expect(driver.effects).toHaveLength(MOST_TOLD);
    driver.work();
    expect([...driver.runs.values()].filter(({ status }) => status !== 'succeeded')).toEqual([]);
  });
});

/** How `build-1` fares under policy `latest` when `build-2` comes while it waits there. */
describe.each(['latest', 'sequential'] as const)('with policy %s', (policy) => {
  const superseded = policy === 'latest';

  test(`an older release that waits for the environment is ${superseded ? 'retired' : 'kept'}`, () => {
    const driver = twoBuilds(pipeline([stage('staging')], policy));
    driver.request(pipeline([stage('staging')], policy), { release: { name: 'build-3', order: 3 } });
    driver.work(['none/none']);
    expect(driver.statuses('release-2')).toBe(
      `staging ${superseded ? 'superseded' : 'waiting-for-environment'}`,
    );
    expect(driver.environment('staging').waiting.map(({ run }) => run)).toEqual(
      superseded ? ['release-3'] : ['release-2', 'release-3'],
    );
  });

  test(`an older release that waits for approval is ${superseded ? 'retired once a newer one is live' : 'kept'}`, () => {
    const gated = pipeline([stage('staging', { gate: ONE_APPROVAL })], policy);
    const driver = new Driver();
    driver.request(gated);
    driver.request(gated, { release: { name: 'build-2', order: 2 } });
    driver.work();
    expect(driver.statuses()).toBe('staging waiting-for-approval');
    driver.approve('staging', 'release-2');
    driver.work();
    expect(driver.run('release-2').status).toBe('succeeded');
    expect(driver.statuses()).toBe(`staging ${superseded ? 'superseded' : 'waiting-for-approval'}`);
  });

  test(`a release older than the live one is ${superseded ? 'retired' : 'deployed'} when it asks`, () => {
    const driver = new Driver();
    const table = pipeline([stage('staging')], policy);
    driver.request(table, { release: { name: 'build-2', order: 2 } });
    driver.work();
    driver.request(table);
    driver.work();
    expect(driver.run().status).toBe(superseded ? 'superseded' : 'succeeded');
    expect(driver.environment('staging').live?.release).toBe(superseded ? 'build-2' : 'build-1');
  });
});

test('a rollback or redeploy is never superseded', () => {
  const driver = new Driver();
  const table = pipeline([stage('staging', { steps: [step('deploy')] })], 'latest');
  driver.request(table, { release: { name: 'build-2', order: 2 } });
  driver.work();
  driver.request(table, { id: 'again', kind: 'redeploy' });
  driver.work();
  expect(driver.run('again').status).toBe('succeeded');
  expect(driver.environment('staging').live?.release).toBe('build-1');
});
