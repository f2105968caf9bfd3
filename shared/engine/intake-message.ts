import * as z from 'zod';
import { UnreadableInput } from '../errors.ts';
import { sha256 } from '../release/canonical-json.ts';
import type { Ports } from './engine-ports.ts';
import { MESSAGE_SCHEMA } from './messages.ts';
import type { ReadPayload } from './webhook-events.ts';
import { webhookEvent } from './webhook-events.ts';

const intakeMessage = z.object({
  schema: z.literal(MESSAGE_SCHEMA),
  /** Messages are put off by project and run; an intake has none yet. */
  project: z.string(),
  run: z.string(),
  putOff: z.number().int().nonnegative(),
  traceparent: z.string(),
  intake: z.object({
    source: z.enum(['azure-devops']),
    /** The source's id of the event, or a digest of the body where it has none. */
    event: z.string(),
    kind: z.string(),
    receivedAt: z.number(),
    bytes: z.number(),
    /** The body in the content store, where it could not be read. */
    content: z.string().nullable(),
    read: z.union([
      z.strictObject({ event: webhookEvent }),
      z.strictObject({ ignored: z.string() }),
      z.strictObject({ unreadable: z.string() }),
    ]),
  }),
});

/** A webhook that was received, on its way to what it concerns. */
export type IntakeMessage = z.infer<typeof intakeMessage>;

export function isIntake(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'intake' in body;
}

/** @throws UnreadableInput naming the field that is wrong. */
export function readIntakeMessage(body: unknown): IntakeMessage {
  const read = intakeMessage.safeParse(body);
  if (read.success) return read.data;
  throw new UnreadableInput(`unreadable message: ${z.prettifyError(read.error)}`);
}

/** Queues a received webhook. An unreadable body is kept as content first, so that people can look at it. */
export async function sendIntake(
  { bus, content, clock }: Pick<Ports, 'bus' | 'content' | 'clock'>,
  received: {
    readonly source: 'azure-devops';
    readonly id: string | null;
    readonly eventType: string;
    readonly body: string;
    readonly read: ReadPayload;
    readonly traceparent: string | null;
  },
): Promise<void> {
  const { source, id, eventType, body, read } = received;
  const kept = 'unreadable' in read ? await content.put(body) : null;
  const event = id === null || id.length > 64 ? `sha256-${sha256(body)}` : id;
  const traceparent = received.traceparent ?? newTraceparent(`${source} ${event}`);
  const intake = {
    source,
    event,
    kind: eventType,
    receivedAt: clock.now(),
    bytes: Buffer.byteLength(body),
    content: kept,
    read,
  };
  const message = { schema: MESSAGE_SCHEMA, project: '-', run: '-', putOff: 0, traceparent, intake };
  await bus.send('release-events', [
    { id: `${source}.${event}`, body: JSON.stringify(message), notBefore: null, traceparent },
  ]);
}

/** A trace that begins here (W3C trace context), the same for the same event. */
export function newTraceparent(seed: string): string {
  const digest = sha256(seed);
  return `00-${digest.slice(0, 32)}-${digest.slice(32, 48)}-01`;
}
