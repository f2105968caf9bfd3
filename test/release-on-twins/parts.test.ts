import { describe, expect, test } from '@jest/globals';
import { partOf, readPart, sampleOf, shardOf } from './parts.ts';

const KINDS = 7;
/** Numbers that stand for histories: the kind of fault of each is its remainder. */
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);
const kindsOf = (items: readonly number[]) => new Set(items.map((item) => item % KINDS)).size;

describe('a sample', () => {
  test.each([
    [8, 700],
    [16, 2_842],
    [7, 49],
    [100, 1_435],
    [50, 60],
  ])('of %i of %i has so many, no two of them the same, and every kind of fault', (count, length) => {
    const sample = sampleOf(upTo(length), { count, kinds: KINDS });
    expect(new Set(sample).size).toBe(count);
    expect(kindsOf(sample)).toBe(KINDS);
  });

  test('is spread over all', () => {
    const sample = sampleOf(upTo(2_842), { count: 16, kinds: KINDS, from: 40 });
    expect(sample[0]).toBe(40);
    expect(sample.at(-1)).toBeGreaterThan(2_500);
  });

  test('of more than there are is all of them', () => {
    expect(sampleOf(upTo(5), { count: 9, kinds: KINDS })).toEqual([0, 1, 2, 3, 4]);
  });
});

describe('shards', () => {
  test('have together everything once', () => {
    const shards = [1, 2, 3].flatMap((number) => shardOf(upTo(20), { number, of: 3 }));
    expect(shards.sort((a, b) => a - b)).toEqual(upTo(20));
  });

  test('of a sample have together the sample', () => {
    const shards = [1, 2].flatMap((number) =>
      partOf(upTo(700), { sample: 9, shard: { number, of: 2 } }, KINDS),
    );
    expect(new Set(shards)).toEqual(new Set(sampleOf(upTo(700), { count: 9, kinds: KINDS })));
  });
});

describe('the arguments', () => {
  test('name a part, and leave the rest to the program', () => {
    expect(readPart(['versioned', '--sample', '30', '--shard', '2/4'])).toEqual({
      sample: 30,
      shard: { number: 2, of: 4 },
      positionals: ['versioned'],
    });
    expect(readPart([])).toEqual({ sample: null, shard: { number: 1, of: 1 }, positionals: [] });
  });

  test.each([
    [['--sample', '0'], '--sample 0: a number from 1'],
    [['--sample', 'all'], '--sample all: a number from 1'],
    [['--shard', '0/2'], '--shard 0/2: it has the form I/N'],
    [['--shard', '3/2'], '--shard 3/2: it has the form I/N'],
    [['--shard', '1'], '--shard 1: it has the form I/N'],
    [['--part', '1'], "Unknown option '--part'"],
  ])('%j are refused with what is wrong', (args, why) => {
    expect(() => readPart(args)).toThrow(why);
  });
});
