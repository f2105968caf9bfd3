import { z } from 'zod';

/** A value of the template language. */
export type Value = null | boolean | number | string | Value[] | ValueObject;

/** An object of the template language. */
export interface ValueObject {
  [name: string]: Value;
}

/** An expression that cannot be evaluated, in the words of the service. */
export class ExpressionError extends Error {}

/** What an expression needs is known only while the deployment runs: `reference` and the `list…` functions. */
export class NotYetKnown extends Error {
  constructor(what: string) {
    super(`${what} is known only while the deployment runs`);
  }
}

/** JSON as zod reads it. */
export const valueShape: z.ZodType<Value> = z.lazy(() =>
  z.union([
    z.null(),
    z.boolean(),
    z.number(),
    z.string(),
    z.array(valueShape),
    z.record(z.string(), valueShape),
  ]),
);

/** Reads untyped JSON as a value; throws `ExpressionError` for what is none. */
export function toValue(json: unknown): Value {
  const read = valueShape.safeParse(json ?? null);
  if (!read.success) throw new ExpressionError('The template holds a value that is not JSON.');
  return read.data;
}

export function isObject(value: Value | undefined): value is ValueObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as text; throws `ExpressionError` for anything else, as the functions below do. */
export function asText(value: Value | undefined, what = 'an argument'): string {
  if (typeof value === 'string') return value;
  throw new ExpressionError(`The template language function expects ${what} to be a string.`);
}

export function asNumber(value: Value | undefined): number {
  if (typeof value === 'number') return value;
  throw new ExpressionError('The template language function expects an argument to be an integer.');
}

export function asBoolean(value: Value | undefined): boolean {
  if (typeof value === 'boolean') return value;
  throw new ExpressionError('The template language function expects an argument to be a boolean.');
}

export function asArray(value: Value | undefined): Value[] {
  if (Array.isArray(value)) return value;
  throw new ExpressionError('The template language function expects an argument to be an array.');
}

export function asObject(value: Value | undefined, what = 'an argument'): ValueObject {
  if (isObject(value)) return value;
  throw new ExpressionError(`The template language function expects ${what} to be an object.`);
}

/** The member of an object by its name, whose case does not count. */
export function memberOf(object: ValueObject, name: string): Value | undefined {
  if (Object.hasOwn(object, name)) return object[name];
  const found = Object.keys(object).find((key) => key.toLowerCase() === name.toLowerCase());
  return found === undefined ? undefined : object[found];
}

/** Equal as the function `equals` sees it; text compares with its case. */
export function sameValue(a: Value | undefined, b: Value | undefined): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => sameValue(item, b[index]));
  if (!isObject(a) || !isObject(b)) return a === b;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => sameValue(a[name], b[name]));
}

/** A value as text inside of other text. */
export function textOf(value: Value | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
