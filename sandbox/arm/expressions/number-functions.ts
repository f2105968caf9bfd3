import type { FunctionTable } from './function-types.ts';
import { asNumber, ExpressionError, type Value } from './value.ts';

/** Functions on integers. */
export const numberFunctions: FunctionTable = {
  add: ([a, b]) => asNumber(a) + asNumber(b),
  sub: ([a, b]) => asNumber(a) - asNumber(b),
  mul: ([a, b]) => asNumber(a) * asNumber(b),
  div: ([a, b]) => Math.trunc(asNumber(a) / divisor(b)),
  mod: ([a, b]) => asNumber(a) % divisor(b),
  min: (values) => Math.min(...values.flat().map(asNumber)),
  max: (values) => Math.max(...values.flat().map(asNumber)),
  int: ([value]) => Math.trunc(numberOf(value)),
  float: ([value]) => numberOf(value),
  copyIndex: ([first, second], { loops }) => {
    const name = typeof first === 'string' ? first.toLowerCase() : '';
    const index = loops[name];
    if (index === undefined)
      throw new ExpressionError("The template function 'copyIndex' is not expected at this location.");
    const offset = typeof first === 'number' ? first : (second ?? 0);
    return index + asNumber(offset);
  },
};

function divisor(value: Value | undefined): number {
  const number = asNumber(value);
  if (number === 0) throw new ExpressionError('The template language cannot divide by zero.');
  return number;
}

function numberOf(value: Value | undefined): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  throw new ExpressionError(`Unable to convert '${String(value)}' to a number.`);
}
