import { z } from 'zod';

/** Paths of organisation-wide and of project-wide operations start so. */
export const ORGANIZATION = '/{organization}/_apis';
export const PROJECT = '/{organization}/{project}/_apis';

/** `7.1`, or a preview of it or of its successor, e.g. `7.2-preview.2`. */
const apiVersion = z.string().regex(/^7\.[12](-preview(\.\d+)?)?$/, 'unsupported api-version');

/** Query fields of an operation; every operation needs an `api-version`. */
export function versioned<Fields extends z.ZodRawShape>(fields: Fields) {
  return z.strictObject({ 'api-version': apiVersion, ...fields });
}

/** The query of an operation that takes nothing but its version. */
export const versionOnly = versioned({});

export const text = z.string().optional();

/** A whole number in a query string. */
export const count = z
  .string()
  .regex(/^\d+$/)
  .transform((digits) => Number(digits))
  .optional();

/** A boolean in a query string. */
export const flag = z
  .enum(['true', 'false', 'True', 'False'])
  .transform((word) => word.toLowerCase() === 'true')
  .optional();

/** Values parted by commas in a query string. */
export const csv = z
  .string()
  .transform((line) => line.split(',').filter((item) => item !== ''))
  .optional();

/** A list as it is on the wire. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.strictObject({ count: z.int(), value: z.array(item) });
}

export const links = z.record(z.string(), z.strictObject({ href: z.string() }));

/** A person or a group. */
export const identity = z.strictObject({
  displayName: z.string(),
  url: z.string(),
  _links: links,
  id: z.string(),
  uniqueName: z.string(),
  imageUrl: z.string(),
  descriptor: z.string(),
  isContainer: z.boolean().optional(),
});

/** A person or a group as a request names it: by its id. */
export const identityGiven = z.looseObject({ id: z.string().optional() });

export const projectReference = z.strictObject({
  id: z.string(),
  name: z.string(),
  state: z.literal('wellFormed'),
  visibility: z.literal('private'),
});

/** Every error body; clients key on `typeKey`. */
export const errorBody = z.strictObject({
  $id: z.literal('1'),
  innerException: z.null(),
  message: z.string(),
  typeName: z.string(),
  typeKey: z.string(),
  errorCode: z.int(),
  eventId: z.int(),
});
