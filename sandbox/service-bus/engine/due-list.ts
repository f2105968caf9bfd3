import type { Clock } from './clock.ts';

interface Entry<T> {
  readonly item: T;
  readonly order: number;
  dueAtInMs: number;
  index: number;
}

/**
 * Things that fall due at a time, earliest first, with one timer for all of them: locks, expiries, scheduled
 * messages. A binary heap, so that settling a message takes it out again at once and nothing piles up.
 */
export class DueList<T> {
  readonly #clock: Clock;
  readonly #whenDue: (item: T) => void;
  readonly #heap: Entry<T>[] = [];
  readonly #entries = new Map<T, Entry<T>>();
  #order = 0;
  #armedForInMs = Number.POSITIVE_INFINITY;
  #callOff: () => void = () => {};

  constructor(clock: Clock, whenDue: (item: T) => void) {
    this.#clock = clock;
    this.#whenDue = whenDue;
  }

  get size(): number {
    return this.#heap.length;
  }

  has(item: T): boolean {
    return this.#entries.has(item);
  }

  dueAtInMs(item: T): number | undefined {
    return this.#entries.get(item)?.dueAtInMs;
  }

  items(): IterableIterator<T> {
    return this.#entries.keys();
  }

  /** Adds the item or moves it to another time. A time of Infinity never falls due and is not kept. */
  set(item: T, dueAtInMs: number): void {
    this.delete(item);
    if (dueAtInMs === Number.POSITIVE_INFINITY) return;
    const entry = { item, order: this.#order++, dueAtInMs, index: this.#heap.length };
    this.#entries.set(item, entry);
    this.#heap.push(entry);
    this.#rise(entry);
    this.#arm();
  }

  delete(item: T): boolean {
    const entry = this.#entries.get(item);
    if (entry === undefined) return false;
    this.#entries.delete(item);
    const last = this.#heap.pop();
    if (last !== undefined && last !== entry) {
      this.#place(last, entry.index);
      this.#rise(last);
      this.#sink(last);
    }
    return true;
  }

  /** Calls the timer off and forgets everything. */
  clear(): void {
    this.#callOff();
    this.#armedForInMs = Number.POSITIVE_INFINITY;
    this.#heap.length = 0;
    this.#entries.clear();
  }

  // The timer is only moved forward: one that wakes too early finds nothing due and is set again.
  #arm(): void {
    const first = this.#heap[0];
    if (first === undefined || first.dueAtInMs >= this.#armedForInMs) return;
    this.#callOff();
    this.#armedForInMs = first.dueAtInMs;
    this.#callOff = this.#clock.at(first.dueAtInMs, () => this.#run());
  }

  #run(): void {
    this.#armedForInMs = Number.POSITIVE_INFINITY;
    const nowInMs = this.#clock.nowInMs();
    for (let first = this.#heap[0]; first && first.dueAtInMs <= nowInMs; first = this.#heap[0]) {
      this.delete(first.item);
      this.#whenDue(first.item);
    }
    this.#arm();
  }

  #place(entry: Entry<T>, index: number): void {
    this.#heap[index] = entry;
    entry.index = index;
  }

  #rise(entry: Entry<T>): void {
    while (entry.index > 0) {
      const parentIndex = (entry.index - 1) >> 1;
      const parent = this.#heap[parentIndex];
      if (parent === undefined || isBefore(parent, entry)) return;
      this.#place(parent, entry.index);
      this.#place(entry, parentIndex);
    }
  }

  #sink(entry: Entry<T>): void {
    for (;;) {
      const left = this.#heap[2 * entry.index + 1];
      const right = this.#heap[2 * entry.index + 2];
      const child = left && right ? (isBefore(left, right) ? left : right) : left;
      if (child === undefined || isBefore(entry, child)) return;
      const childIndex = child.index;
      this.#place(child, entry.index);
      this.#place(entry, childIndex);
    }
  }
}

function isBefore<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.dueAtInMs < b.dueAtInMs || (a.dueAtInMs === b.dueAtInMs && a.order < b.order);
}
