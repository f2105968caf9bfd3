import type { Clock } from './clock.ts';
import { closeQueue, createQueue } from './queue.ts';
import {
  type Change,
  type DeliveryFault,
  noDeliveryFault,
  type Queue,
  type QueueSettings,
  type Surroundings,
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

/** Empty queues with these settings. The targets that they forward to must be among them. */
export function createNamespace(options: NamespaceOptions): Namespace {
  const byName = new Map<string, Queue>();
  const find = (name: string): Queue | undefined => byName.get(name.toLowerCase());
  const { transact, record } = transactions(options.save);
  const clock: Clock = {
    nowInMs: () => options.clock.nowInMs(),
    at: (timeInMs, run) => options.clock.at(timeInMs, () => transact(run)),
  };
  const around: Surroundings = {
    clock,
    record,
    newLockToken: options.newLockToken,
    deliveryFault: options.deliveryFault ?? (() => noDeliveryFault),
    forward(name, sent, origin) {
      const queue = find(name);
      if (queue === undefined) throw new Error(`the queue ${name} does not exist`);
      enqueue(queue, sent, origin);
    },
  };
  for (const settings of options.queues) {
    byName.set(settings.name.toLowerCase(), createQueue(settings, around));
  }
  const queues = [...byName.values()];
  return { queues, clock, transact, find, close: () => queues.forEach(closeQueue) };
}

/** Pieces of work may nest; the outermost saves. Also one that failed saves what it did before. */
function transactions(
  save: NamespaceOptions['save'],
): Pick<Namespace, 'transact'> & Pick<Surroundings, 'record'> {
  let changes: Change[] = [];
  let depth = 0;
  return {
    record(change) {
      if (save !== undefined) changes.push(change);
    },
    transact(work) {
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
    },
  };
}
