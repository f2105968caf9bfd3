import { z } from 'zod';
import { type Spec, type SpecOperation, type SpecSchema, specSchema } from './spec-schema.ts';

const parameter = z.object({
  $ref: z.string().optional(),
  name: z.string().optional(),
  in: z.string().optional(),
  required: z.boolean().optional(),
  schema: specSchema.optional(),
});
type Parameter = z.infer<typeof parameter>;

const swaggerOperation = z.object({
  operationId: z.string(),
  parameters: z.array(parameter).default([]),
  responses: z.record(z.string(), z.object({ schema: specSchema.optional() })),
});

const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete'];
const pathItem = z.record(z.string(), z.unknown());
const swagger = z.object({
  paths: z.record(z.string(), pathItem),
  'x-ms-paths': z.record(z.string(), pathItem).default({}),
  definitions: z.record(z.string(), specSchema).default({}),
  parameters: z.record(z.string(), parameter).default({}),
});

/** How a Swagger 2.0 file is to be read. */
export interface SwaggerOptions {
  /** Azure DevOps declares bare arrays where it sends `{ count, value }`. */
  listsAreWrapped?: boolean;
}

/** Reads a Swagger 2.0 file. */
export function readSwagger(text: string, options: SwaggerOptions = {}): Spec {
  const file = swagger.parse(JSON.parse(text));
  const operations: SpecOperation[] = [];
  for (const [path, item] of Object.entries({ ...file.paths, ...file['x-ms-paths'] })) {
    const shared = z.array(parameter).default([]).parse(item.parameters);
    for (const [method, value] of Object.entries(item)) {
      if (!METHODS.includes(method)) continue;
      const read = swaggerOperation.parse(value);
      const parameters = [...shared, ...read.parameters].map(
        (one) => file.parameters[lastName(one.$ref)] ?? one,
      );
      operations.push({
        ...toOperation({ ...read, parameters }, options),
        method: method.toUpperCase(),
        path,
      });
    }
  }
  return { operations, resolve: (ref) => file.definitions[lastName(ref)] };
}

function toOperation(
  read: z.infer<typeof swaggerOperation>,
  options: SwaggerOptions,
): Omit<SpecOperation, 'method' | 'path'> {
  const responses = Object.entries(read.responses).map(([status, { schema }]) => [
    status,
    listOf(schema, options),
  ]);
  return {
    name: read.operationId,
    query: Object.fromEntries(
      read.parameters.filter(isQuery).map((one) => [one.name ?? '', one.required ?? false]),
    ),
    body: read.parameters.find((one) => one.in === 'body')?.schema,
    responses: Object.fromEntries(responses),
  };
}

function listOf(schema: SpecSchema | undefined, { listsAreWrapped }: SwaggerOptions): SpecSchema | undefined {
  if (!listsAreWrapped || !schema?.items) return schema;
  return { properties: { count: {}, value: schema } };
}

function isQuery(one: Parameter): boolean {
  return one.in === 'query';
}

function lastName(ref: string | undefined): string {
  return ref?.split('/').at(-1) ?? '';
}
