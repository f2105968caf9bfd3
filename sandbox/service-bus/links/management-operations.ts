import type { Typed } from 'rhea';
import { uuidBytes, uuidText } from '../amqp/lock-token.ts';
import { readMessage } from '../amqp/message-reader.ts';
import { writeMessage } from '../amqp/message-writer.ts';
import {
  arrayOfLongs,
  arrayOfTimestamps,
  mapEntries,
  plain,
  text,
  types,
  wholeNumber,
} from '../amqp/values.ts';
import { peek } from '../engine/queue.ts';
import { messageTooLarge, QueueError } from '../engine/queue-error.ts';
import type { Queue } from '../engine/queue-model.ts';
import { cancelScheduled, deleteWaiting, send } from '../engine/sending.ts';
import { listSessions, renewSession, sessionState, setSessionState } from '../engine/sessions.ts';
import { receiveDeferred, renewLocks, type Settlement, settle } from '../engine/settlement.ts';
import type { Broker } from './endpoint.ts';
import { deadLetterSettlement, encodedEntries } from './receive-link.ts';

export interface ManagementRequest {
  readonly broker: Broker;
  readonly queue: Queue;
  readonly fields: ReadonlyMap<string, Typed>;
}

/** The body of a reply; undefined where there is nothing to return (204). */
export type ManagementReply = Readonly<Record<string, unknown>> | undefined;

type Operation = (request: ManagementRequest) => ManagementReply;

/** What `$management` of a queue can do, by operation name. Each throws QueueError to refuse. */
export const operations: Readonly<Record<string, Operation>> = {
  'com.microsoft:renew-lock': (request) => {
    const expirations = renewLocks(request.queue, lockTokens(request));
    return { expirations: arrayOfTimestamps(expirations) };
  },
  'com.microsoft:peek-message': peekMessages,
  'com.microsoft:schedule-message': scheduleMessages,
  'com.microsoft:cancel-scheduled-message': (request) => {
    cancelScheduled(request.queue, numbers(request, 'sequence-numbers'));
    return {};
  },
  'com.microsoft:receive-by-sequence-number': receiveBySequenceNumber,
  'com.microsoft:update-disposition': updateDisposition,
  'com.microsoft:renew-session-lock': (request) => {
    const untilInMs = renewSession(request.queue, sessionId(request));
    return { expiration: types.wrap_timestamp(untilInMs) };
  },
  'com.microsoft:set-session-state': (request) => {
    const state = field(request, 'session-state');
    setSessionState(
      request.queue,
      sessionId(request),
      Buffer.isBuffer(state) ? Buffer.from(state) : undefined,
    );
    return {};
  },
  'com.microsoft:get-session-state': (request) => ({
    'session-state': sessionState(request.queue, sessionId(request)) ?? null,
  }),
  'com.microsoft:get-message-sessions': pageOfSessions,
  'com.microsoft:batch-delete-messages': deleteMessages,
};

function field(request: ManagementRequest, name: string): unknown {
  return plain(request.fields.get(name));
}

function sessionId(request: ManagementRequest): string {
  return text(field(request, 'session-id')) ?? '';
}

function list(request: ManagementRequest, name: string): readonly unknown[] {
  const value = field(request, name);
  if (Array.isArray(value)) return value;
  throw new QueueError('com.microsoft:argument-error', `The request must hold ${name}.`);
}

function numbers(request: ManagementRequest, name: string): number[] {
  return list(request, name).map((value) => wholeNumber(value) ?? 0);
}

function lockTokens(request: ManagementRequest): string[] {
  return list(request, 'lock-tokens').map((value) => (Buffer.isBuffer(value) ? uuidText(value) : ''));
}

