import * as z from 'zod';
import { UnreadableInput } from '../errors.ts';
import type { RunStep } from '../release/effects.ts';
import type { RunEvent } from '../release/events.ts';
import type { Instant } from '../release/model.ts';
import type { OutboxRow, Outgoing, QueueName } from './ports.ts';

/**
 * Messages are envelopes whose top-level names are none of the names that the Functions host gives to message
 * metadata: the host lets a body's properties overwrite those (messageId, correlationId, deliveryCount, …).
 */
export const MESSAGE_SCHEMA = 1;

const eventMessage = z.object({
  schema: z.literal(MESSAGE_SCHEMA),
  project: z.string().min(1),
  run: z.string().min(1),
  /** How often the message was put off because something outside did not work. */
  putOff: z.number().int().nonnegative(),
  traceparent: z.string(),
  event: z.looseObject({ type: z.string().min(1) }),
});

/** Something that happened to a run. Its time is stamped when it is taken from the queue, unless it carries one. */
export interface EventMessage {
  readonly schema: typeof MESSAGE_SCHEMA;
  readonly project: string;
  readonly run: string;
  readonly putOff: number;
  readonly traceparent: string;
  readonly event: RunEvent;
}

const stepMessage = z.object({
  schema: z.literal(MESSAGE_SCHEMA),
  project: z.string().min(1),
  run: z.string().min(1),
  stage: z.string().min(1),
  step: z.string().min(1),
  mode: z.enum(['plan', 'apply', 'cancel']),
  after: z.number().int().nonnegative(),
  putOff: z.number().int().nonnegative(),
  traceparent: z.string(),
});

/** A step that wants to be run, valid while its claim number is `after`. */
export type StepMessage = z.infer<typeof stepMessage>;

const recordMessage = z.object({
  schema: z.literal(MESSAGE_SCHEMA),
  id: z.string().min(1),
  name: z.string().min(1),
  at: z.number(),
  properties: z.record(z.string(), z.string()),
  measurements: z.record(z.string(), z.number()),
  traceparent: z.string(),
  putOff: z.number().int().nonnegative().default(0),
});

/** An item for Application Insights. */
export type RecordMessage = z.infer<typeof recordMessage>;

/** @throws UnreadableInput naming the field that is wrong. */
export function readEventMessage(body: unknown): EventMessage {
  const message = read(eventMessage, body);
  // The producer is Slipway itself; decide() answers "ignored" to types that it does not know.
  return { ...message, event: message.event as unknown as RunEvent };
}

/** @throws UnreadableInput naming the field that is wrong. */
export function readStepMessage(body: unknown): StepMessage {
  return read(stepMessage, body);
}

/** @throws UnreadableInput naming the field that is wrong. */
export function readRecordMessage(body: unknown): RecordMessage {
  return read(recordMessage, body);
}

function read<Shape>(shape: z.ZodType<Shape>, body: unknown): Shape {
  const result = shape.safeParse(typeof body === 'string' ? parse(body) : body);
  if (result.success) return result.data;
  throw new UnreadableInput(`unreadable message: ${z.prettifyError(result.error)}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UnreadableInput('unreadable message: it is not JSON');
  }
}

/** A message with its queue. */
export interface Addressed {
  readonly queue: QueueName;
  readonly message: Outgoing;
}

/** The message that an effect becomes. */
export function toMessage(project: string, traceparent: string, { id, effect }: OutboxRow): Addressed {
  const common = { schema: MESSAGE_SCHEMA, project, traceparent, putOff: 0 } as const;
  const outgoing = (body: object, notBefore: Instant | null = null): Outgoing => {
    return { id: `${project}.${id}`, body: JSON.stringify(body), notBefore, traceparent };
  };
  switch (effect.type) {
    case 'run-step':
      return { queue: 'steps', message: outgoing({ ...common, ...withoutType(effect) }, effect.notBefore) };
    case 'wake-run': {
      const event = { type: 'time-passed', wake: effect.at };
      return { queue: 'release-events', message: outgoing({ ...common, run: effect.run, event }, effect.at) };
    }
    case 'tell-run':
      return {
        queue: 'release-events',
        message: outgoing({ ...common, run: effect.run, event: effect.event }),
      };
    case 'start-run':
      return {
        queue: 'release-events',
        message: outgoing({ ...common, run: effect.event.id, event: effect.event }),
      };
    case 'track-record': {
      const { type: _type, ...record } = effect;
      return { queue: 'records', message: outgoing({ schema: MESSAGE_SCHEMA, traceparent, ...record }) };
    }
  }
}

function withoutType(effect: RunStep): Omit<RunStep, 'type' | 'notBefore'> {
  const { type: _type, notBefore: _notBefore, ...rest } = effect;
  return rest;
}
