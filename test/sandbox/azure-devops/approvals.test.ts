import { describe, expect, test } from '@jest/globals';
import type { NewEnvironment } from '../../../sandbox/azure-devops/approvals/environments.ts';
import { ask, at, createOrganization, subscribe } from './organization.ts';

const APPROVALS = 'parking/_apis/pipelines/approvals';

/** A run of two stages; the second one deploys to STG, whose approvals a test describes. */
function createRun(environment: Partial<NewEnvironment> = {}) {
  const organization = createOrganization();
  const { twin } = organization;
  twin.addPerson({ displayName: 'Release Approvers', members: ['Ada Example', 'Cora Example'] });
  const { id } = twin.addEnvironment({
    project: 'parking',
    name: 'STG',
    approvers: ['Ada Example'],
    ...environment,
  });
  const run = twin.startRun({
    project: 'parking',
    pipeline: 'release',
    requestedFor: 'Bob Example',
    stages: [{ name: 'build' }, { name: 'deploy', environment: 'STG' }, { name: 'after' }],
  });
  const stages = () => run.stages.map(({ state, result }) => result ?? state);
  return { ...organization, run, stages, environmentId: id };
}

/** The one approval of a run, asked for with its steps. */
async function onlyApproval({ twin }: ReturnType<typeof createRun>, version = '7.1') {
  const { json } = await ask(twin, 'GET', `${APPROVALS}?$expand=steps`, { version });
  expect(at(json, 'count')).toBe(1);
  return at(json, 'value.0');
}

const patch = (twin: ReturnType<typeof createRun>['twin'], approvalId: unknown, status: string, as: string) =>
  ask(twin, 'PATCH', APPROVALS, { as, body: [{ approvalId, status, comment: 'seen' }] });

describe('a stage with an approval', () => {
  test('waits until it is approved, then the run goes on', () => {
    const { twin, run, stages } = createRun();
    expect(stages()).toEqual(['succeeded', 'waiting', 'notStarted']);
    twin.decideApproval({ runId: run.id, person: 'Ada Example', status: 'approved' });
    expect(stages()).toEqual(['succeeded', 'succeeded', 'succeeded']);
    expect([run.status, run.result]).toEqual(['completed', 'succeeded']);
  });

  test('ends the run when it is rejected', () => {
    const { twin, run, stages } = createRun();
    twin.decideApproval({ runId: run.id, person: 'Ada Example', status: 'rejected' });
    expect(stages()).toEqual(['succeeded', 'rejected', 'skipped']);
    expect(run.result).toBe('failed');
  });

  test('is skipped when nobody decides in time', async () => {
    const { twin, clock, stages } = createRun({ timeoutInMinutes: 30 });
    clock.time += 30 * 60_000 - 1;
    await twin.deliveries.deliverDue();
    expect(stages()[1]).toBe('waiting');
    clock.time += 1;
    const { json } = await ask(twin, 'GET', APPROVALS);
    expect(at(json, 'value.0.status')).toBe('timedOut');
    expect(stages()).toEqual(['succeeded', 'skipped', 'skipped']);
  });

  test('runs at once where the environment asks for nobody', () => {
    expect(createRun({ approvers: [] }).run.result).toBe('succeeded');
  });

  test('a stage that holds runs until it is completed', () => {
    const { twin } = createOrganization();
    const run = twin.startRun({
      project: 'parking',
      pipeline: 'release',
      stages: [{ name: 'deploy', holds: true }],
    });
    expect(run.stages[0]?.state).toBe('running');
    twin.completeStage({ runId: run.id, stage: 'deploy', result: 'failed' });
    expect(run.result).toBe('failed');
  });

  test('a canceled run cancels its open approval', async () => {
    const created = createRun();
    await ask(created.twin, 'PATCH', `parking/_apis/build/builds/${created.run.id}`, {
      body: { status: 'cancelling' },
    });
    expect(at(await onlyApproval(created), 'status')).toBe('canceled');
    expect(created.run.result).toBe('canceled');
    expect(created.stages()).toEqual(['succeeded', 'canceled', 'skipped']);
  });

  test('another attempt asks for another approval', async () => {
    const created = createRun();
    const { twin, run } = created;
    const first = at(await onlyApproval(created), 'id');
    twin.decideApproval({ runId: run.id, person: 'Ada Example', status: 'rejected' });
    const stage = `parking/_apis/build/builds/${run.id}/stages/deploy`;
    expect((await ask(twin, 'PATCH', stage, { body: { state: 'retry' } })).status).toBe(204);
    const { json } = await ask(twin, 'GET', `${APPROVALS}?state=pending`);
    expect(at(json, 'value.0.id')).not.toBe(first);
    twin.decideApproval({ runId: run.id, person: 'Ada Example', status: 'approved' });
    expect(run.result).toBe('succeeded');
    expect(run.stages[1]?.attempt).toBe(2);
  });
});

