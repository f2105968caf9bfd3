import { describe, expect, test } from '@jest/globals';
import { requestsOf } from '../steps/intake-world.ts';
import { underVirtualTime } from '../steps/virtual-time.ts';
import type { GateOptions } from './approval-world.ts';
import { approvalWorld, PLAN, subscribe } from './approval-world.ts';

const PARAMETERS = { build: '20001', stage: 'staging', plan: PLAN };

async function atGate(options: GateOptions = {}) {
  const world = approvalWorld(options);
  await subscribe(world.twin);
  await world.openGate();
  return world;
}

describe('an approval in Azure DevOps counts for the run, stage and plan that it is about', () => {
  test('a pending one is noted with its run', async () => {
    const { startPipeline, takeHooks, stageOf } = await atGate();
    startPipeline(PARAMETERS);
    expect(await takeHooks()).toMatchObject([
      {
        outcome: 'queued',
        run: 'release-20001',
        why: expect.stringMatching(/of stage staging waits for people/),
      },
    ]);
    expect((await stageOf())?.status).toBe('waiting-for-approval');
  });

  test('an approved one passes the gate, in the name of the person who approved', async () => {
    const { twin, startPipeline, takeHooks, stageOf } = await atGate();
    const run = startPipeline(PARAMETERS);
    await takeHooks();
    const ada = twin.addPerson({ displayName: 'Ada Example' });
    twin.decideApproval({ runId: run.id, person: 'Ada Example', status: 'approved', comment: 'looks good' });
    expect(await takeHooks()).toMatchObject([{ outcome: 'queued', why: 'told the run: approval-granted' }]);
    const stage = await stageOf();
    expect(stage?.approvals).toMatchObject([
      { by: { id: ada.id, name: 'Ada Example' }, comment: 'looks good' },
    ]);
    expect(stage?.approved?.hash).toBe(PLAN);
    expect(twin.service.violations()).toEqual([]);
  });

  test('a rejected one ends the stage', async () => {
    const { twin, startPipeline, takeHooks, stageOf } = await atGate();
    const run = startPipeline(PARAMETERS);
    twin.decideApproval({ runId: run.id, person: 'Bob Example', status: 'rejected', comment: 'not today' });
    await takeHooks();
    expect((await stageOf())?.status).toBe('rejected');
  });

  test('a gate that wants two people takes both approvers of one approval', async () => {
    const { twin, startPipeline, takeHooks, stageOf } = await atGate({
      approvals: 2,
      minRequiredApprovers: 2,
    });
    const run = startPipeline(PARAMETERS);
    for (const person of ['Ada Example', 'Bob Example'])
      twin.decideApproval({ runId: run.id, person, status: 'approved' });
    await takeHooks();
    const stage = await stageOf();
    expect(stage?.approvals.map(({ by }) => by.name)).toEqual(['Ada Example', 'Bob Example']);
    expect(stage?.approved?.hash).toBe(PLAN);
  });

  test('what a late pending event says is overruled by what Azure DevOps says now', async () => {
    const { twin, hooks, startPipeline, takeHooks, stageOf } = await atGate();
    const run = startPipeline(PARAMETERS);
    await twin.deliveries.deliverDue();
    const pending = hooks.splice(0);
    twin.decideApproval({ runId: run.id, person: 'Ada Example', status: 'approved' });
    await twin.deliveries.deliverDue();
    hooks.splice(0, hooks.length, ...pending);
    expect(await takeHooks()).toMatchObject([{ outcome: 'queued', why: 'told the run: approval-granted' }]);
    expect((await stageOf())?.approvals).toHaveLength(1);
  });

  test('also where another project has the same release pipeline, and can do nothing with it', async () => {
    const other = (releasePipeline: string) => ({
      name: 'meters',
      yaml: `project: meters
azureDevOps: { organization: contoso, project: parking, artifactsPipeline: 139, releasePipeline: ${releasePipeline} }
environments: { live: { key: prod, subscription: 11111111-1111-4111-8111-111111111111 } }`,
    });
    const { twin, startPipeline, takeHooks, stageOf } = await atGate({ other });
    const run = startPipeline(PARAMETERS);
    await takeHooks();
    twin.decideApproval({ runId: run.id, person: 'Ada Example', status: 'approved' });
    expect(await takeHooks()).toMatchObject([{ outcome: 'queued', why: 'told the run: approval-granted' }]);
    expect((await stageOf())?.approved?.hash).toBe(PLAN);
  });

  test('four requests read an approval back', async () => {
    const { twin, startPipeline, takeHooks } = await atGate();
    startPipeline(PARAMETERS);
    await twin.deliveries.deliverDue();
    twin.service.log.clear();
    await takeHooks();
    expect(requestsOf(twin)).toEqual({
      'Approvals.Get': 1,
      'Runs.Get': 1,
      'Timeline.Get': 1,
      'Environments.List': 1,
    });
  });
});

