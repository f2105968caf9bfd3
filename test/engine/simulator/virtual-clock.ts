import type { Clock } from '../../../shared/engine/ports.ts';

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly run: TimerWork;
}

/** What a timer does. It may return `idle` when nobody waits for what it did: that saves a round of the event loop. */
export type TimerWork = () => unknown;

/** Time that moves only when nothing else can happen: a run of days takes milliseconds, and always the same ones. */
export class VirtualClock implements Clock {
  private time: number;
  private order = 0;
  private readonly heap: Timer[] = [];

  constructor(startAt: number) {
    this.time = startAt;
  }

  now(): number {
    return this.time;
  }

  /** Clocks tell whole milliseconds, and no timer comes too early. */
  at(time: number, run: TimerWork): void {
    this.order += 1;
    this.push({ at: Math.max(Math.ceil(time), this.time), order: this.order, run });
  }

  sleep(timeInMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      this.at(this.time + timeInMs, wake);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }

  /** Runs timers in their order until `isOver`, or until none is left, or until `limit`. */
  async runUntil(isOver: () => boolean, limit: number): Promise<boolean> {
    await eventLoopTurn();
    while (!isOver()) {
      const next = this.pop();
      if (next === undefined || next.at > limit) return false;
      this.time = next.at;
      if (next.run() !== 'idle') await settled();
    }
    return true;
  }

  private push(timer: Timer): void {
    const { heap } = this;
    let index = heap.push(timer) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(timer, heap[parent] as Timer)) break;
      heap[index] = heap[parent] as Timer;
      index = parent;
    }
    heap[index] = timer;
  }

  private pop(): Timer | undefined {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Timer, heap[child] as Timer)) child += 1;
      if (!isBefore(heap[child] as Timer, last)) break;
      heap[index] = heap[child] as Timer;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

function isBefore(left: Timer, right: Timer): boolean {
  return left.at < right.at || (left.at === right.at && left.order < right.order);
}

/**
 * Lets everything run that needs no more time: Node takes the tick queue up only when no promise is left to settle.
 * Nothing in a simulation waits for anything but promises, so the event loop itself need not turn.
 */
function settled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

/** Once a history, so that a long sweep still answers signals and sends its messages. */
function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