describe('who may approve', () => {
  test('nobody but the approver', async () => {
    const created = createRun();
    const { id } = Object(await onlyApproval(created));
    expect((await patch(created.twin, id, 'approved', 'Bob Example')).status).toBe(403);
    expect(created.stages()[1]).toBe('waiting');
    const { status, json } = await patch(created.twin, id, 'approved', 'Ada Example');
    expect([status, at(json, 'value.0.steps.0.actualApprover.displayName')]).toEqual([200, 'Ada Example']);
    expect(created.stages()[1]).toBe('succeeded');
    expect(created.twin.service.violations()).toEqual([]);
  });

  test('any member speaks for a group, and is named', async () => {
    const created = createRun({ approvers: ['Release Approvers'] });
    const { id } = Object(await onlyApproval(created));
    const { json } = await patch(created.twin, id, 'approved', 'Cora Example');
    expect(at(json, 'value.0.steps.0')).toMatchObject({
      assignedApprover: { displayName: 'Release Approvers', isContainer: true },
      actualApprover: { displayName: 'Cora Example' },
      comment: 'seen',
    });
  });

  test('the requester may not, where the check says so', () => {
    const { twin, run } = createRun({
      approvers: ['Bob Example', 'Ada Example'],
      minRequiredApprovers: 1,
      requesterCannotBeApprover: true,
    });
    const decide = (person: string) => twin.decideApproval({ runId: run.id, person, status: 'approved' });
    expect(() => decide('Bob Example')).toThrow('the requester cannot approve');
    decide('Ada Example');
    expect(run.result).toBe('succeeded');
  });

  test.each([
    [0, 3],
    [1, 1],
    [2, 2],
  ])('with a minimum of %i out of three, %i must approve', (minRequiredApprovers, needed) => {
    const people = ['Ada Example', 'Bob Example', 'Cora Example'];
    const { twin, run, stages } = createRun({ approvers: people, minRequiredApprovers });
    people.slice(0, needed).forEach((person, index) => {
      expect([index, stages()[1]]).toEqual([index, 'waiting']);
      twin.decideApproval({ runId: run.id, person, status: 'approved' });
    });
    expect(stages()[1]).toBe('succeeded');
  });

  test('in sequence, the second waits for the first', () => {
    const { twin, run, stages } = createRun({
      approvers: ['Ada Example', 'Cora Example'],
      executionOrder: 'inSequence',
    });
    const decide = (person: string) => twin.decideApproval({ runId: run.id, person, status: 'approved' });
    expect(() => decide('Cora Example')).toThrow('not an approver');
    decide('Ada Example');
    decide('Cora Example');
    expect(stages()[1]).toBe('succeeded');
  });

  test('an approval that is over cannot be decided again', async () => {
    const created = createRun();
    const { id } = Object(await onlyApproval(created));
    await patch(created.twin, id, 'approved', 'Ada Example');
    expect((await patch(created.twin, id, 'rejected', 'Ada Example')).status).toBe(400);
    expect(at(await onlyApproval(created), 'status')).toBe('approved');
  });

  test('an approver can hand over to someone else', async () => {
    const created = createRun();
    const { twin } = created;
    const approvalId = at(await onlyApproval(created), 'id');
    const cora = twin.addPerson({ displayName: 'Cora Example' });
    const body = [{ approvalId, reassignTo: { id: cora.id }, comment: 'away' }];
    await ask(twin, 'PATCH', APPROVALS, { as: 'Ada Example', body });
    expect((await patch(twin, approvalId, 'approved', 'Ada Example')).status).toBe(403);
    expect((await patch(twin, approvalId, 'approved', 'Cora Example')).status).toBe(200);
    expect(twin.service.violations()).toEqual([]);
  });
});

