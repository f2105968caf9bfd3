import { z } from 'zod';
import type { Operation } from '../../../sandbox/twin/contract.ts';
import {
  fieldsOf,
  itemsOf,
  type Spec,
  type SpecOperation,
  type SpecSchema,
  typeOf,
  valuesOf,
} from './spec-schema.ts';

/** One shape of ours next to the schema it stands for. */
interface Pair {
  spec: Spec;
  schema: SpecSchema;
  shape: z.ZodType;
  at: string;
  /** Requests must not ask for more than the service does; responses must not promise less. */
  direction: 'request' | 'response';
}

/** What the table says otherwise than the specification, as one line each; deviations that the table explains are left out. */
export function differences(operations: readonly Operation[], specs: readonly Spec[]): string[] {
  return operations.flatMap((operation) => {
    const explained = Object.keys(operation.deviations ?? {});
    const found = specs.flatMap((spec) =>
      spec.operations.filter(sameAs(operation)).map((its) => ({ spec, its })),
    )[0];
    const lines = found ? compare(operation, found.spec, found.its) : ['operation: not in the specification'];
    return lines
      .filter((line) => !explained.some((at) => line.startsWith(`${at}:`)))
      .map((line) => `${operation.name}: ${line}`);
  });
}

function sameAs(operation: Operation) {
  return (its: SpecOperation) =>
    its.method === operation.method && templateOf(its.path) === templateOf(operation.path);
}

function templateOf(path: string): string {
  return path
    .replace(/\{\?[^}]*\}/g, '')
    .replace(/\{[^}]*\}/g, '{}')
    .replace(/^([^/{])/, '/$1')
    .toLowerCase();
}

function compare(operation: Operation, spec: Spec, its: SpecOperation): string[] {
  return [
    ...compareQuery(operation, its),
    ...(its.body
      ? compareShape({ spec, schema: its.body, shape: operation.body, at: 'body', direction: 'request' })
      : []),
    ...Object.entries(operation.responses).flatMap(([status, shape]) =>
      compareResponse({ status, shape, spec, its }),
    ),
  ];
}

function compareQuery(operation: Operation, its: SpecOperation): string[] {
  const ours = operation.query.shape;
  const unknown = Object.keys(ours).filter((name) => !(name in its.query));
  const required = Object.keys(its.query).filter((name) => its.query[name]);
  const lax = required.filter((name) => ours[name] === undefined || isOptional(ours[name]));
  return [
    ...unknown.map((name) => `query.${name}: not in the specification`),
    ...lax.map((name) => `query.${name}: required by the specification`),
  ];
}

interface Response {
  status: string;
  shape: z.ZodType;
  spec: Spec;
  its: SpecOperation;
}

function compareResponse({ status, shape, spec, its }: Response): string[] {
  const at = `response.${status}`;
  if (!(status in its.responses) && !('default' in its.responses)) return [`${at}: not in the specification`];
  const schema = its.responses[status] ?? its.responses.default;
  return schema ? compareShape({ spec, schema, shape, at, direction: 'response' }) : [];
}

function compareShape(pair: Pair): string[] {
  const shape = unwrap(pair.shape);
  const otherType = compareType(pair, shape);
  if (otherType.length > 0) return otherType;
  if (shape instanceof z.ZodEnum) return compareValues(pair, shape.options);
  if (shape instanceof z.ZodLiteral) return compareValues(pair, [...shape.values]);
  const items = itemsOf(pair.spec, pair.schema);
  if (shape instanceof z.ZodArray && items) return compareItems({ ...pair, schema: items }, shape);
  const fields = fieldsOf(pair.spec, pair.schema);
  if (!(shape instanceof z.ZodObject) || !fields) return [];
  const ours = Object.entries<z.ZodType>(shape.shape);
  const lax = [...fields].filter(([name, { required }]) => required && isOptional(shape.shape[name]));
  return [
    ...lax.map(([name]) => `${pair.at}.${name}: required by the specification`),
    ...ours.flatMap(([name, field]) => {
      const at = `${pair.at}.${name}`;
      const its = fields.get(name);
      if (!its) return [`${at}: not in the specification`];
      const strict = pair.direction === 'request' && !its.required && !isOptional(field);
      const below = compareShape({ ...pair, schema: its.schema, shape: field, at });
      return strict ? [`${at}: optional in the specification`, ...below] : below;
    }),
  ];
}

function compareType({ spec, schema, at }: Pair, shape: z.ZodType): string[] {
  const [ours, theirs] = [typeOfShape(shape), typeOf(spec, schema)];
  if (ours === undefined || theirs === undefined || ours === theirs) return [];
  return [`${at}: ${ours}, but ${theirs} in the specification`];
}

/** Ours may be fewer: a twin need not know them all. */
function compareValues({ spec, schema, at }: Pair, ours: readonly unknown[]): string[] {
  const known = valuesOf(spec, schema);
  if (known === undefined) return [];
  const unknown = ours.filter((value) => !known.includes(value));
  return unknown.map((value) => `${at}: ${JSON.stringify(value)} is not in the specification`);
}

function compareItems(pair: Pair, shape: z.ZodArray): string[] {
  const { element } = shape;
  return element instanceof z.ZodType ? compareShape({ ...pair, shape: element }) : [];
}

function isOptional(shape: unknown): boolean {
  return !(shape instanceof z.ZodType) || shape.safeParse(undefined).success;
}

/** The JSON type of a shape; `undefined` when it takes several, or anything. */
function typeOfShape(shape: z.ZodType): string | undefined {
  if (shape instanceof z.ZodString || shape instanceof z.ZodEnum) return 'string';
  if (shape instanceof z.ZodNumber) return 'number';
  if (shape instanceof z.ZodBoolean) return 'boolean';
  if (shape instanceof z.ZodArray) return 'array';
  return shape instanceof z.ZodObject || shape instanceof z.ZodRecord ? 'object' : undefined;
}

/** The shape below optional, nullable, default and transform. */
function unwrap(shape: z.ZodType): z.ZodType {
  if (shape instanceof z.ZodOptional || shape instanceof z.ZodNullable || shape instanceof z.ZodDefault) {
    const inner = shape.unwrap();
    return inner instanceof z.ZodType ? unwrap(inner) : shape;
  }
  if (shape instanceof z.ZodPipe && shape.in instanceof z.ZodType) return unwrap(shape.in);
  return shape;
}
