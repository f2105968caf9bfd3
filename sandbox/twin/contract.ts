import { z } from 'zod';

/** No query fields, no fields. */
export const nothing = z.strictObject({});

/** A raw body. */
export const bytes = z.instanceof(Uint8Array);

/** No body at all. */
export const noBody = z.undefined();

/**
 * One operation of a service, in our own words, from its public documentation.
 * Objects are `z.strictObject`; where a service takes free fields, `z.looseObject` says so.
 */
export interface Operation<Query extends z.ZodObject = z.ZodObject, Body extends z.ZodType = z.ZodType> {
  /** The name that the service's own documentation uses; the request log counts by it. */
  name: string;
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path template: `{name}` is one segment, `{+name}` is the rest of the path with its slashes. */
  path: string;
  /** Query fields; their values are text. */
  query: Query;
  /** A JSON shape, `bytes` or `noBody`. */
  body: Body;
  /** Status and body of each success: a JSON shape, `bytes`, `noBody`, or `z.string()` for text. */
  responses: Record<number, z.ZodType>;
  /** Statuses of refusals; their body is the service's error shape. 401, 403, 429, 500 and 503 always are. */
  errors: readonly number[];
  /** Also takes the body as multipart/form-data; a file part is read as the base64 text of its bytes. */
  multipart?: boolean;
  /** Needs no token, e.g. because the URL is signed. */
  anonymous?: boolean;
  /** Why the operation, or a field by its path, differs from the published description. */
  deviations?: Record<string, string>;
}

/** A 64-bit integer: a JSON number, or its decimal text. Read as `bigint`. */
export const int64 = z
  .union([z.int(), z.bigint(), z.string().regex(/^-?\d+$/)])
  .transform((value) => BigInt(value));

type Needed = 'name' | 'method' | 'path';
type Description = Pick<Operation, Needed> & Partial<Omit<Operation, 'query' | 'body'>>;

/** Fills in what an operation does not say: no query, no body, status 200 with `{}`, no errors of its own. */
export function operation<Query extends z.ZodObject = typeof nothing, Body extends z.ZodType = typeof noBody>(
  description: Description & { query?: Query; body?: Body },
): Operation<Query, Body>;
export function operation(description: Description & { query?: z.ZodObject; body?: z.ZodType }): Operation {
  return { query: nothing, body: noBody, responses: { 200: nothing }, errors: [], ...description };
}