describe('reading approvals', () => {
  test('steps come only where they are asked for', async () => {
    const { twin } = createRun();
    expect(at((await ask(twin, 'GET', APPROVALS)).json, 'value.0.steps')).toEqual([]);
  });

  test('only 7.2 says which run an approval is of', async () => {
    const created = createRun();
    expect(at(await onlyApproval(created), 'pipeline')).toBeUndefined();
    const newer = await onlyApproval(created, '7.2-preview.2');
    expect(at(newer, 'pipeline.owner.id')).toBe(created.run.id);
    expect(created.twin.service.violations()).toEqual([]);
  });

  test('pending approvals of a person are found through the groups of that person', async () => {
    const { twin } = createRun({ approvers: ['Release Approvers'] });
    const count = async (person: string) =>
      at((await ask(twin, 'GET', `${APPROVALS}?state=pending&userIds=${person}`)).json, 'count');
    expect([await count('ada.example@example.com'), await count('bob.example@example.com')]).toEqual([1, 0]);
  });

  test('the timeline leads from the stage over its checkpoint to the approval', async () => {
    const created = createRun();
    const { json } = await ask(created.twin, 'GET', `parking/_apis/build/builds/${created.run.id}/timeline`);
    const records = Object(at(json, 'records')) as {
      id: string;
      type: string;
      parentId: string;
      name: string;
    }[];
    const approval = records.find(({ type }) => type === 'Checkpoint.Approval');
    const checkpoint = records.find(({ id }) => id === approval?.parentId);
    const stage = records.find(({ id }) => id === checkpoint?.parentId);
    expect(approval?.id).toBe(at(await onlyApproval(created), 'id'));
    expect([checkpoint?.type, stage?.type, stage?.name]).toEqual(['Checkpoint', 'Stage', 'deploy']);
    expect(created.twin.service.violations()).toEqual([]);
  });
});

describe('permission to use an environment', () => {
  test('there is no approval before the pipeline is permitted', async () => {
    const { twin, run, stages, environmentId } = createRun({ open: false });
    expect(stages()[1]).toBe('waiting');
    expect(at((await ask(twin, 'GET', APPROVALS)).json, 'count')).toBe(0);
    const path = `parking/_apis/pipelines/pipelinepermissions/environment/${environmentId}`;
    const body = { pipelines: [{ id: run.definitionId, authorized: true }] };
    const { json } = await ask(twin, 'PATCH', path, { body, version: '7.1-preview.1' });
    expect(at(json, 'pipelines')).toEqual([{ id: run.definitionId, authorized: true }]);
    expect(at((await ask(twin, 'GET', APPROVALS)).json, 'count')).toBe(1);
    expect(twin.service.violations()).toEqual([]);
  });

  test('the timeline shows the open authorization', async () => {
    const { twin, run } = createRun({ open: false });
    const { json } = await ask(twin, 'GET', `parking/_apis/build/builds/${run.id}/timeline`);
    expect(JSON.stringify(json)).toContain(
      '"type":"Checkpoint.Authorization","name":"Checkpoint.Authorization","state":"inProgress"',
    );
  });
});

