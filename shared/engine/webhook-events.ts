import * as z from 'zod';

/**
 * What a source of builds says, in Slipway's words. Everything in it is a hint: before anything is done, the object is
 * read back from the source. Ids are text, whatever the source sends.
 */
export const webhookEvent = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('build-completed'),
    /** Id of the source's own project. */
    sourceProject: z.string(),
    build: z.string(),
    /** Null where the subscription sends a minimal resource. */
    definition: z.string().nullable(),
    branch: z.string().nullable(),
    commit: z.string().nullable(),
    number: z.string().nullable(),
    requestedBy: z.strictObject({ id: z.string(), name: z.string() }).nullable(),
  }),
  z.strictObject({
    type: z.enum(['approval-pending', 'approval-completed']),
    sourceProject: z.string(),
    approval: z.string(),
    /** Pipeline run in which the approval stands, its stage and the attempt of that stage. */
    pipelineRun: z.string(),
    pipelineStage: z.string(),
    attempt: z.string(),
    pipeline: z.string().nullable(),
    environment: z.strictObject({ id: z.string(), name: z.string() }),
    status: z.string(),
  }),
]);

export type WebhookEvent = z.infer<typeof webhookEvent>;

/** What a webhook's body came to. */
export type ReadPayload =
  | { readonly event: WebhookEvent }
  /** Readable, and of no use to Slipway. */
  | { readonly ignored: string }
  /** Not what the source's contract promises: kept for people to look at. */
  | { readonly unreadable: string };
