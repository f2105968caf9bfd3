import type { ExpressionContext } from './context.ts';
import type { Expression } from './parse.ts';
import type { Value } from './value.ts';

/** A function whose arguments are all evaluated first. */
export type TemplateFunction = (args: readonly Value[], context: ExpressionContext) => Value;

/** Evaluates an argument in a context. */
export type Evaluate = (expression: Expression, context: ExpressionContext) => Value;

/** A function that decides itself which arguments are evaluated. */
export type SpecialFunction = (
  args: readonly Expression[],
  context: ExpressionContext,
  evaluate: Evaluate,
) => Value;

export type FunctionTable = Readonly<Record<string, TemplateFunction>>;
export type SpecialFunctionTable = Readonly<Record<string, SpecialFunction>>;
