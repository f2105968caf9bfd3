import { z } from 'zod';

/** A boolean in a query string. */
export const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

/** A whole number in a query string. */
export const count = z
  .string()
  .regex(/^\d+$/)
  .transform((text) => Number(text));

/** A 64-bit id in a query string. */
export const idText = z
  .string()
  .regex(/^-?\d+$/)
  .transform((text) => BigInt(text));

/** Free keys with text values. */
export const textMap = z.record(z.string(), z.string());

/** A field that a twin keeps and echoes without looking at it. */
export const echoed = z.unknown().optional();

/** Query fields of a list with pages. */
export const paging = { max_results: count.optional(), page_token: z.string().optional() };

/** Every error body: the standard one. Details name a machine-readable reason where there is one. */
export const errorBody = z.strictObject({
  error_code: z.string(),
  message: z.string(),
  details: z
    .array(
      z.strictObject({
        '@type': z.string(),
        reason: z.string(),
        domain: z.string(),
        metadata: textMap.optional(),
      }),
    )
    .optional(),
});
