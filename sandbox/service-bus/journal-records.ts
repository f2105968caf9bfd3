import type { Change, QueueMessage, SentMessage } from './engine/queue-model.ts';

/** A journal whose lines cannot be read; the message names the line. */
export class JournalError extends Error {}

/** One line of the journal: the changes of one piece of work. Bytes are base64, Infinity is null. */
export function encodeChanges(changes: readonly Change[]): string {
  return `${JSON.stringify(changes.map(encodeChange))}\n`;
}

type Fields = Readonly<Record<string, unknown>>;

function encodeChange(change: Change): Fields {
  switch (change.kind) {
    case 'put':
      return { ...change, message: encodeMessage(change.message) };
    case 'update': {
      const { sequenceNumber, state, deliveryCount, addedProperties } = change.message;
      const changed = {
        sequenceNumber,
        state,
        deliveryCount,
        addedProperties: encodeProperties(addedProperties),
      };
      return { ...change, message: changed };
    }
    case 'session-state':
      return { ...change, state: change.state?.toString('base64') };
    default:
      return { ...change };
  }
}

function encodeMessage(message: QueueMessage): Fields {
  const { lock: _, sent, addedProperties, ...rest } = message;
  return {
    ...rest,
    addedProperties: encodeProperties(addedProperties),
    sent: { ...sent, content: sent.content.toString('base64') },
  };
}

function encodeProperties(properties: QueueMessage['addedProperties']): Fields {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [name, value.toString('base64')]),
  );
}

/** @throws JournalError when the line is not one that `encodeChanges` wrote */
export function decodeChanges(line: string): Change[] {
  let changes: unknown;
  try {
    changes = JSON.parse(line);
  } catch {
    throw new JournalError('is no JSON');
  }
  if (!Array.isArray(changes)) throw new JournalError('is no list of changes');
  return changes.map((change) => decodeChange(fields(change)));
}

function decodeChange(change: Fields): Change {
  const queue = text(change.queue);
  switch (change.kind) {
    case 'put':
      return { kind: 'put', queue, message: decodeMessage(fields(change.message)) };
    case 'update':
      return {
        kind: 'update',
        queue,
        message: decodeMessage({ ...emptyMessage, ...fields(change.message) }),
      };
    case 'remove':
    case 'number':
      return { kind: change.kind, queue, sequenceNumber: number(change.sequenceNumber) };
    case 'seen':
      return { kind: 'seen', queue, messageId: text(change.messageId), untilInMs: number(change.untilInMs) };
    case 'session-state': {
      const state = change.state === undefined ? undefined : bytes(change.state);
      return { kind: 'session-state', queue, sessionId: text(change.sessionId), state };
    }
    default:
      throw new JournalError(`has a change of the unknown kind '${String(change.kind)}'`);
  }
}

// An update holds only what can change; the rest of the message is not looked at.
const emptyMessage = {
  enqueueSequenceNumber: 0,
  enqueuedAtInMs: 0,
  sent: { messageId: '', content: '' },
};

function decodeMessage(message: Fields): QueueMessage {
  const { state, deadLetter } = message;
  if (state !== 'active' && state !== 'deferred' && state !== 'scheduled')
    throw new JournalError('has no state');
  return {
    sequenceNumber: number(message.sequenceNumber),
    enqueueSequenceNumber: number(message.enqueueSequenceNumber),
    enqueuedAtInMs: number(message.enqueuedAtInMs),
    expiresAtInMs: numberOrInfinity(message.expiresAtInMs),
    sent: decodeSent(fields(message.sent)),
    wasScheduled: message.wasScheduled === true,
    deadLetterSource: textOrNothing(message.deadLetterSource),
    deadLetter: deadLetter === undefined ? undefined : decodeReason(fields(deadLetter)),
    state,
    deliveryCount: number(message.deliveryCount),
    addedProperties: Object.fromEntries(
      Object.entries(fields(message.addedProperties)).map(([name, value]) => [name, bytes(value)]),
    ),
    lock: undefined,
  };
}

function decodeSent(sent: Fields): SentMessage {
  const { scheduledForInMs } = sent;
  return {
    messageId: text(sent.messageId),
    sessionId: textOrNothing(sent.sessionId),
    timeToLiveInMs: numberOrInfinity(sent.timeToLiveInMs),
    scheduledForInMs: scheduledForInMs === undefined ? undefined : number(scheduledForInMs),
    content: bytes(sent.content),
  };
}

function decodeReason(reason: Fields): QueueMessage['deadLetter'] {
  return { reason: textOrNothing(reason.reason), description: textOrNothing(reason.description) };
}

function fields(value: unknown): Fields {
  if (typeof value !== 'object' || value === null) throw new JournalError('lacks an object');
  return value as Fields;
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new JournalError('lacks a text');
  return value;
}

function textOrNothing(value: unknown): string | undefined {
  return value === undefined ? undefined : text(value);
}

function number(value: unknown): number {
  if (typeof value !== 'number') throw new JournalError('lacks a number');
  return value;
}

function numberOrInfinity(value: unknown): number {
  return value === null || value === undefined ? Number.POSITIVE_INFINITY : number(value);
}

function bytes(value: unknown): Buffer {
  return Buffer.from(text(value), 'base64');
}
