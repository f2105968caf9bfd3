import { expect, test } from '@jest/globals';
import type { Fault } from '../engine/simulator/faults.ts';
import { kindsAt } from '../engine/simulator/faults.ts';
import { ends } from '../engine/simulator/invariants/ends.ts';
import { completionRecords } from '../engine/simulator/invariants/messages.ts';
import { oneRunAtATime, oneRunnerAtATime } from '../engine/simulator/invariants/outside.ts';
import { rowsOf } from '../engine/simulator/invariants/rows.ts';
import { auditLog, orphans, secrets } from '../engine/simulator/invariants/stored.ts';
import type { History } from '../engine/simulator/play.ts';
import { PROJECT, scenario } from '../engine/simulator/scenario.ts';
import type { DeploymentWorld } from './deployment-world.ts';
import { deploymentWorld } from './deployment-world.ts';

/** build-1 and build-2 are through; what comes next is the rollback. */
async function releasedTwice(faults: readonly Fault[]): Promise<DeploymentWorld> {
  const w = deploymentWorld({ faults });
  for (const build of [1, 2]) await w.release(build);
  await w.rest();
  return w;
}

/** What does not hold after the rollback was asked for, by one who asks again until there is an answer. */
async function problemsWith(faults: readonly Fault[]): Promise<string[]> {
  const w = await releasedTwice(faults);
  const { status } = await w.insist({});
  const history = await w.history();
  return [
    ...(status === 202 ? [] : [`answered ${status}`]),
    ...(w.deployed('production') === 'build-1' ? [] : ['production is not what it was']),
    ...ofRollbacks(history),
    ...ends(history, expectation(history, faults.length)),
    ...auditLog(history),
    ...oneRunAtATime(history),
    ...oneRunnerAtATime(history),
    ...orphans(history),
    ...completionRecords(history),
    ...secrets(history),
  ];
}

function ofRollbacks(history: History): string[] {
  const rollbacks = history.runs.filter(({ kind }) => kind === 'rollback');
  if (rollbacks.length !== 1) return [`there are ${rollbacks.length} rollbacks`];
  return rollbacks.flatMap(({ id, status }) => {
    const requests = rowsOf(history, PROJECT, id).filter(({ event }) => event.type === 'run-requested');
    const found = status === 'succeeded' ? [] : [`the rollback ended ${status}`];
    return requests.length === 1 ? found : [...found, `it was requested ${requests.length} times`];
  });
}

function expectation({ runs }: History, faults: number) {
  const [first] = runs;
  if (first === undefined) throw new Error('there is no run');
  const faultFree = { calls: 0, lastsInMs: 0 };
  return { scenario: scenario({ pipeline: first.pipeline }), faults, faultFree, callsAFault: 0 };
}

async function callsOfRollback() {
  const w = await releasedTwice([]);
  const before = w.world.calls.length;
  await w.insist({});
  await w.history();
  return w.world.calls.slice(before);
}

test('a rollback whose functions die or fail at any call ends well, and there is one', async () => {
  const calls = await callsOfRollback();
  expect(calls.slice(0, 2).map(({ name }) => name)).toEqual(['store.load', 'bus.send']);
  const faults = calls.flatMap(({ number, name }) => kindsAt(name).map((kind) => ({ call: number, kind })));
  const found: string[] = [];
  for (const fault of faults) {
    const problems = await problemsWith([fault]);
    found.push(...problems.map((problem) => `${fault.call}:${fault.kind} ${problem}`));
  }
  expect(found).toEqual([]);
  expect(faults.length).toBeGreaterThan(300);
}, 60_000);

test('a function that dies right after it has queued the request, and again between commit and outbox, changes nothing', async () => {
  const calls = await callsOfRollback();
  const queued = calls.find(({ name }) => name === 'bus.send')?.number ?? 0;
  // The client asks again, since it got no answer: its calls come in between.
  const findings: string[] = [];
  for (let later = 1; later <= 12; later += 1) {
    const faults = [
      { call: queued, kind: 'crash-after' },
      { call: queued + later, kind: 'crash-after' },
    ] as const;
    findings.push(...(await problemsWith(faults)).map((problem) => `+${later} ${problem}`));
  }
  expect(findings).toEqual([]);
}, 60_000);
