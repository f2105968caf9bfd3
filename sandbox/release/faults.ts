import type { Cloud } from '../cloud.ts';
import type { FaultRequest } from '../twin/faults.ts';
import type { FaultSpec } from './options.ts';

/** Orders faults from the twins. @throws Error naming the twins when one of them is unknown */
export function setFaults({ twins }: Cloud, specs: readonly FaultSpec[]): void {
  for (const spec of specs) {
    const twin = twins[spec.twin];
    if (twin === undefined)
      throw new Error(
        `--faults: there is no twin "${spec.twin}"; there are ${Object.keys(twins).join(', ')}`,
      );
    twin.faults.add(faultOf(spec));
  }
}

function faultOf({ kind, operation, times }: FaultSpec): FaultRequest {
  const aim = { match: operation, times };
  switch (kind) {
    case 'latency':
      return { ...aim, kind: 'latency', latencyInMs: 1_000 };
    case 'lost-answer':
      return { ...aim, kind: 'drop', when: 'after' };
    case '429':
      return { ...aim, kind: 'status', status: 429, retryAfterInSeconds: 1 };
    default:
      return { ...aim, kind: 'status', status: Number(kind) };
  }
}
