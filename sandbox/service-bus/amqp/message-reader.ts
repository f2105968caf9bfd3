import type { SentMessage } from '../engine/queue-model.ts';
import { type Sections, splitSections } from './sections.ts';
import { encodeTyped, listFields, mapEntries, plain, readTyped, text, types, wholeNumber } from './values.ts';

/** The format number of a transfer that holds many messages. */
export const batchFormat = 0x8001_3700;

const longestTimeToLiveInMs = 0xffff_ffff;
const propertyIndex = { messageId: 0, absoluteExpiry: 8, creation: 9, groupId: 10 };

/** Reads what a queue needs to know of an encoded message. `newMessageId` names those that come without a name. */
export function readMessage(content: Buffer, newMessageId: () => string): SentMessage {
  const sections = splitSections(content);
  const fields = sections.properties === undefined ? [] : listFields(readTyped(sections.properties));
  const property = (index: number): unknown => plain(fields[index]);
  const messageId = property(propertyIndex.messageId);
  const known = messageId !== undefined && messageId !== null;
  const id = known ? comparable(messageId) : newMessageId();
  const span =
    milliseconds(property(propertyIndex.absoluteExpiry)) - milliseconds(property(propertyIndex.creation));
  return {
    messageId: id,
    sessionId: text(property(propertyIndex.groupId)),
    timeToLiveInMs: timeToLiveInMs(sections.header, span),
    scheduledForInMs: scheduledForInMs(sections.messageAnnotations),
    // Copied: the bytes are a view into what the socket read, which one small message would keep alive as a whole.
    content: known ? Buffer.from(content) : withMessageId(content, sections, id),
  };
}

// A message id may be a string, a number, a UUID or bytes.
function comparable(messageId: unknown): string {
  return Buffer.isBuffer(messageId) ? messageId.toString('hex') : String(messageId);
}

function milliseconds(value: unknown): number {
  return value instanceof Date ? value.getTime() : Number.NaN;
}

// The header holds 49 days at most; a longer life is told by the times of creation and of expiry.
function timeToLiveInMs(header: Buffer | undefined, spanInMs: number): number {
  const inHeader = header === undefined ? undefined : wholeNumber(plain(listFields(readTyped(header))[2]));
  if (inHeader === undefined) return Number.POSITIVE_INFINITY;
  if (inHeader < longestTimeToLiveInMs) return inHeader;
  return Number.isNaN(spanInMs) ? Number.POSITIVE_INFINITY : Math.max(spanInMs, inHeader);
}

function scheduledForInMs(annotations: Buffer | undefined): number | undefined {
  // An empty map is three bytes; most messages have one.
  if (annotations === undefined || annotations.length <= 3) return undefined;
  const entry = mapEntries(readTyped(annotations)).find(([key]) => key === 'x-opt-scheduled-enqueue-time');
  const time = entry && plain(entry[1]);
  return time instanceof Date ? time.getTime() : undefined;
}

function withMessageId(content: Buffer, sections: Sections, messageId: string): Buffer {
  const before = content.subarray(0, content.length - sections.bare.length);
  const fields = sections.properties === undefined ? [] : listFields(readTyped(sections.properties));
  const properties = encodeTyped(types.wrap_list([messageId, ...fields.slice(1)]));
  return Buffer.concat([before, Buffer.of(0, 0x53, 0x73), properties, sections.afterProperties]);
}

/** The encoded messages in a batch: each data section of the envelope is one of them. */
export function readBatch(envelope: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  let rest = splitSections(envelope).body;
  while (rest.length > 0) {
    const { data, length } = firstDataSection(rest);
    messages.push(data);
    rest = rest.subarray(length);
  }
  return messages;
}

function firstDataSection(body: Buffer): { data: Buffer; length: number } {
  const valueStart = body[1] === 0x53 ? 3 : 10;
  if (body[valueStart - 1] !== 0x75) throw new TypeError('A batch must consist of data sections.');
  const isShort = body[valueStart] === 0xa0;
  const start = valueStart + (isShort ? 2 : 5);
  const end = start + (isShort ? body.readUInt8(valueStart + 1) : body.readUInt32BE(valueStart + 1));
  return { data: body.subarray(start, end), length: end };
}
