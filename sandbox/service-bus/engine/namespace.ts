import type { Clock } from './clock.ts';
import { closeQueue, createQueue } from './queue.ts';
import {
  type Change,
  type DeliveryFault,
  noDeliveryFault,
  type Origin,
  type Queue,
  type QueueSettings,
  type SentMessage,
} from './queue-model.ts';
import { enqueue } from './sending.ts';

export interface NamespaceOptions {
  readonly queues: readonly QueueSettings[];
  readonly clock: Clock;
  /** Gives a new lock token, a UUID. */
  readonly newLockToken: () => string;
  /** Gets the changes of one piece of work at its end, before anybody is told of it. */
  readonly save?: (changes: readonly Change[]) => void;
  readonly deliveryFault?: (queueName: string) => DeliveryFault;
}

/** All queues. Whatever changes them runs in `transact`, timers too, so that its changes are saved as one. */
export interface Namespace {
  readonly queues: readonly Queue[];
  readonly clock: Clock;
  find(name: string): Queue | undefined;
  transact<T>(work: () => T): T;
  close(): void;
}

export function createNamespace(options: NamespaceOptions): Namespace {
  const { save } = options;
  const byName = new Map<string, Queue>();
  let changes: Change[] = [];
  let depth = 0;
  const transact = <T>(work: () => T): T => {
    depth++;
    try {
      return work();
    } finally {
      depth--;
      if (depth === 0 && changes.length > 0) {
        const saved = changes;
        changes = [];
        save?.(saved);
      }
    }
  };
  const clock: Clock = {
    nowInMs: () => options.clock.nowInMs(),
    at: (timeInMs, run) => options.clock.at(timeInMs, () => transact(run)),
  };
  const around = {
    clock,
    newLockToken: options.newLockToken,
    record: (change: Change) => void (save && changes.push(change)),
    forward: (name: string, sent: SentMessage, origin: Origin) => void enqueue(existing(name), sent, origin),
    deliveryFault: options.deliveryFault ?? (() => noDeliveryFault),
  };
  const existing = (name: string): Queue => {
    const queue = byName.get(name.toLowerCase());
    if (queue === undefined) throw new Error(`the queue ${name} does not exist`);
    return queue;
  };
  for (const settings of options.queues)
    byName.set(settings.name.toLowerCase(), createQueue(settings, around));
  const queues = [...byName.values()];
  return {
    queues,
    clock,
    transact,
    find: (name) => byName.get(name.toLowerCase()),
    close: () => queues.forEach(closeQueue),
  };
}
