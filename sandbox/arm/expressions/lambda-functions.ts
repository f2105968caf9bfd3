import type { ExpressionContext } from './context.ts';
import type { Evaluate, SpecialFunction, SpecialFunctionTable } from './function-types.ts';
import type { Expression } from './parse.ts';
import {
  asArray,
  asBoolean,
  asObject,
  asText,
  ExpressionError,
  type Value,
  type ValueObject,
} from './value.ts';

type Apply = (...values: Value[]) => Value;

/** Functions that take a `lambda`, and the variables of one. */
export const lambdaFunctions: SpecialFunctionTable = {
  filter: (args, context, evaluate) => {
    const { items, apply } = read(args, context, evaluate);
    return items.filter((item, index) => asBoolean(apply(item, index)));
  },
  map: (args, context, evaluate) => {
    const { items, apply } = read(args, context, evaluate);
    return items.map((item, index) => apply(item, index));
  },
  mapValues: ([object, lambda], context, evaluate) => {
    const apply = lambdaOf(lambda, context, evaluate);
    const entries = Object.entries(asObject(evaluated(object, context, evaluate)));
    return Object.fromEntries(entries.map(([name, value]) => [name, apply(value)]));
  },
  reduce: ([list, start, lambda], context, evaluate) => {
    const apply = lambdaOf(lambda, context, evaluate);
    const first = evaluated(start, context, evaluate);
    const items = asArray(evaluated(list, context, evaluate));
    return items.reduce((sum, item, index) => apply(sum, item, index), first);
  },
  sort: (args, context, evaluate) => {
    const { items, apply } = read(args, context, evaluate);
    return [...items].sort((a, b) => (asBoolean(apply(a, b)) ? -1 : 1));
  },
  toObject: ([list, keyLambda, valueLambda], context, evaluate) => {
    const key = lambdaOf(keyLambda, context, evaluate);
    const value: Apply = valueLambda ? lambdaOf(valueLambda, context, evaluate) : (item = null) => item;
    const result: ValueObject = {};
    for (const item of asArray(evaluated(list, context, evaluate))) result[asText(key(item))] = value(item);
    return result;
  },
  lambdaVariables: ([name], context, evaluate) => {
    const value = context.lambdaVariables[asText(evaluated(name, context, evaluate)).toLowerCase()];
    if (value === undefined) throw new ExpressionError('The lambda variable is not defined.');
    return value;
  },
};

type Arguments = Parameters<SpecialFunction>;

function read(...[[list, lambda], context, evaluate]: Arguments): { items: Value[]; apply: Apply } {
  return {
    items: asArray(evaluated(list, context, evaluate)),
    apply: lambdaOf(lambda, context, evaluate),
  };
}

function evaluated(
  expression: Expression | undefined,
  context: ExpressionContext,
  evaluate: Evaluate,
): Value {
  if (!expression) throw new ExpressionError('The template language function expects more arguments.');
  return evaluate(expression, context);
}

/** `lambda('a', 'b', body)`: what it is given becomes the variables of its body. */
function lambdaOf(expression: Expression | undefined, context: ExpressionContext, evaluate: Evaluate): Apply {
  const body = expression?.kind === 'call' ? expression.args.at(-1) : undefined;
  if (expression?.kind !== 'call' || expression.name.toLowerCase() !== 'lambda' || !body)
    throw new ExpressionError('The template language function expects a lambda.');
  const names = expression.args.slice(0, -1).map((arg) => asText(evaluate(arg, context)).toLowerCase());
  return (...values) => {
    const given = Object.fromEntries(names.map((name, index) => [name, values[index] ?? null]));
    return evaluate(body, { ...context, lambdaVariables: { ...context.lambdaVariables, ...given } });
  };
}
