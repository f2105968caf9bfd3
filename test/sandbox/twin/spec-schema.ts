import { z } from 'zod';

/** A schema of a specification file, as far as the comparison reads it. */
export interface SpecSchema {
  $ref?: string | undefined;
  properties?: Record<string, SpecSchema> | undefined;
  required?: string[] | undefined;
  items?: SpecSchema | undefined;
  allOf?: SpecSchema[] | undefined;
  enum?: unknown[] | undefined;
  type?: string | undefined;
}

/** One operation of a specification file. */
export interface SpecOperation {
  name: string;
  method: string;
  path: string;
  /** Query fields; the value says whether one is required. */
  query: Record<string, boolean>;
  body?: SpecSchema | undefined;
  /** Schemas by status; `default` stands for every status that is not named. */
  responses: Record<string, SpecSchema | undefined>;
}

/** A specification file: its operations, and a way to follow a reference. */
export interface Spec {
  operations: SpecOperation[];
  resolve(ref: string): SpecSchema | undefined;
}

/** The fields of a schema with those of everything it refers to; `undefined` when it declares none. */
export function fieldsOf(
  spec: Spec,
  schema: SpecSchema,
): Map<string, { required: boolean; schema: SpecSchema }> | undefined {
  const parts = partsOf(spec, schema);
  const required = new Set(parts.flatMap((part) => part.required ?? []));
  const fields = parts.flatMap((part) => Object.entries(part.properties ?? {}));
  if (fields.length === 0) return undefined;
  return new Map(fields.map(([name, field]) => [name, { required: required.has(name), schema: field }]));
}

/** The schema of the items of an array. */
export function itemsOf(spec: Spec, schema: SpecSchema): SpecSchema | undefined {
  return partsOf(spec, schema).find((part) => part.items)?.items;
}

/** The values that a schema allows; `undefined` when it does not list them. */
export function valuesOf(spec: Spec, schema: SpecSchema): readonly unknown[] | undefined {
  return partsOf(spec, schema).find((part) => part.enum)?.enum;
}

/** The JSON type of a schema; `undefined` when it does not say. */
export function typeOf(spec: Spec, schema: SpecSchema): string | undefined {
  const type = partsOf(spec, schema).find((part) => part.type)?.type;
  return type === 'integer' ? 'number' : type;
}

function partsOf(spec: Spec, schema: SpecSchema): SpecSchema[] {
  const referred = schema.$ref === undefined ? undefined : spec.resolve(schema.$ref);
  const parts = [...(referred ? [referred] : []), ...(schema.allOf ?? [])];
  return [schema, ...parts.flatMap((part) => partsOf(spec, part))];
}

/** Reads a schema out of a specification file; what the comparison does not need is left out. */
export const specSchema: z.ZodType<SpecSchema> = z.lazy(() =>
  z.object({
    $ref: z.string().optional(),
    properties: z.record(z.string(), specSchema).optional(),
    required: z.array(z.string()).optional().catch(undefined),
    items: specSchema.optional(),
    allOf: z.array(specSchema).optional(),
    enum: z.array(z.unknown()).optional().catch(undefined),
    type: z.string().optional().catch(undefined),
  }),
);