describe("a user's own release pipeline names no plan", () => {
  const NUMBER = '20261123.1';
  /** The release pipeline runs for a build that it names as its pipeline resource. */
  async function ownPipeline() {
    const world = await atGate();
    const { twin, pipelineId, knowRelease } = world;
    twin.publishBuild({ project: 'parking', definition: 'ci-artifacts', buildNumber: NUMBER, commit: PLAN });
    await knowRelease({
      name: 'build-20001',
      order: 20001,
      manifest: PLAN,
      takenInAt: 0,
      source: { number: NUMBER },
    });
    const run = async (resources: object): Promise<number> => {
      const { body } = await twin.service.handle({
        method: 'POST',
        url: `/contoso/parking/_apis/pipelines/${pipelineId}/runs?api-version=7.1`,
        headers: { authorization: 'Bearer x' },
        body: Buffer.from(JSON.stringify({ resources })),
      });
      return (JSON.parse(Buffer.from(body).toString()) as { id: number }).id;
    };
    return { ...world, startForBuild: () => run({ pipelines: { artifacts: { version: NUMBER } } }) };
  }

  test('its run is found by the build that it uses, and its approval is for the plan at the gate', async () => {
    const { twin, takeHooks, stageOf, startForBuild } = await ownPipeline();
    const runId = await startForBuild();
    twin.decideApproval({ runId, person: 'Ada Example', status: 'approved' });
    await takeHooks();
    expect((await stageOf())?.approved?.hash).toBe(PLAN);
  });

  test('one that was given before the plan was at the gate does not count', async () => {
    const { twin, clock, takeHooks, stageOf, openGate, startForBuild } = await ownPipeline();
    const runId = await startForBuild();
    twin.decideApproval({ runId, person: 'Ada Example', status: 'approved' });
    await underVirtualTime(clock, clock.sleep(60_000));
    await openGate('staging', 'b'.repeat(64));
    const noted = await takeHooks();
    expect(noted.at(-1)).toMatchObject({
      outcome: 'ignored',
      why: expect.stringMatching(/given before the plan of stage staging was at its gate: approve again/),
    });
    expect((await stageOf())?.approvals).toEqual([]);
  });

  test('one whose run names no build at all is refused', async () => {
    const { startPipeline, takeHooks } = await ownPipeline();
    startPipeline({});
    expect(await takeHooks()).toMatchObject([
      {
        outcome: 'ignored',
        why: expect.stringMatching(/names no build: neither as parameter nor as pipeline resource/),
      },
    ]);
  });
});

