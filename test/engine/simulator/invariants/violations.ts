import type { History } from '../play.ts';
import type { Scenario } from '../scenario.ts';
import { ends, inTime } from './ends.ts';
import { approvals, cancels, freezes, leftovers } from './gates.ts';
import { budget, completionRecords, deadLetters } from './messages.ts';
import { finalState, oneRunAtATime, oneRunnerAtATime, order, remoteRuns } from './outside.ts';
import { auditLog, orphans, secrets } from './stored.ts';

/** What a history is measured against. */
export interface Expectation {
  readonly scenario: Scenario;
  readonly faults: number;
  /** The same scenario without faults. */
  readonly faultFree: { readonly calls: number; readonly lastsInMs: number };
  /** What a single fault may cost besides a fifth more calls. */
  readonly callsAFault: number;
}

/**
 * The invariants I1 to I10, read from stored rows and from what the outside noted, never from the engine's words.
 * @returns one line a violation, beginning with the invariant's number.
 */
export function violations(history: History, expected: Expectation): string[] {
  return [
    ...ends(history, expected),
    ...inTime(history, expected),
    ...auditLog(history),
    ...finalState(history),
    ...order(history),
    ...oneRunAtATime(history),
    ...oneRunnerAtATime(history),
    ...remoteRuns(history),
    ...approvals(history, expected),
    ...cancels(history, expected),
    ...leftovers(history),
    ...freezes(history),
    ...deadLetters(history, expected),
    ...orphans(history),
    ...secrets(history),
    ...completionRecords(history),
    ...budget(history, expected),
  ];
}
