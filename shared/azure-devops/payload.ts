import { parse } from 'lossless-json';
import * as z from 'zod';
import type { ReadPayload } from '../engine/webhook-events.ts';
import { redact } from '../errors.ts';

/** Ids come as numbers or as text, and may be larger than a JavaScript number can hold. */
const id = z.union([z.string().min(1), z.number().int().transform(String)]);

const identity = z.object({
  id: z.string(),
  displayName: z.string().optional(),
  uniqueName: z.string().optional(),
});

const envelope = z.object({
  id: z.string().min(1),
  eventType: z.string().min(1),
  publisherId: z.string(),
  resource: z.unknown(),
  resourceVersion: z.string().nullish(),
  resourceContainers: z.object({
    account: z.object({ id: z.string() }).optional(),
    project: z.object({ id: z.string() }).optional(),
  }),
});

/** The envelope of every service hook event. */
export type Envelope = z.infer<typeof envelope>;

const build = z.object({
  id,
  buildNumber: z.string().optional(),
  status: z.string().optional(),
  result: z.string().optional(),
  definition: z.object({ id }).optional(),
  sourceBranch: z.string().optional(),
  sourceVersion: z.string().optional(),
  requestedFor: identity.optional(),
});

const approval = z.object({
  approval: z.object({ id: z.string(), status: z.string() }),
  projectId: z.string(),
  pipeline: z.object({ id }).nullish(),
  stageName: z.string(),
  runId: id,
  attemptId: id,
  resource: z.object({ id, name: z.string() }),
});

/**
 * Reads the body of an Azure DevOps service hook. Nothing of it is believed beyond its form: ids only, no address.
 * @param body JSON text as received.
 */
export function readPayload(body: string): ReadPayload & { readonly envelope: Envelope | null } {
  const parsed = parseJson(body);
  if (parsed === undefined) return { unreadable: 'the body is not JSON', envelope: null };
  const read = envelope.safeParse(parsed);
  if (!read.success)
    return { unreadable: `not a service hook event: ${problems(read.error)}`, envelope: null };
  return { ...readResource(read.data), envelope: read.data };
}

function readResource(event: Envelope): ReadPayload {
  switch (event.eventType) {
    case 'build.complete':
      return readBuild(event);
    case 'ms.vss-pipelinechecks-events.approval-pending':
    case 'ms.vss-pipelinechecks-events.approval-completed':
      return readApproval(event);
    default:
      return { ignored: `Slipway does nothing with ${event.eventType}` };
  }
}

function readBuild({ resource, resourceVersion, resourceContainers }: Envelope): ReadPayload {
  const sourceProject = resourceContainers.project?.id;
  if (resource === null)
    return { ignored: 'the event names no build: set "Resource details to send" of the subscription to All' };
  if (resourceVersion !== '2.0')
    return { ignored: `build.complete ${resourceVersion} is not supported: set the resource version to 2.0` };
  const read = build.safeParse(resource);
  if (!read.success) return { unreadable: `build.complete: ${problems(read.error)}` };
  if (sourceProject === undefined) return { unreadable: 'build.complete: it names no project' };
  const {
    id: buildId,
    result,
    definition,
    sourceBranch,
    sourceVersion,
    buildNumber,
    requestedFor,
  } = read.data;
  if (result !== undefined && result !== 'succeeded') return { ignored: `build ${buildId} ended ${result}` };
  const name = requestedFor?.displayName ?? requestedFor?.uniqueName ?? requestedFor?.id ?? '';
  return {
    event: {
      type: 'build-completed',
      sourceProject,
      build: buildId,
      definition: definition?.id ?? null,
      branch: sourceBranch ?? null,
      commit: sourceVersion ?? null,
      number: buildNumber ?? null,
      requestedBy: requestedFor === undefined ? null : { id: requestedFor.id, name },
    },
  };
}

function readApproval({ eventType, resource }: Envelope): ReadPayload {
  const read = approval.safeParse(resource);
  if (!read.success) return { unreadable: `${eventType}: ${problems(read.error)}` };
  const { data } = read;
  return {
    event: {
      type: eventType.endsWith('pending') ? 'approval-pending' : 'approval-completed',
      sourceProject: data.projectId,
      approval: data.approval.id,
      pipelineRun: data.runId,
      pipelineStage: data.stageName,
      attempt: data.attemptId,
      pipeline: data.pipeline?.id ?? null,
      environment: { id: data.resource.id, name: data.resource.name },
      status: data.approval.status,
    },
  };
}

function problems(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`).join('; ');
}

/** Undefined when it is not JSON. Whole numbers beyond 2^53 stay text. */
function parseJson(body: string): unknown {
  try {
    return parse(body.replace(/^\uFEFF/, ''), null, {
      parseNumber: (text) =>
        Number.isSafeInteger(Number(text)) || !/^-?\d+$/.test(text) ? Number(text) : text,
    });
  } catch {
    return undefined;
  }
}

/** The subscription that sent the request: the body says it, and a header too. Nothing is proved by it. */
export function subscriptionOf(body: string, header: string | null): string | null {
  const found = /"subscriptionId"\s*:\s*"([0-9a-fA-F-]{36})"/.exec(body.slice(0, 4_000));
  const subscription = found?.[1] ?? header;
  return subscription === null ? null : redact(subscription).toLowerCase();
}
