import { invalidTemplate } from '../errors.ts';
import type { DeploymentScope, ExpressionContext, UserFunction } from '../expressions/context.ts';
import { evaluateDeep, loopItems } from '../expressions/evaluate.ts';
import { isObject, NotYetKnown, type Value, type ValueObject } from '../expressions/value.ts';
import type { Template } from './template.ts';

/** What a context is made of. */
export interface ContextParts {
  template: Template;
  scope: DeploymentScope;
  parameter(name: string): Value;
}

/** The context of a template's expressions before it runs: `reference` and the `list…` functions are not yet known. */
export function createContext({ template, scope, parameter }: ContextParts): ExpressionContext {
  const values = new Map<string, Value>();
  const pending = new Set<string>();
  const context: ExpressionContext = {
    scope,
    parameter,
    variable: (name) => {
      const key = name.toLowerCase();
      const known = values.get(key);
      if (known !== undefined) return known;
      if (pending.has(key)) throw invalidTemplate(`The template variable '${name}' refers to itself`);
      pending.add(key);
      try {
        const value = variableOf(template.variables, name, context);
        values.set(key, value);
        return value;
      } finally {
        pending.delete(key);
      }
    },
    reference: (target) => {
      throw new NotYetKnown(`the state of '${target}'`);
    },
    list: (name, target) => {
      throw new NotYetKnown(`'${name}' of '${target}'`);
    },
    loops: {},
    lambdaVariables: {},
    userFunction: (name) => userFunction(template, name),
  };
  return context;
}

/** Variables may be made by loops: `copy: [{ name, count, input }]`. */
function variableOf(variables: ValueObject, name: string, context: ExpressionContext): Value {
  const same = (one: Value | undefined) =>
    typeof one === 'string' && one.toLowerCase() === name.toLowerCase();
  const key = Object.keys(variables).find(same);
  if (key !== undefined && key !== 'copy') return evaluateDeep(variables[key] ?? null, context);
  const loops = Array.isArray(variables.copy) ? variables.copy.filter(isObject) : [];
  const loop = loops.find((one) => same(one.name));
  if (!loop)
    throw invalidTemplate(
      `The template variable '${name}' is not found. Please see https://aka.ms/arm-syntax/#variables for usage details.`,
    );
  return loopItems(loop, context).map((inner) => evaluateDeep(loop.input ?? null, inner));
}

function userFunction(template: Template, name: string): UserFunction | undefined {
  const [namespace, member] = name.toLowerCase().split('.');
  const found = template.functions.find((one) => one.namespace.toLowerCase() === namespace);
  const entry = Object.entries(found?.members ?? {}).find(([one]) => one.toLowerCase() === member);
  if (!entry) return undefined;
  const [, { parameters, output }] = entry;
  return { parameters: parameters.map((one) => one.name), output: output.value };
}
