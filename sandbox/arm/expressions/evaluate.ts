import type { ExpressionContext, UserFunction } from './context.ts';
import { functionTable } from './function-table.ts';
import { type Expression, isExpression, parseExpression, plainText } from './parse.ts';
import {
  asNumber,
  asText,
  ExpressionError,
  isObject,
  memberOf,
  type Value,
  type ValueObject,
} from './value.ts';

/** The value of a text of a template: an expression is evaluated, any other text stands for itself. */
export function evaluateText(text: string, context: ExpressionContext): Value {
  return isExpression(text) ? evaluate(parseExpression(text), context) : plainText(text);
}

/**
 * The value of a part of a template, with every expression below it evaluated and property loops (`copy`) expanded.
 * `fallback` says what stands for an expression that throws; without it, the error goes on.
 */
export function evaluateDeep(
  value: Value,
  context: ExpressionContext,
  fallback?: (text: string, error: unknown) => Value,
): Value {
  if (typeof value === 'string')
    return fallback ? guarded(value, context, fallback) : evaluateText(value, context);
  if (Array.isArray(value)) return value.map((item) => evaluateDeep(item, context, fallback));
  if (!isObject(value)) return value;
  const result: ValueObject = {};
  for (const [name, item] of Object.entries(value)) {
    if (name === 'copy' && Array.isArray(item)) Object.assign(result, propertyLoops(item, context, fallback));
    else result[asText(evaluateText(name, context))] = evaluateDeep(item, context, fallback);
  }
  return result;
}

type Fallback = (text: string, error: unknown) => Value;

function guarded(text: string, context: ExpressionContext, fallback: Fallback): Value {
  try {
    return evaluateText(text, context);
  } catch (error) {
    return fallback(text, error);
  }
}

function propertyLoops(
  loops: readonly Value[],
  context: ExpressionContext,
  fallback?: Fallback,
): ValueObject {
  const result: ValueObject = {};
  for (const loop of loops) {
    if (!isObject(loop)) throw new ExpressionError('A property loop must be an object.');
    const name = asText(loop.name, 'the name of a loop');
    result[name] = loopItems(loop, context).map((inner) => evaluateDeep(loop.input ?? null, inner, fallback));
  }
  return result;
}

/** The contexts of the rounds of a loop `{ name, count }`. */
export function loopItems(loop: ValueObject, context: ExpressionContext): ExpressionContext[] {
  const count = asNumber(evaluateDeep(loop.count ?? null, context));
  const name = asText(loop.name ?? '', 'the name of a loop');
  return Array.from({ length: count }, (_item, index) => ({
    ...context,
    loops: { ...context.loops, '': index, [name.toLowerCase()]: index },
  }));
}

/** Evaluates an expression; throws `ExpressionError` or `NotYetKnown`. */
export function evaluate(expression: Expression, context: ExpressionContext): Value {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'member':
      return readMember(expression, context);
    case 'call':
      return call(expression, context);
  }
}

function readMember(
  { of, name, safe }: Extract<Expression, { kind: 'member' }>,
  context: ExpressionContext,
): Value {
  const owner = evaluate(of, context);
  const key = evaluate(name, context);
  const found = pick(owner, key);
  if (found !== undefined) return found;
  if (safe) return null;
  const available = isObject(owner) ? ` Available properties are '${Object.keys(owner).join(', ')}'.` : '';
  throw new ExpressionError(
    `The language expression property '${String(key)}' doesn't exist or can't be evaluated.${available}`,
  );
}

/** The member of an object, or the item of an array. */
export function pick(owner: Value, key: Value): Value | undefined {
  if (Array.isArray(owner)) return typeof key === 'number' ? owner[key] : undefined;
  return isObject(owner) && typeof key === 'string' ? memberOf(owner, key) : undefined;
}

function call({ name, args }: Extract<Expression, { kind: 'call' }>, context: ExpressionContext): Value {
  const own = name.includes('.') ? context.userFunction(name) : undefined;
  if (own)
    return callOwn(
      own,
      args.map((arg) => evaluate(arg, context)),
      context,
    );
  const known = functionTable(name);
  if (!known)
    throw new ExpressionError(
      `The template function '${name}' is not valid. Please see https://aka.ms/arm-functions for usage details.`,
    );
  if (known.kind === 'special') return known.apply(args, context, evaluate);
  return known.apply(
    args.map((arg) => evaluate(arg, context)),
    context,
  );
}

/** A function of the template sees its own parameters and nothing else. */
function callOwn(
  { parameters, output }: UserFunction,
  args: readonly Value[],
  context: ExpressionContext,
): Value {
  const parameter = (name: string) => {
    const index = parameters.findIndex((one) => one.toLowerCase() === name.toLowerCase());
    const value = args[index];
    if (value === undefined) throw new ExpressionError(`The function has no parameter '${name}'.`);
    return value;
  };
  return evaluateDeep(output, { ...context, parameter });
}
