import { describe, expect, test } from '@jest/globals';
import type { GateDefinition } from '../../shared/release/pipeline.ts';
import { ALEX, Driver, MINUTE, NINE, RILEY } from './driver.ts';
import { ONE_APPROVAL, pipeline, remoteStep, stage, step } from './pipelines.ts';

const SAM = { id: 'sam', name: 'Sam' };
const NOTHING = { create: 0, update: 0, delete: 0, run: 0 };

function atGate(change: Partial<GateDefinition> = {}): Driver {
  const driver = new Driver();
  driver.request(pipeline([stage('production', { gate: { ...ONE_APPROVAL, ...change } })]));
  driver.work();
  return driver;
}

describe('who may approve', () => {
  test.each([
    ['anybody but the requester', {}, ALEX, null],
    ['not the requester', {}, RILEY, 'a run is not approved by its requester'],
    ['the requester where the gate allows it', { requesterMayApprove: true }, RILEY, null],
    ['one who is named', { approvers: ['alex'] }, ALEX, null],
    ['nobody who is not named', { approvers: ['sam'] }, ALEX, 'Alex is not an approver'],
    [
      'not the requester, also when named',
      { approvers: ['riley'] },
      RILEY,
      'a run is not approved by its requester',
    ],
  ])('%s', (_who, gate, by, refusal) => {
    const driver = atGate(gate);
    expect(driver.approve('production', 'release-1', by)).toBe(refusal);
    expect(driver.statuses()).toBe(`production ${refusal === null ? 'applying' : 'waiting-for-approval'}`);
  });

  test('two different people where two are wanted', () => {
    const driver = atGate({ approvals: 2 });
    expect(driver.approve('production')).toBeNull();
    expect(driver.approve('production')).toBe('Alex has approved already');
    expect(driver.statuses()).toBe('production waiting-for-approval');
    expect(driver.approve('production', 'release-1', SAM)).toBeNull();
    expect(driver.statuses()).toBe('production applying');
  });
});

describe('an approval', () => {
  test('of another plan counts for nothing', () => {
    const driver = atGate();
    const event = {
      type: 'approval-granted',
      stage: 'production',
      planHash: 'old',
      by: ALEX,
      comment: '',
    } as const;
    expect(driver.tell('release-1', event)).toBe('the approval is for another plan than the one at hand');
  });

  test('after the gate has expired counts for nothing', () => {
    const driver = atGate({ expiresInMs: 10 * MINUTE });
    driver.at = NINE + 10 * MINUTE;
    expect(driver.approve('production')).toBe('the gate of stage production has expired');
  });

  test('of a stage that does not wait for one counts for nothing', () => {
    const driver = atGate();
    driver.approve('production');
    expect(driver.approve('production', 'release-1', SAM)).toBe(
      'stage production is applying, not waiting for approval',
    );
  });

  test('of a stage that is not there counts for nothing', () => {
    const event = { type: 'approval-granted', stage: 'moon', planHash: '', by: ALEX, comment: '' } as const;
    expect(atGate().tell('release-1', event)).toBe('run release-1 has no stage moon');
  });
});

describe('a rejection', () => {
  test('ends the stage and the run, with the reason', () => {
    const driver = atGate();
    const planHash = driver.stage('production').plan?.hash ?? '';
    driver.tell('release-1', {
      type: 'approval-rejected',
      stage: 'production',
      planHash,
      by: ALEX,
      comment: 'Friday',
    });
    expect(driver.run().status).toBe('rejected');
    expect(driver.stage('production').note).toBe('rejected by Alex: Friday');
    expect(driver.environment('production').waiting).toEqual([]);
  });

  test('is open to the requester too', () => {
    const driver = atGate();
    const planHash = driver.stage('production').plan?.hash ?? '';
    driver.tell('release-1', {
      type: 'approval-rejected',
      stage: 'production',
      planHash,
      by: RILEY,
      comment: '',
    });
    expect(driver.run().status).toBe('rejected');
  });
});

describe('a gate', () => {
  test('opens for nobody when there is nothing to change', () => {
    const driver = new Driver();
    driver.request(pipeline([stage('production', { gate: ONE_APPROVAL })]));
    const about = { stage: 'production', step: 'deploy', claim: 1 };
    driver.finish('production', 'deploy', {
      type: 'step-planned',
      digest: 'd',
      changes: NOTHING,
      withinApproved: false,
      ...about,
    });
    expect(driver.run().status).toBe('succeeded');
  });

  test('opens for a step that cannot say what it will do', () => {
    const driver = new Driver();
    driver.request(pipeline([stage('production', { gate: ONE_APPROVAL, steps: [remoteStep('migrate')] })]));
    expect(driver.statuses()).toBe('production waiting-for-approval');
  });

  test('is woken for at its end', () => {
    const driver = atGate({ expiresInMs: 10 * MINUTE });
    driver.at = NINE + 10 * MINUTE;
    driver.tell('release-1', { type: 'time-passed', wake: null });
    expect(driver.run().status).toBe('timed-out');
  });
});

describe('a plan that has changed since its approval', () => {
  /** Approved, but another run applies first; the plan under the lock then differs. */
  function stale(): Driver {
    const table = pipeline([stage('production', { gate: ONE_APPROVAL, steps: [step('deploy')] })]);
    const driver = new Driver();
    driver.request(table);
    driver.request(table, { release: { name: 'build-2', order: 2 } });
    driver.work();
    driver.approve('production');
    driver.approve('production', 'release-2');
    driver.work(['production/deploy']);
    driver.finish('production', 'deploy', {
      type: 'step-succeeded',
      output: {},
      stage: '',
      step: '',
      claim: 0,
    });
    driver.passOn();
    const about = { stage: 'production', step: 'deploy', claim: 2 };
    const changes = { ...NOTHING, update: 1 };
    driver.finish(
      'production',
      'deploy',
      { type: 'step-planned', digest: 'other', changes, withinApproved: false, ...about },
      'release-2',
    );
    return driver;
  }

  test('is not applied: the gate opens again, with both hashes', () => {
    const driver = stale();
    const { status, stalePlanHash, plan, approvals, note } = driver.stage('production', 'release-2');
    expect(status).toBe('waiting-for-approval');
    expect(stalePlanHash).not.toBe(plan?.hash);
    expect(approvals).toEqual([]);
    expect(note).toContain('needs one of its own');
  });

  test('gives the environment up while it waits', () => {
    expect(stale().environment('production').lock).toBeNull();
  });

  test('is applied once it has an approval of its own', () => {
    const driver = stale();
    driver.approve('production', 'release-2');
    driver.work();
    expect(driver.run('release-2').status).toBe('succeeded');
  });
});
