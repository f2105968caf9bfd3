import { z } from 'zod';
import { type Spec, type SpecOperation, type SpecSchema, specSchema } from './spec-schema.ts';

/** Files that were derived from an official SDK: a list of operations and named schemas. */
const requiredField = z.object({ required: z.boolean() });
const list = z.object({ list_item_or_wrapper: z.string(), keys_read: z.array(z.string()) });
const reference = z.object({ $ref: z.string() });
const sdkOperation = z.object({
  operation: z.string(),
  method: z.string(),
  path: z.string(),
  query: z.record(z.string(), requiredField).default({}),
  body: z.record(z.string(), z.unknown()).optional(),
  response: z.unknown().optional(),
});
const sdkFile = z.object({ operations: z.array(sdkOperation), schemas: z.record(z.string(), specSchema) });

/**
 * Reads a file of the Databricks kind. A reference is the name of a schema in the same file, or `other.Name`
 * for one in the file that `open('other')` gives.
 */
export function readSdkSpec(text: string, open: (name: string) => string = () => EMPTY): Spec {
  const file = sdkFile.parse(JSON.parse(text));
  const others = new Map<string, z.infer<typeof sdkFile>>();
  const fileOf = (name: string) => {
    const found = others.get(name) ?? sdkFile.parse(JSON.parse(open(name)));
    others.set(name, found);
    return found;
  };
  return {
    operations: file.operations.map(toOperation),
    resolve: (ref) => {
      const [first = '', second] = ref.split('.');
      return second === undefined ? file.schemas[first] : fileOf(first).schemas[second];
    },
  };
}

const EMPTY = '{"operations":[],"schemas":{}}';

function toOperation(read: z.infer<typeof sdkOperation>): SpecOperation {
  return {
    name: read.operation,
    method: read.method,
    path: read.path,
    query: Object.fromEntries(Object.entries(read.query).map(([name, { required }]) => [name, required])),
    body: read.body && bodySchema(read.body),
    responses: { default: responseSchema(read.response) },
  };
}

/** A body is a map of fields, each of which says for itself whether it is required. */
function bodySchema(body: Record<string, unknown>): SpecSchema {
  const required = Object.entries(body).filter(([, value]) => requiredField.safeParse(value).data?.required);
  const properties = Object.entries(body).map(([name, value]) => [name, withoutFlag(value)]);
  return { properties: Object.fromEntries(properties), required: required.map(([name]) => name) };
}

function withoutFlag(value: unknown): SpecSchema {
  return specSchema.parse({ ...z.record(z.string(), z.unknown()).parse(value), required: undefined });
}

function responseSchema(response: unknown): SpecSchema | undefined {
  const asReference = reference.safeParse(response);
  if (asReference.success) return asReference.data;
  const asList = list.safeParse(response);
  if (!asList.success) return undefined;
  const item = { $ref: asList.data.list_item_or_wrapper };
  if (asList.data.keys_read.length === 0) return item;
  const keys = asList.data.keys_read.map((key) => [key, key.startsWith('next_page') ? {} : { items: item }]);
  return { properties: Object.fromEntries(keys) };
}