describe('environments and checks over REST', () => {
  const CHECKS = 'parking/_apis/pipelines/checks/configurations';
  const version = '7.1-preview.1';

  test('a check that is added over REST gates the next run', async () => {
    const { twin } = createOrganization();
    const ada = twin.addPerson({ displayName: 'Ada Example' });
    const added = await ask(twin, 'POST', 'parking/_apis/distributedtask/environments', {
      body: { name: 'PROD' },
    });
    const resource = { type: 'environment', id: String(at(added.json, 'id')), name: 'PROD' };
    const type = { id: '8c6f20a7-a545-4486-9777-f762fafe0d4d', name: 'Approval' };
    const settings = { approvers: [{ id: ada.id }], minRequiredApprovers: 1 };
    await ask(twin, 'POST', CHECKS, { body: { type, settings, resource, timeout: 60 }, version });
    const run = twin.startRun({
      project: 'parking',
      pipeline: 'release',
      stages: [{ name: 'deploy', environment: 'PROD' }],
    });
    expect(run.stages[0]?.state).toBe('waiting');
    const query = `${CHECKS}?resourceType=environment&resourceId=${resource.id}&$expand=settings`;
    const { json } = await ask(twin, 'GET', query, { version });
    expect(at(json, 'value.0')).toMatchObject({ timeout: 60, type, resource, settings });
    expect(twin.service.violations()).toEqual([]);
  });

  test('checks are previews: a version that does not say so is refused', async () => {
    const { status, json } = await ask(createOrganization().twin, 'GET', CHECKS);
    expect([status, at(json, 'typeKey')]).toEqual([400, 'VssInvalidPreviewVersionException']);
  });
});

describe('the events of a run', () => {
  test('tell of the run, its stages and its approval in their order', async () => {
    const { twin, received } = createOrganization();
    const types = [
      'ms.vss-pipelines.run-state-changed-event',
      'ms.vss-pipelines.stage-state-changed-event',
      'ms.vss-pipelinechecks-events.approval-pending',
      'ms.vss-pipelinechecks-events.approval-completed',
      'build.complete',
    ];
    for (const type of types) await subscribe(twin, type);
    twin.addEnvironment({ project: 'parking', name: 'STG', approvers: ['Ada Example'] });
    const run = twin.startRun({
      project: 'parking',
      pipeline: 'release',
      stages: [{ name: 'deploy', environment: 'STG' }],
    });
    await twin.deliveries.deliverDue();
    twin.decideApproval({ runId: run.id, person: 'Ada Example', status: 'approved' });
    await twin.deliveries.deliverDue();
    const told = received.map(({ body }) => JSON.parse(body).message.text.replaceAll(run.buildNumber, 'N'));
    expect(told).toEqual([
      'Run N in progress.',
      'Approval pending for deployment of pipeline release to environment STG.',
      'Run N stage deploy waiting.',
      'Approval completed for deployment of pipeline release to environment STG.',
      'Run N stage deploy succeeded.',
      'Run N stage deploy succeeded.',
      'Run N succeeded.',
      'Build N succeeded',
    ]);
  });

  test.each([
    ['stageStateId', 'Waiting', 1],
    ['stageNameId', 'other', 0],
    ['pipelineId', '138', 1],
  ])(
    'the filter %s = "%s" lets %i stage event through before the decision',
    async (name, value, expected) => {
      const { twin, received } = createOrganization();
      await subscribe(twin, 'ms.vss-pipelines.stage-state-changed-event', {
        publisherInputs: { [name]: value },
      });
      twin.addEnvironment({ project: 'parking', name: 'STG', approvers: ['Ada Example'] });
      twin.startRun({
        project: 'parking',
        pipeline: 'release',
        stages: [{ name: 'deploy', environment: 'STG' }],
      });
      await twin.deliveries.deliverDue();
      expect(received).toHaveLength(expected);
    },
  );

  test.each([
    ['environmentName', 'STG', 1],
    ['environmentName', 'PROD', 0],
    ['stageName', 'deploy', 1],
  ])('approvals are filtered by %s = "%s"', async (name, value, expected) => {
    const { twin, received } = createOrganization();
    await subscribe(twin, 'ms.vss-pipelinechecks-events.approval-pending', {
      publisherInputs: { [name]: value },
    });
    twin.addEnvironment({ project: 'parking', name: 'STG', approvers: ['Ada Example'] });
    twin.startRun({
      project: 'parking',
      pipeline: 'release',
      stages: [{ name: 'deploy', environment: 'STG' }],
    });
    await twin.deliveries.deliverDue();
    expect(received).toHaveLength(expected);
  });
});
