import { z } from 'zod';
import { invalidTemplate } from '../errors.ts';
import { asObject, type Value, type ValueObject, valueShape } from '../expressions/value.ts';

const object = z.record(z.string(), valueShape);

const parameter = z.looseObject({
  type: z.string().optional(),
  $ref: z.string().optional(),
  defaultValue: valueShape.optional(),
  allowedValues: z.array(valueShape).optional(),
  minValue: z.number().optional(),
  maxValue: z.number().optional(),
  minLength: z.number().optional(),
  maxLength: z.number().optional(),
  nullable: z.boolean().optional(),
});
export type ParameterDefinition = z.infer<typeof parameter>;

const output = z.looseObject({
  type: z.string().optional(),
  $ref: z.string().optional(),
  value: valueShape.optional(),
  condition: valueShape.optional(),
  copy: object.optional(),
});
export type OutputDefinition = z.infer<typeof output>;

const userFunctions = z.array(
  z.looseObject({
    namespace: z.string(),
    members: z.record(
      z.string(),
      z.looseObject({
        parameters: z.array(z.looseObject({ name: z.string() })).default([]),
        output: z.looseObject({ value: valueShape }),
      }),
    ),
  }),
);

const shape = z.looseObject({
  $schema: z.string(),
  contentVersion: z.string(),
  parameters: z.record(z.string(), parameter).default({}),
  variables: object.default({}),
  functions: userFunctions.default([]),
  definitions: z.record(z.string(), parameter).default({}),
  resources: z.union([z.array(object), z.record(z.string(), object)]),
  outputs: z.record(z.string(), output).default({}),
});

/** A deployment template. */
export type Template = z.infer<typeof shape>;

const read = new WeakMap<object, Template>();

/** Reads a template; throws `DeploymentProblem` when it is none. The same object is read only once. */
export function readTemplate(value: ValueObject): Template {
  const known = read.get(value);
  if (known) return known;
  const result = shape.safeParse(value);
  if (!result.success) {
    const issue = result.error.issues[0];
    const at = issue?.path.map(String).join('.');
    throw invalidTemplate(
      `Template parse failed: '${issue?.message}'. Path '${at}'`,
      `properties.template.${at}`,
    );
  }
  read.set(value, result.data);
  return result.data;
}

/** Resources with their symbolic names, where the template gives them names. */
export function resourcesOf(template: Template): { symbol?: string; definition: ValueObject }[] {
  if (Array.isArray(template.resources)) return template.resources.map((definition) => ({ definition }));
  return Object.entries(template.resources).map(([symbol, definition]) => ({ symbol, definition }));
}

/** The type of a parameter or output in the words of answers, e.g. `SecureString`; follows a reference to a definition. */
export function typeOf(
  template: Template,
  { type, $ref }: { type?: string | undefined; $ref?: string | undefined },
): string {
  const referred = $ref === undefined ? undefined : template.definitions[$ref.split('/').at(-1) ?? ''];
  const name = (referred ? typeOf(template, referred) : (type ?? 'object')).toLowerCase();
  const known = ['String', 'Int', 'Bool', 'Object', 'Array', 'SecureString', 'SecureObject'];
  const found = known.find((one) => one.toLowerCase() === name);
  if (!found) throw invalidTemplate(`The template language type '${name}' is not valid`);
  return found;
}

/** A member of a definition that must be an object. */
export function objectMember(definition: ValueObject, name: string): ValueObject {
  const value: Value = definition[name] ?? {};
  return asObject(value, `'${name}'`);
}