function peekMessages(request: ManagementRequest): ManagementReply {
  const found = peek(request.queue, {
    fromSequenceNumber: wholeNumber(field(request, 'from-sequence-number')) ?? 0,
    count: wholeNumber(field(request, 'message-count')) ?? 1,
    sessionId: text(field(request, 'session-id')),
  });
  const omitsBody = field(request, 'omit-message-body') === true;
  const messages: { message: Buffer }[] = [];
  let sizeInBytes = 0;
  for (const message of found) {
    const content = writeMessage({ ...message, lock: undefined }, { omitsBody });
    sizeInBytes += content.length;
    if (messages.length > 0 && sizeInBytes > request.broker.maxMessageSizeInBytes) break;
    messages.push({ message: content });
  }
  return messages.length === 0 ? undefined : { messages };
}

function scheduleMessages(request: ManagementRequest): ManagementReply {
  const { broker, queue } = request;
  const contents = list(request, 'messages').map(messageIn);
  const tooLarge = contents.find((content) => content.length > broker.maxMessageSizeInBytes);
  if (tooLarge !== undefined) throw messageTooLarge(tooLarge.length, broker.maxMessageSizeInBytes);
  const messages = contents.map((content) => readMessage(content, broker.newMessageId));
  return { 'sequence-numbers': arrayOfLongs(send(queue, messages)) };
}

function messageIn(entry: unknown): Buffer {
  const content =
    typeof entry === 'object' && entry !== null && 'message' in entry ? entry.message : undefined;
  if (Buffer.isBuffer(content)) return content;
  throw new QueueError('com.microsoft:argument-error', 'Every entry of messages must hold a message.');
}

function receiveBySequenceNumber(request: ManagementRequest): ManagementReply {
  const messages = receiveDeferred(request.queue, {
    sequenceNumbers: numbers(request, 'sequence-numbers'),
    deletes: field(request, 'receiver-settle-mode') === 0,
    sessionId: text(field(request, 'session-id')),
  });
  return {
    messages: messages.map((message) => ({
      'lock-token': types.wrap_uuid(uuidBytes(message.lock?.token ?? request.broker.newMessageId())),
      message: writeMessage(message),
    })),
  };
}

function updateDisposition(request: ManagementRequest): ManagementReply {
  const settlement = settlementIn(request);
  for (const token of lockTokens(request)) settle(request.queue, token, settlement);
  return {};
}

function settlementIn(request: ManagementRequest): Settlement {
  const status = field(request, 'disposition-status');
  const entries = mapEntries(request.fields.get('properties-to-modify'));
  const properties = encodedEntries(entries);
  if (status === 'completed') return { kind: 'complete' };
  if (status === 'abandoned') return { kind: 'abandon', properties };
  // The name is misspelt in the protocol itself.
  if (status === 'defered') return { kind: 'defer', properties };
  if (status !== 'suspended') {
    throw new QueueError(
      'com.microsoft:argument-error',
      `The disposition status ${String(status)} is unknown.`,
    );
  }
  const settlement = deadLetterSettlement(entries);
  const reason = text(field(request, 'deadletter-reason'));
  const description = text(field(request, 'deadletter-description'));
  return settlement.kind === 'dead-letter' ? { ...settlement, reason: { reason, description } } : settlement;
}

function pageOfSessions(request: ManagementRequest): ManagementReply {
  const skip = wholeNumber(field(request, 'skip')) ?? 0;
  const top = wholeNumber(field(request, 'top')) ?? 100;
  const page = listSessions(request.queue).slice(skip, skip + top);
  if (page.length === 0) return undefined;
  return { skip: types.wrap_int(skip + page.length), 'sessions-ids': types.Array32(page, 0xb1) };
}

function deleteMessages(request: ManagementRequest): ManagementReply {
  const before = field(request, 'enqueued-time-utc');
  const count = deleteWaiting(request.queue, {
    count: wholeNumber(field(request, 'message-count')) ?? 0,
    enqueuedBeforeInMs: before instanceof Date ? before.getTime() : request.broker.namespace.clock.nowInMs(),
    sessionId: text(field(request, 'session-id')),
  });
  return { 'message-count': types.wrap_int(count) };
}