describe('replays and stale approvals are refused with a reason', () => {
  async function approved(parameters: Record<string, string> = PARAMETERS) {
    const world = await atGate();
    const run = world.startPipeline(parameters);
    await world.takeHooks();
    world.twin.decideApproval({ runId: run.id, person: 'Ada Example', status: 'approved' });
    return { ...world, run };
  }

  test('the same event again', async () => {
    const { twin, hooks, takeHooks, stageOf } = await approved();
    await twin.deliveries.deliverDue();
    const [body = ''] = hooks;
    hooks.push(body);
    expect(await takeHooks()).toMatchObject([
      { outcome: 'queued' },
      { outcome: 'ignored', run: 'release-20001', why: expect.stringMatching(/not waiting for approval/) },
    ]);
    expect((await stageOf())?.approvals).toHaveLength(1);
  });

  test('one for another plan than the one at the gate', async () => {
    const { takeHooks, stageOf } = await approved({ ...PARAMETERS, plan: 'c'.repeat(64) });
    expect(await takeHooks()).toMatchObject([
      { outcome: 'ignored', why: 'the approval is for another plan than the one at hand' },
    ]);
    expect((await stageOf())?.approvals).toEqual([]);
  });

  test('one for another stage than that of its environment', async () => {
    const { takeHooks, openGate, stageOf } = await approved({ ...PARAMETERS, stage: 'production' });
    await openGate('production');
    expect(await takeHooks()).toMatchObject([
      {
        outcome: 'ignored',
        why: 'the approval is for environment staging of Azure DevOps, not for production',
      },
    ]);
    expect((await stageOf('production'))?.approvals).toEqual([]);
  });

  test('one for another build', async () => {
    const { takeHooks } = await approved({ ...PARAMETERS, build: '19999' });
    expect(await takeHooks()).toMatchObject([
      { outcome: 'ignored', why: 'no run of build-19999 has a gate at staging' },
    ]);
  });

  test('one that nobody gave, because it timed out', async () => {
    const { twin, startPipeline, takeHooks } = await atGate();
    const run = startPipeline(PARAMETERS);
    await takeHooks();
    twin.timeOutApproval({ runId: run.id });
    expect(await takeHooks()).toMatchObject([
      { outcome: 'ignored', why: expect.stringMatching(/ended timedOut: nobody has approved or rejected/) },
    ]);
  });
});

describe('an event is a hint: what it claims is read back', () => {
  const forgeries: readonly [string, (resource: Record<string, unknown>) => void, RegExp][] = [
    [
      'another environment',
      (its) => Object.assign(its, { resource: { id: '99', name: 'live', resourceType: 'environment' } }),
      /environment live of Azure DevOps is not number 99/,
    ],
    [
      'another attempt',
      (its) => Object.assign(its, { attemptId: 7 }),
      /stands in stage staging, attempt 1, not in staging, attempt 7/,
    ],
    [
      'another stage',
      (its) => Object.assign(its, { stageName: 'production' }),
      /stands in stage staging, attempt 1, not in production/,
    ],
    ['another run', (its) => Object.assign(its, { runId: 4711 }), /has no run 4711/],
    [
      'another pipeline',
      (its) => Object.assign(its, { pipeline: { id: '5', name: 'x' } }),
      /pipeline 5 is the releasePipeline of no registered project/,
    ],
    [
      'an approval that does not exist',
      (its) => Object.assign(its, { approval: { id: 'nothing', status: 'approved' } }),
      /approval nothing is in no project/,
    ],
  ];

  test.each(forgeries)('%s', async (_title, forge, reason) => {
    const { twin, hooks, startPipeline, takeHooks, stageOf } = await atGate();
    const run = startPipeline(PARAMETERS);
    twin.decideApproval({ runId: run.id, person: 'Ada Example', status: 'approved' });
    await twin.deliveries.deliverDue();
    const event = JSON.parse(hooks.at(-1) ?? '') as { resource: Record<string, unknown> };
    forge(event.resource);
    hooks.splice(0, hooks.length, JSON.stringify(event));
    expect(await takeHooks()).toMatchObject([{ outcome: 'ignored', why: expect.stringMatching(reason) }]);
    expect((await stageOf())?.approvals).toEqual([]);
  });

  test('an approval of another run of the pipeline', async () => {
    const { twin, hooks, startPipeline, takeHooks, stageOf } = await atGate();
    const other = startPipeline({ ...PARAMETERS, build: '19999' });
    const own = startPipeline(PARAMETERS);
    await twin.deliveries.deliverDue();
    hooks.splice(0);
    twin.decideApproval({ runId: other.id, person: 'Ada Example', status: 'approved' });
    await twin.deliveries.deliverDue();
    const event = JSON.parse(hooks.at(-1) ?? '') as { resource: Record<string, unknown> };
    Object.assign(event.resource, { runId: own.id });
    hooks.splice(0, hooks.length, JSON.stringify(event));
    expect(await takeHooks()).toMatchObject([
      { outcome: 'ignored', why: expect.stringMatching(/is none of pipeline run .*latest attempts/) },
    ]);
    expect((await stageOf())?.approvals).toEqual([]);
  });
});
