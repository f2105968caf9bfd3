/** AMQP values with their types, through rhea's reader and writer. */
import rhea, { type Typed } from 'rhea';

interface TypesCorners {
  Reader: new (buffer: Buffer) => { read(): Typed };
  Writer: new () => { write(value: Typed): void; toBuffer(): Buffer };
  unwrap(value: Typed): unknown;
  wrap(value: unknown): Typed;
  wrap_int(value: number): Typed;
  wrap_long(value: number | Buffer): Typed;
  wrap_uuid(value: Buffer): Typed;
  wrap_timestamp(value: number): Typed;
  wrap_symbol(value: string): Typed;
  wrap_string(value: string): Typed;
  wrap_map(value: Record<string, unknown>): Typed;
  wrap_list(value: unknown[]): Typed;
  Array32(items: unknown[], typecode: number): Typed;
}

/** rhea's constructors of values whose type is prescribed. */
export const types = rhea.types as unknown as TypesCorners;

export function readTyped(encoded: Buffer): Typed {
  return new types.Reader(encoded).read();
}

export function encodeTyped(value: Typed): Buffer {
  const writer = new types.Writer();
  writer.write(value);
  return Buffer.from(writer.toBuffer());
}

/** The JavaScript value, without its AMQP type. Described values inside stay as they are. */
export function plain(value: Typed | undefined): unknown {
  return value === undefined ? undefined : types.unwrap(value);
}

/** The fields of a list, or none when it is no list. */
export function listFields(value: Typed): readonly Typed[] {
  return Array.isArray(value.value) ? value.value : [];
}

/** Keys and typed values of a map with string or symbol keys; none when it is no map. */
export function mapEntries(value: Typed | undefined | null): [string, Typed][] {
  const flat: unknown = value?.value;
  if (!Array.isArray(flat)) return [];
  const entries: [string, Typed][] = [];
  for (let index = 0; index + 1 < flat.length; index += 2) {
    entries.push([String(flat[index].value), flat[index + 1]]);
  }
  return entries;
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A number that may have come as 8 bytes because it is large. */
export function wholeNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (Buffer.isBuffer(value) && value.length === 8) return Number(value.readBigInt64BE());
  return undefined;
}

const longTypecode = 0x81;
const timestampTypecode = 0x83;

export function arrayOfLongs(values: readonly number[]): Typed {
  return types.Array32([...values], longTypecode);
}

export function arrayOfTimestamps(timesInMs: readonly number[]): Typed {
  return types.Array32([...timesInMs], timestampTypecode);
}

const dotNetEpochInMs = 62_135_596_800_000n;

/** A time as .NET counts it, in steps of 100 ns since year 1: always eight bytes. */
export function dotNetTicks(timeInMs: number): Typed {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE((BigInt(timeInMs) + dotNetEpochInMs) * 10_000n);
  return types.wrap_long(bytes);
}
