/** What has a place in a queue. The number must not change while the thing is in a list. */
export interface Numbered {
  readonly sequenceNumber: number;
}

/** Below this many removed places a list is not worth tidying. */
const tidyFrom = 64;

/**
 * Things in the order of their sequence numbers. Adding at the end, looking at the first and removing are cheap;
 * one that comes back (an abandoned message) goes to its old place. Removed places are kept as gaps until they
 * are more than half of the list.
 */
export class SequenceList<T extends Numbered> {
  #numbers: number[] = [];
  #items: (T | undefined)[] = [];
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(item: T): void {
    const index = this.#indexFrom(item.sequenceNumber);
    if (this.#numbers[index] === item.sequenceNumber) {
      if (this.#items[index] === undefined) this.#size++;
      this.#items[index] = item;
    } else {
      this.#numbers.splice(index, 0, item.sequenceNumber);
      this.#items.splice(index, 0, item);
      this.#size++;
    }
    if (index < this.#head) this.#head = index;
  }

  get(sequenceNumber: number): T | undefined {
    const index = this.#indexFrom(sequenceNumber);
    return this.#numbers[index] === sequenceNumber ? this.#items[index] : undefined;
  }

  delete(sequenceNumber: number): boolean {
    const index = this.#indexFrom(sequenceNumber);
    if (this.#numbers[index] !== sequenceNumber || this.#items[index] === undefined) return false;
    this.#items[index] = undefined;
    this.#size--;
    this.#tidy();
    return true;
  }

  first(): T | undefined {
    while (this.#head < this.#items.length && this.#items[this.#head] === undefined) this.#head++;
    return this.#items[this.#head];
  }

  /** The items with at least this sequence number, ascending. Do not change the list while iterating. */
  *from(sequenceNumber: number): IterableIterator<T> {
    for (let index = this.#indexFrom(sequenceNumber); index < this.#items.length; index++) {
      const item = this.#items[index];
      if (item !== undefined) yield item;
    }
  }

  /** How many places the list holds, gaps included: what a leak would show in. */
  get places(): number {
    return this.#items.length;
  }

  #indexFrom(sequenceNumber: number): number {
    const last = this.#numbers[this.#numbers.length - 1];
    if (last === undefined || last < sequenceNumber) return this.#numbers.length;
    let low = 0;
    let high = this.#numbers.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#numbers[middle] ?? 0) < sequenceNumber) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #tidy(): void {
    const gaps = this.#items.length - this.#size;
    if (gaps < tidyFrom || gaps <= this.#size) return;
    const kept = [...this.from(0)];
    this.#items = kept;
    this.#numbers = kept.map((item) => item.sequenceNumber);
    this.#head = 0;
  }
}
