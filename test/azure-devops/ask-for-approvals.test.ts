import { describe, expect, test } from '@jest/globals';
import type { AskingPorts } from '../../shared/azure-devops/ask-for-approvals.ts';
import { askForApprovals, newAsking } from '../../shared/azure-devops/ask-for-approvals.ts';
import { requestsOf } from '../steps/intake-world.ts';
import { underVirtualTime } from '../steps/virtual-time.ts';
import { approvalWorld, PLAN, subscribe } from './approval-world.ts';

async function atGate() {
  const world = approvalWorld();
  await subscribe(world.twin);
  await world.openGate();
  /** One tick of the timer; a new process has forgotten what was asked. */
  const tick = (asking = newAsking(), ports: AskingPorts = world.asking) =>
    underVirtualTime(world.clock, askForApprovals(ports, asking));
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
    const asked = newAsking();
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
    const asked = newAsking();
    await tick(asked);
    expect(warnings.join()).toContain('could not ask for approvals in Azure DevOps');
    await tick(asked);
    expect(await runsOf()).toBe(1);
  });

  test('and a process that knows of it asks nothing more', async () => {
    const { twin, tick } = await atGate();
    const asked = newAsking();
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
    const asked = newAsking();
    await tick(asked);
    await tick(asked);
    expect(warnings).toEqual([
      expect.stringMatching(/does not ask for this approval: .*Unexpected parameter/),
    ]);
    expect(startsOf()).toBe(1);
  });
});

describe('fifty gates at once', () => {
  const GATES = 50;

  /** The run of the world fifty times, each of its own build. */
  async function manyGates() {
    const world = await atGate();
    const { run } = await world.asking.store.load('parking-sensors', 'release-20001');
    if (run === null) throw new Error('the run is gone');
    const runs = Array.from({ length: GATES }, (_value, index) => {
      return { ...run, id: `release-${index}`, release: { name: `build-${30_000 + index}`, order: index } };
    });
    const ports: AskingPorts = {
      ...world.asking,
      records: { activeRuns: async () => runs.map(({ id }) => id) },
      store: {
        load: async (project, id) => {
          const loaded = await world.asking.store.load(project, id);
          return { ...loaded, run: runs.find((each) => each.id === id) ?? null };
        },
      },
    };
    return { ...world, ports };
  }

  test('are asked for one by one, and a new process looks at each pipeline run once', async () => {
    const { twin, tick, ports } = await manyGates();
    twin.service.log.clear();
    await tick(newAsking(), ports);
    expect(requestsOf(twin)).toEqual({ 'Runs.List': 1, 'Runs.RunPipeline': GATES });
    twin.service.log.clear();
    await tick(newAsking(), ports);
    expect(requestsOf(twin)).toEqual({ 'Runs.List': 1, 'Runs.Get': GATES });
  });

  test('take no look longer than a function may live, and the next one goes on where it ended', async () => {
    const { twin, clock, tick, ports, startsOf } = await manyGates();
    await tick(newAsking(), ports);
    expect(startsOf()).toBe(GATES);
    twin.service.log.clear();
    twin.service.faults.add({ kind: 'latency', match: 'Runs.Get', latencyInMs: 5_000, times: GATES });
    const asking = newAsking();
    for (let looks = 1; asking.asked.size < GATES; looks += 1) {
      const begun = clock.now();
      await tick(asking, ports);
      expect(clock.now() - begun).toBeLessThan(70_000);
      expect(looks).toBeLessThan(10);
    }
    expect(requestsOf(twin)).toMatchObject({ 'Runs.Get': GATES });
    expect(startsOf()).toBe(0);
  });
});
