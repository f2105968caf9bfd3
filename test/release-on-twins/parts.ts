import { parseArgs } from 'node:util';

/** Which histories are played, of all that a sweep has. */
export interface Part {
  /** So many, spread evenly; null: all. */
  readonly sample: number | null;
  /** Every `of`-th of them, beginning with the `number`-th; `1/1` is all of them. */
  readonly shard: Shard;
}

export interface Shard {
  readonly number: number;
  readonly of: number;
}

/**
 * Reads `[--sample N] [--shard I/N]` and what else was given.
 * @throws Error that says what is wrong
 */
export function readPart(args: readonly string[]): Part & { readonly positionals: readonly string[] } {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { sample: { type: 'string' }, shard: { type: 'string', default: '1/1' } },
  });
  const { sample, shard } = values;
  if (sample !== undefined && !/^[1-9]\d*$/.test(sample))
    throw new Error(`--sample ${sample}: a number from 1`);
  const [number = 0, of = 0] = shard.split('/').map(Number);
  if (!/^\d+\/\d+$/.test(shard) || number < 1 || number > of)
    throw new Error(`--shard ${shard}: it has the form I/N, with I from 1 to N`);
  return { sample: sample === undefined ? null : Number(sample), shard: { number, of }, positionals };
}

/** What belongs to a part. @param kinds so many kinds come in turns, all of which a sample is to meet */
export function partOf<Item>(all: readonly Item[], { sample, shard }: Part, kinds: number): Item[] {
  return shardOf(sample === null ? all : sampleOf(all, { count: sample, kinds }), shard);
}

/** Every `of`-th. */
export function shardOf<Item>(all: readonly Item[], { number, of }: Shard): Item[] {
  return all.filter((_, index) => index % of === number - 1);
}

/** So many, spread evenly: a stride that shares no factor with the number of kinds meets every kind. */
export function sampleOf<Item>(
  all: readonly Item[],
  { count, kinds, from = 0 }: { readonly count: number; readonly kinds: number; readonly from?: number },
): Item[] {
  let stride = Math.max(1, Math.floor(all.length / count));
  while (commonFactor(stride, kinds) > 1) stride -= 1;
  return all.filter((_, index) => index >= from && (index - from) % stride === 0).slice(0, count);
}

function commonFactor(a: number, b: number): number {
  return b === 0 ? a : commonFactor(b, a % b);
}
