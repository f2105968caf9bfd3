import * as z from 'zod';
import type { Instant } from '../release/model.ts';

/** Ids are numbers in most answers and text in some. */
export const id = z.union([z.string().min(1), z.number().int().transform(String)]);

/** What every list looks like. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.object({ value: z.array(item) });
}

export const build = z.object({
  id,
  buildNumber: z.string(),
  status: z.string(),
  result: z.string().optional(),
  definition: z.object({ id }),
  sourceBranch: z.string(),
  sourceVersion: z.string(),
  project: z.object({ id: z.string() }).nullish(),
});

export const artifact = z.object({
  name: z.string(),
  resource: z.object({ type: z.string(), properties: z.record(z.string(), z.string()).nullish() }),
});

export const signedArtifact = z.object({ signedContent: z.object({ url: z.string() }).nullish() });

export const variableGroup = z.object({
  name: z.string(),
  type: z.string().optional(),
  variables: z.record(
    z.string(),
    z.object({ value: z.string().nullish(), isSecret: z.boolean().nullish() }).nullable(),
  ),
  providerData: z.object({ vault: z.string() }).nullish(),
});

const identity = z.object({
  id: z.string(),
  displayName: z.string().nullish(),
  uniqueName: z.string().nullish(),
});

export const approval = z.object({
  id: z.string(),
  status: z.string(),
  createdOn: z.string(),
  steps: z
    .array(
      z.object({
        status: z.string(),
        actualApprover: identity.nullish(),
        comment: z.string().nullish(),
        lastModifiedOn: z.string().nullish(),
      }),
    )
    .nullish(),
});

export const timeline = z.object({
  records: z.array(
    z.object({
      id: z.string(),
      parentId: z.string().nullish(),
      type: z.string(),
      name: z.string().nullish(),
      identifier: z.string().nullish(),
      attempt: z.number().nullish(),
    }),
  ),
});

export type TimelineRecord = z.infer<typeof timeline>['records'][number];

export const run = z.object({
  id,
  name: z.string(),
  state: z.string(),
  result: z.string().nullish(),
  createdDate: z.string().nullish(),
  pipeline: z.object({ id }),
  templateParameters: z.record(z.string(), z.unknown()).nullish(),
  resources: z
    .object({
      pipelines: z
        .record(z.string(), z.object({ pipeline: z.object({ id }), version: z.string().nullish() }))
        .nullish(),
    })
    .nullish(),
});

export const environment = z.object({ id, name: z.string() });

/** An instant; null for the date that stands for none. */
export function instantOf(text: string | null | undefined): Instant | null {
  if (text == null || text.startsWith('0001-')) return null;
  const time = Date.parse(text);
  return Number.isNaN(time) ? null : time;
}
