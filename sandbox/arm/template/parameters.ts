import { invalidTemplate } from '../errors.ts';
import type { ExpressionContext } from '../expressions/context.ts';
import { evaluateDeep } from '../expressions/evaluate.ts';
import { isObject, NotYetKnown, sameValue, type Value } from '../expressions/value.ts';
import type { ResolvedParameter } from '../state.ts';
import { type ParameterDefinition, type Template, typeOf } from './template.ts';

/** A value given for a parameter; `unknown` marks one that only the running deployment knows. */
export type SuppliedParameter = { value: Value } | { unknown: true };

/** Parameters by their names, whose case does not count. */
export type SuppliedParameters = Readonly<Record<string, SuppliedParameter>>;

/** The parameters of a deployment; one that is not yet known has no value. */
export interface ResolvedParameters {
  known: Record<string, ResolvedParameter>;
  unknown: string[];
}

const HELP = 'Please see https://aka.ms/arm-pass-parameter-values for usage details.';

/**
 * Gives every parameter its value: the supplied one or its default, checked against type and limits.
 * Throws `DeploymentProblem` for a parameter that the template does not have, a missing one, and a wrong value.
 */
export function resolveParameters(
  template: Template,
  supplied: SuppliedParameters,
  context: (parameter: (name: string) => Value) => ExpressionContext,
): ResolvedParameters {
  refuseSurplus(template, supplied);
  const resolved: ResolvedParameters = { known: {}, unknown: [] };
  const values = createValues(template, supplied, context);
  for (const [name, definition] of Object.entries(template.parameters)) {
    try {
      resolved.known[name] = checked(template, { name, definition, value: values(name) });
    } catch (error) {
      if (!(error instanceof NotYetKnown)) throw error;
      resolved.unknown.push(name);
    }
  }
  return resolved;
}

/** Values by name, each made once: a default may refer to other parameters, and may be different each time. */
function createValues(
  template: Template,
  supplied: SuppliedParameters,
  context: (parameter: (name: string) => Value) => ExpressionContext,
): (name: string) => Value {
  const values = new Map<string, Value>();
  const pending = new Set<string>();
  const valueOfParameter = (asked: string): Value => {
    const name = nameIn(template, asked);
    const known = values.get(name);
    if (known !== undefined) return known;
    const definition = template.parameters[name];
    if (!definition) throw invalidTemplate(`The template parameter '${asked}' is not found. ${HELP}`);
    if (pending.has(name)) throw invalidTemplate(`The template parameter '${name}' refers to itself`);
    pending.add(name);
    const defaults = () => evaluateDeep(definition.defaultValue ?? null, context(valueOfParameter));
    const value = givenOrDefault({ name, definition, supplied, defaults });
    values.set(name, value);
    return value;
  };
  return valueOfParameter;
}

function refuseSurplus(template: Template, supplied: SuppliedParameters): void {
  const known = Object.keys(template.parameters);
  const surplus = Object.keys(supplied).filter((name) => !known.some((one) => same(one, name)));
  if (surplus.length > 0)
    throw invalidTemplate(
      `The template parameters '${surplus.join(', ')}' in the parameters file are not valid; they are not present in the original template and can therefore not be provided at deployment time. The only supported parameters for this template are '${known.join(', ')}'. ${HELP}`,
    );
}

function nameIn(template: Template, asked: string): string {
  return Object.keys(template.parameters).find((name) => same(name, asked)) ?? asked;
}

function suppliedFor(supplied: SuppliedParameters, name: string): SuppliedParameter | undefined {
  return Object.entries(supplied).find(([one]) => same(one, name))?.[1];
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

interface Asked {
  name: string;
  definition: ParameterDefinition;
  supplied: SuppliedParameters;
  defaults: () => Value;
}

function givenOrDefault({ name, definition, supplied, defaults }: Asked): Value {
  const given = suppliedFor(supplied, name);
  if (given && 'unknown' in given) throw new NotYetKnown(`the parameter '${name}'`);
  if (given && given.value !== null) return given.value;
  if (definition.defaultValue !== undefined) return defaults();
  if (definition.nullable) return null;
  throw invalidTemplate(
    `The value for the template parameter '${name}' at line '1' and column '1' is not provided. Please see https://aka.ms/arm-create-parameter-file for usage details.`,
    `properties.template.parameters.${name}`,
  );
}

interface Given {
  name: string;
  definition: ParameterDefinition;
  value: Value;
}

function checked(template: Template, given: Given): ResolvedParameter {
  const type = typeOf(template, given.definition);
  const why = given.value === null && given.definition.nullable ? undefined : problemOf(type, given);
  if (why !== undefined)
    throw invalidTemplate(
      `The provided value for the template parameter '${given.name}' is not valid. ${why} ${HELP}`,
      `properties.template.parameters.${given.name}`,
    );
  return { type, value: given.value };
}

function problemOf(type: string, { definition, value }: Given): string | undefined {
  if (!hasType(type, value)) return `Expected a value of type '${type}', but received '${typeof value}'.`;
  const { allowedValues, minLength, maxLength, minValue, maxValue } = definition;
  const allowed = allowedValues && (Array.isArray(value) && type === 'Array' ? value : [value]);
  if (allowed?.some((one) => !allowedValues?.some((other) => sameValue(one, other))))
    return `The value '${String(value)}' is not part of the allowed value(s): '${allowedValues?.join(',')}'.`;
  if (typeof value === 'number') return rangeProblem('The value', value, { min: minValue, max: maxValue });
  if (typeof value === 'string' || Array.isArray(value))
    return rangeProblem('Length of the value', value.length, { min: minLength, max: maxLength });
  return undefined;
}

function rangeProblem(
  what: string,
  size: number,
  { min, max }: { min: number | undefined; max: number | undefined },
): string | undefined {
  if (min !== undefined && size < min) return `${what} should be greater than or equal to '${min}'.`;
  return max !== undefined && size > max ? `${what} should be less than or equal to '${max}'.` : undefined;
}

function hasType(type: string, value: Value): boolean {
  switch (type) {
    case 'Int':
      return Number.isInteger(value);
    case 'Bool':
      return typeof value === 'boolean';
    case 'Array':
      return Array.isArray(value);
    case 'Object':
    case 'SecureObject':
      return isObject(value);
    default:
      return typeof value === 'string';
  }
}
