import type { FunctionTable, SpecialFunctionTable } from './function-types.ts';
import { asBoolean, ExpressionError, sameValue, type Value } from './value.ts';

/** Comparisons and truth values. */
export const logicFunctions: FunctionTable = {
  bool: ([value]) => truthOf(value),
  coalesce: (values) => values.find((value) => value !== null) ?? null,
  equals: ([a, b]) => sameValue(a, b),
  false: () => false,
  greater: ([a, b]) => compare(a, b) > 0,
  greaterOrEquals: ([a, b]) => compare(a, b) >= 0,
  less: ([a, b]) => compare(a, b) < 0,
  lessOrEquals: ([a, b]) => compare(a, b) <= 0,
  not: ([value]) => !asBoolean(value),
  null: () => null,
  true: () => true,
};

/** Functions that leave out arguments that they do not need. */
export const logicSpecials: SpecialFunctionTable = {
  if: (args, context, evaluate) => {
    const [condition, yes, no] = args;
    if (!condition || !yes || !no || args.length > 3)
      throw new ExpressionError("The template language function 'if' expects three arguments.");
    return evaluate(asBoolean(evaluate(condition, context)) ? yes : no, context);
  },
  and: (args, context, evaluate) => args.every((arg) => asBoolean(evaluate(arg, context))),
  or: (args, context, evaluate) => args.some((arg) => asBoolean(evaluate(arg, context))),
};

function truthOf(value: Value | undefined): boolean {
  if (typeof value === 'string' && /^(true|false)$/i.test(value)) return value.toLowerCase() === 'true';
  if (typeof value === 'number') return value !== 0;
  return asBoolean(value);
}

function compare(a: Value | undefined, b: Value | undefined): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a !== 'string' || typeof b !== 'string')
    throw new ExpressionError('The template language compares two integers or two strings only.');
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
