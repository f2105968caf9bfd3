import type { FunctionTable } from './function-types.ts';
import {
  asArray,
  asNumber,
  asObject,
  asText,
  ExpressionError,
  isObject,
  memberOf,
  sameValue,
  textOf,
  type Value,
  type ValueObject,
} from './value.ts';

/** Functions on arrays and objects, and those that take text as well. */
export const collectionFunctions: FunctionTable = {
  array: ([value = null]) => (Array.isArray(value) ? value : [value]),
  concat: (values) =>
    values.some(Array.isArray) ? values.flatMap((value) => asArray(value)) : values.map(textOf).join(''),
  contains: ([where, what]) => contains(where, what),
  createArray: (values) => [...values],
  createObject: (values) => createObject(values),
  empty: ([value]) => value === null || sizeOf(value) === 0,
  first: ([value]) => (typeof value === 'string' ? value.slice(0, 1) : (asArray(value)[0] ?? null)),
  flatten: ([value]) => asArray(value).flatMap((item) => asArray(item)),
  intersection: ([first, ...others]) => others.reduce<Value>(intersection, first ?? null),
  items: ([value]) =>
    Object.entries(asObject(value))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => ({ key, value: item })),
  last: ([value]) => (typeof value === 'string' ? value.slice(-1) : (asArray(value).at(-1) ?? null)),
  length: ([value]) => sizeOf(value),
  objectKeys: ([value]) => Object.keys(asObject(value)).sort(),
  range: ([start, count]) => Array.from({ length: asNumber(count) }, (_item, at) => asNumber(start) + at),
  shallowMerge: ([values]) => Object.assign({}, ...asArray(values).map((value) => asObject(value))),
  skip: ([value, count]) => sliceOf(value, Math.max(0, asNumber(count))),
  take: ([value, count]) => sliceOf(value, 0, Math.max(0, asNumber(count))),
  tryGet: ([value = null, ...path]) => path.reduce<Value>((owner, key) => tryGet(owner, key), value),
  union: ([first, ...others]) => others.reduce<Value>(union, first ?? null),
};

function sizeOf(value: Value | undefined): number {
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  return Object.keys(asObject(value)).length;
}

function sliceOf(value: Value | undefined, start: number, end?: number): Value {
  return typeof value === 'string' ? value.slice(start, end) : asArray(value).slice(start, end);
}

function contains(where: Value | undefined, what: Value = null): boolean {
  if (typeof where === 'string') return where.includes(textOf(what));
  if (Array.isArray(where)) return where.some((item) => sameValue(item, what));
  return memberOf(asObject(where), asText(what)) !== undefined;
}

function createObject(values: readonly Value[]): ValueObject {
  if (values.length % 2 === 1)
    throw new ExpressionError("The template language function 'createObject' expects pairs of arguments.");
  const result: ValueObject = {};
  for (let at = 0; at < values.length; at += 2) result[asText(values[at])] = values[at + 1] ?? null;
  return result;
}

function tryGet(owner: Value, key: Value): Value {
  if (Array.isArray(owner)) return owner[asNumber(key)] ?? null;
  return isObject(owner) ? (memberOf(owner, asText(key)) ?? null) : null;
}

/** Later values win; objects below merge, arrays do not. */
function union(a: Value, b: Value): Value {
  if (Array.isArray(a) && Array.isArray(b))
    return [...a, ...b].filter((item, index, all) => all.findIndex((one) => sameValue(one, item)) === index);
  const result = { ...asObject(a) };
  for (const [name, value] of Object.entries(asObject(b))) {
    const known = result[name];
    result[name] = isObject(known) && isObject(value) ? union(known, value) : value;
  }
  return result;
}

function intersection(a: Value, b: Value): Value {
  if (Array.isArray(a)) return a.filter((item) => asArray(b).some((other) => sameValue(item, other)));
  const other = asObject(b);
  return Object.fromEntries(
    Object.entries(asObject(a)).filter(([name, value]) => sameValue(other[name], value)),
  );
}
