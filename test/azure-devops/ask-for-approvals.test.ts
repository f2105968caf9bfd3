import { describe, expect, test } from '@jest/globals';
import { askForApprovals } from '../../shared/azure-devops/ask-for-approvals.ts';
import { requestsOf } from '../steps/intake-world.ts';
import { underVirtualTime } from '../steps/virtual-time.ts';
import { approvalWorld, PLAN, subscribe } from './approval-world.ts';

async function atGate() {
  const world = approvalWorld();
  await subscribe(world.twin);
  await world.openGate();
  /** One tick of the timer; a new process has forgotten what was asked. */
  const tick = (asked = new Set<string>()) =>
    underVirtualTime(world.clock, askForApprovals(world.asking, asked));
  const startsOf = () => requestsOf(world.twin)['Runs.RunPipeline'] ?? 0;
  const runsOf = async () => {
    const runs = await underVirtualTime(
      world.clock,
      world.azureDevOps.runs('parking', String(world.pipelineId)),
    );
    return runs.length;
  };
  return { ...world, tick, startsOf, runsOf };
}

describe('an open gate is brought to the people in Azure DevOps', () => {
  test('by one pipeline run that names build, stage and plan, and whose approval passes the gate', async () => {
    const { twin, tick, takeHooks, stageOf, azureDevOps, clock, pipelineId } = await atGate();
    await tick();
    const pipeline = String(pipelineId);
    const [started] = await underVirtualTime(clock, azureDevOps.runs('parking', pipeline));
    const run = started?.id ?? '';
    expect(await underVirtualTime(clock, azureDevOps.run('parking', { pipeline, run }))).toMatchObject({
      parameters: { build: '20001', stage: 'staging', plan: PLAN },
    });
    twin.decideApproval({ runId: Number(run), person: 'Ada Example', status: 'approved' });
    await takeHooks();
    expect((await stageOf())?.approved?.hash).toBe(PLAN);
  });

  test('once for each plan, whoever asks again', async () => {
    const { tick, startsOf, openGate } = await atGate();
    const asked = new Set<string>();
    await tick(asked);
    await tick(asked);
    await tick();
    expect(startsOf()).toBe(1);
    await openGate('staging', 'b'.repeat(64));
    await tick(asked);
    expect(startsOf()).toBe(2);
  });

  test('once, also when the answer to the start is lost', async () => {
    const { twin, tick, runsOf, warnings } = await atGate();
    twin.service.faults.add({ kind: 'drop', match: 'Runs.RunPipeline', when: 'after', times: 1 });
    const asked = new Set<string>();
    await tick(asked);
    expect(warnings.join()).toContain('could not ask for approvals in Azure DevOps');
    await tick(asked);
    expect(await runsOf()).toBe(1);
  });

  test('and a process that knows of it asks nothing more', async () => {
    const { twin, tick } = await atGate();
    const asked = new Set<string>();
    await tick(asked);
    twin.service.log.clear();
    await tick(asked);
    expect(requestsOf(twin)).toEqual({});
  });

  test('but not for a stage that waits for nobody', async () => {
    const { tick, startsOf, setStage } = await atGate();
    await setStage('staging', { status: 'applying' });
    await tick();
    expect(startsOf()).toBe(0);
  });

  test("unless the pipeline refuses: it is somebody's own, and the log says so once", async () => {
    const { twin, tick, warnings, startsOf } = await atGate();
    const message = "Unexpected parameter 'build'";
    twin.service.faults.add({ kind: 'status', match: 'Runs.RunPipeline', status: 400, message });
    const asked = new Set<string>();
    await tick(asked);
    await tick(asked);
    expect(warnings).toEqual([
      expect.stringMatching(/does not ask for this approval: .*Unexpected parameter/),
    ]);
    expect(startsOf()).toBe(1);
  });
});
