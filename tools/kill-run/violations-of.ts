import { ends } from '../../test/engine/simulator/invariants/ends.ts';
import { approvals } from '../../test/engine/simulator/invariants/gates.ts';
import { budget, completionRecords } from '../../test/engine/simulator/invariants/messages.ts';
import {
  finalState,
  oneRunAtATime,
  oneRunnerAtATime,
  order,
  remoteRuns,
} from '../../test/engine/simulator/invariants/outside.ts';
import { auditLog, orphans } from '../../test/engine/simulator/invariants/stored.ts';
import { historyOf } from './history.ts';
import { scenarioOf } from './scenario.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * What a kill may cost besides a fifth more calls: it ends every function that runs, and leases are so short here that
 * a busy machine has living steps taken over as well. The exact bound is the simulator's, under virtual time.
 */
const CALLS_A_KILL = 60;

/** The simulator's invariants on a project's stored rows and on what the outside noted of it. */
export async function violationsOf(
  { state, log }: Surroundings,
  project: string,
  faultFreeCalls: number,
): Promise<string[]> {
  const history = await historyOf(state, log, project);
  const expected = {
    scenario: scenarioOf(project),
    faults: 1,
    faultFree: { calls: faultFreeCalls, lastsInMs: 0 },
    callsAFault: CALLS_A_KILL,
  };
  const found = [
    ...(history.runs.length === 1 ? [] : [`I1 there are ${history.runs.length} runs`]),
    ...ends(history, expected),
    ...auditLog(history),
    ...finalState(history),
    ...order(history),
    ...oneRunAtATime(history),
    ...oneRunnerAtATime(history),
    ...remoteRuns(history),
    ...approvals(history, expected),
    ...orphans(history),
    ...completionRecords(history),
    ...budget(history, expected),
  ];
  return found;
}
