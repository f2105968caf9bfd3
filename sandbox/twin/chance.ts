/** Where a twin takes ids and random decisions from, so that a test can repeat them. */
export interface Chance {
  /** A number in [0, 1). */
  random(): number;
  /** A version 4 UUID in lower case. */
  uuid(): string;
  /** An odd id above 2^53: a client that reads it as a JavaScript number gets another id. */
  int64(): bigint;
}

const HEX = '0123456789abcdef';
const FIRST_UNSAFE_INTEGER = 2n ** 53n;

/** The same seed gives the same ids and decisions (mulberry32); without a seed every twin is different. */
export function createChance(seed?: number): Chance {
  const random = seed === undefined ? Math.random : mulberry32(seed);
  return {
    random,
    uuid: () => 'xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx'.replace(/x/g, () => HEX.charAt(random() * 16)),
    int64: () => FIRST_UNSAFE_INTEGER + 2n * BigInt(Math.floor(random() * 2 ** 52)) + 1n,
  };
}

function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
