import { z } from 'zod';
import { Refusal } from './refusal.ts';

/** Tells that a package's own code is in this file. */
export const schema = z.object({ marker: z.literal('only in the heavy file') });

/** What packages with ES module builds ask for. */
export const fileUrl = import.meta.url;

export function refuse(): never {
  throw new Refusal('refused');
}
