import type { Outgoing, QueueName } from '../../../shared/engine/ports.ts';
import type { VirtualClock } from './virtual-clock.ts';

const LOCK_IN_MS = 60_000;
const MOST_DELIVERIES = 10;
const DUPLICATE_WINDOW_IN_MS = 10 * 60_000;

interface Held {
  readonly message: Outgoing;
  readonly order: number;
  deliveries: number;
  /** Number of the delivery that holds the lock; a settlement by an older one is refused. */
  lock: number;
  lockedUntil: number;
}

/** What a receiver gets: settling it twice, or too late, does nothing. */
export interface Delivery {
  readonly queue: QueueName;
  readonly message: Outgoing;
  readonly delivery: number;
  renew(): void;
  complete(): void;
  abandon(): void;
}

/** Who takes what the queues deliver. */
interface Receivers {
  offer(delivery: Delivery): void;
  deadLetter(queue: QueueName, message: Outgoing): void;
}

/** Queues with peek-lock, redelivery, scheduled messages, duplicate detection and dead letters. */
export class MemoryBus {
  readonly deadLetters: { readonly queue: QueueName; readonly message: Outgoing }[] = [];
  readonly sent: { readonly queue: QueueName; readonly message: Outgoing }[] = [];
  private readonly queues = new Map<QueueName, Held[]>();
  private readonly seen = new Map<string, number>();
  private order = 0;
  private readonly clock: VirtualClock;
  private readonly receivers: Receivers;

  constructor(clock: VirtualClock, receivers: Receivers) {
    this.clock = clock;
    this.receivers = receivers;
  }

  /** `again` passes the duplicate detection by, as a message sent just outside its window would. */
  put(queue: QueueName, message: Outgoing, { again = false, delayInMs = 0 } = {}): void {
    const key = `${queue}|${message.id}`;
    const seenAt = this.seen.get(key);
    if (!again && seenAt !== undefined && this.clock.now() - seenAt < DUPLICATE_WINDOW_IN_MS) return;
    this.seen.set(key, this.clock.now());
    this.sent.push({ queue, message });
    this.order += 1;
    const held: Held = { message, order: this.order, deliveries: 0, lock: 0, lockedUntil: 0 };
    this.of(queue).push(held);
    const from = Math.max(message.notBefore ?? 0, this.clock.now()) + delayInMs;
    this.clock.at(from, () => this.deliver(queue, held));
  }

  /** Messages that are neither settled nor dead-lettered, those scheduled for later included. */
  waiting(): Outgoing[] {
    return [...this.queues.values()].flatMap((held) => held.map(({ message }) => message));
  }

  /** How many those are. */
  get size(): number {
    let size = 0;
    for (const held of this.queues.values()) size += held.length;
    return size;
  }

  private of(queue: QueueName): Held[] {
    const found = this.queues.get(queue) ?? [];
    this.queues.set(queue, found);
    return found;
  }

  private remove(queue: QueueName, held: Held): void {
    const all = this.of(queue);
    const index = all.indexOf(held);
    if (index >= 0) all.splice(index, 1);
  }

  private deliver(queue: QueueName, held: Held): void {
    if (!this.of(queue).includes(held)) return;
    if (held.deliveries >= MOST_DELIVERIES) {
      this.remove(queue, held);
      this.deadLetters.push({ queue, message: held.message });
      this.receivers.deadLetter(queue, held.message);
      return;
    }
    held.deliveries += 1;
    held.lock += 1;
    const lock = held.lock;
    const holds = () => held.lock === lock && this.of(queue).includes(held);
    const watch = () => {
      held.lockedUntil = this.clock.now() + LOCK_IN_MS;
      const until = held.lockedUntil;
      this.clock.at(until, () => {
        if (!holds() || held.lockedUntil !== until) return 'idle';
        return this.deliver(queue, held);
      });
    };
    watch();
    this.receivers.offer({
      queue,
      message: held.message,
      delivery: held.deliveries,
      renew: () => {
        if (holds()) watch();
      },
      complete: () => {
        if (holds()) this.remove(queue, held);
      },
      abandon: () => {
        if (holds()) this.clock.at(this.clock.now(), () => this.deliver(queue, held));
      },
    });
  }
}
