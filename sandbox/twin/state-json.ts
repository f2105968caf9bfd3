import { z } from 'zod';

/** A twin's state as text: JSON in which maps, byte arrays and big integers are marked objects. */
export function encodeState(state: object): string {
  return JSON.stringify(state, function (this: Record<string, unknown>, key, value: unknown) {
    const original = this[key];
    if (typeof original === 'bigint') return { $integer: String(original) };
    if (original instanceof Uint8Array) return { $bytes: Buffer.from(original).toString('base64') };
    if (original instanceof Map) return { $map: [...original] };
    if (original instanceof Set) return { $set: [...original] };
    return value;
  });
}

const marked = z.union([
  z.strictObject({ $integer: z.string() }),
  z.strictObject({ $bytes: z.string() }),
  z.strictObject({ $map: z.array(z.tuple([z.unknown(), z.unknown()])) }),
  z.strictObject({ $set: z.array(z.unknown()) }),
]);

/** Reads what `encodeState` wrote; throws `SyntaxError` or a zod error when it is no such text. */
export function decodeState(text: string): Record<string, unknown> {
  const state: unknown = JSON.parse(text, (_key, value: unknown) => unmark(value));
  return z.record(z.string(), z.unknown()).parse(state);
}

function unmark(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Object.keys(value).length !== 1) return value;
  const result = marked.safeParse(value);
  if (!result.success) return value;
  const mark = result.data;
  if ('$integer' in mark) return BigInt(mark.$integer);
  if ('$bytes' in mark) return new Uint8Array(Buffer.from(mark.$bytes, 'base64'));
  return '$map' in mark ? new Map(mark.$map) : new Set(mark.$set);
}
