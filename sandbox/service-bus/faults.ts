import type { DeliveryFault } from './engine/queue-model.ts';
import { noDeliveryFault } from './engine/queue-model.ts';

/**
 * What can be made to go wrong.
 * - `duplicate`: a delivery is followed by a copy with the same message id.
 * - `delay`: a delivery is kept back for `delayInMs`; later ones overtake it.
 * - `lose-settlement`: a settlement is not carried out and not answered; the lock runs out.
 * - `lose-answer`: a settlement is carried out but not answered.
 * - `server-busy`: a send or a management request is refused with the retryable error `server-busy`.
 */
export type FaultKind = (typeof faultKinds)[number];

export const faultKinds = ['duplicate', 'delay', 'lose-settlement', 'lose-answer', 'server-busy'] as const;

export interface Fault {
  readonly kind: FaultKind;
  /** How many times it strikes; default 1. */
  readonly count?: number;
  /** The only queue it strikes, as addressed; default all. */
  readonly queue?: string;
  /** Of `delay`; default 1,000. */
  readonly delayInMs?: number;
}

export interface Faults {
  add(fault: Fault): void;
  /** Forgets every fault that has not struck yet. */
  clear(): void;
  /** Whether the next thing of this kind goes wrong; uses one up. */
  strikes(kind: FaultKind, queue: string): boolean;
  /** What happens to the next delivery of the queue. */
  delivery(queue: string): DeliveryFault;
}

interface PendingFault {
  readonly fault: Fault;
  left: number;
}

export function createFaults(): Faults {
  let pending: PendingFault[] = [];
  const take = (kind: FaultKind, queue: string): Fault | undefined => {
    const found = pending.find(({ fault }) => fault.kind === kind && concerns(fault, queue));
    if (found === undefined) return undefined;
    found.left--;
    if (found.left <= 0) pending = pending.filter((other) => other !== found);
    return found.fault;
  };
  return {
    add: (fault) => void pending.push({ fault, left: fault.count ?? 1 }),
    clear: () => {
      pending = [];
    },
    strikes: (kind, queue) => take(kind, queue) !== undefined,
    delivery: (queue) => {
      if (pending.length === 0) return noDeliveryFault;
      const delay = take('delay', queue);
      if (delay !== undefined) return { delayInMs: delay.delayInMs ?? 1000, duplicated: false };
      return { delayInMs: 0, duplicated: take('duplicate', queue) !== undefined };
    },
  };
}

function concerns(fault: Fault, queue: string): boolean {
  return fault.queue === undefined || fault.queue.toLowerCase() === queue.toLowerCase();
}
