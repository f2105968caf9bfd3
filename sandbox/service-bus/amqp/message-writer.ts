import { lockedUntilInMs } from '../engine/delivery.ts';
import type { MessageState, QueueMessage } from '../engine/queue-model.ts';
import { type Sections, splitSections } from './sections.ts';
import { encodeTyped, listFields, mapEntries, readTyped, types } from './values.ts';

const stateNumbers: Readonly<Record<MessageState, number>> = { active: 0, deferred: 1, scheduled: 2 };

/**
 * Encodes a message for a receiver: a header and annotations that tell of its life in the queue; everything else
 * byte for byte as it was sent, but for application properties that settling added.
 */
export function writeMessage(message: QueueMessage, { omitsBody } = { omitsBody: false }): Buffer {
  const sections = omitsBody ? withoutBody(message.sent.content) : splitSections(message.sent.content);
  const parts = [headerOf(sections, message.deliveryCount), annotationsOf(sections, message)];
  const added = addedProperties(message);
  if (added.length === 0) return Buffer.concat([...parts, sections.bare]);
  return Buffer.concat([...parts, ...withApplicationProperties(sections, added)]);
}

function withoutBody(content: Buffer): Sections {
  const { body } = splitSections(content);
  return splitSections(content.subarray(0, content.length - body.length));
}

const nullByte = Buffer.of(0x40);
const defaultPriority = Buffer.of(0x50, 4);

/** durable, priority, ttl as sent; first-acquirer false; the delivery count, also when it is 0. */
function headerOf(sections: Sections, deliveryCount: number): Buffer {
  const fields = sections.header === undefined ? [] : listFields(readTyped(sections.header));
  const [durable, priority, ttl] = fields;
  const list = Buffer.concat([
    durable?.value === true ? Buffer.of(0x41) : Buffer.of(0x42),
    priority?.value == null ? defaultPriority : Buffer.of(0x50, Number(priority.value)),
    ttl?.value == null ? nullByte : numberBytes(0x70, Number(ttl.value)),
    Buffer.of(0x42),
    numberBytes(0x70, deliveryCount),
  ]);
  return Buffer.concat([Buffer.of(0, 0x53, 0x70, 0xc0, list.length + 1, 5), list]);
}

function numberBytes(typecode: number, value: number): Buffer {
  const bytes = Buffer.allocUnsafe(5);
  bytes.writeUInt8(typecode, 0);
  bytes.writeUInt32BE(value, 1);
  return bytes;
}

const annotationKeys = {
  sequenceNumber: symbolBytes('x-opt-sequence-number'),
  enqueuedTime: symbolBytes('x-opt-enqueued-time'),
  enqueueSequenceNumber: symbolBytes('x-opt-enqueue-sequence-number'),
  lockedUntil: symbolBytes('x-opt-locked-until'),
  messageState: symbolBytes('x-opt-message-state'),
  deadLetterSource: symbolBytes('x-opt-deadletter-source'),
};

function annotationsOf(sections: Sections, message: QueueMessage): Buffer {
  const sent = mapContent(sections.messageAnnotations);
  const state = message.state === 'active' && message.wasScheduled ? 'scheduled' : message.state;
  const until = lockedUntilInMs(message);
  const entries = [
    annotationKeys.sequenceNumber,
    longBytes(0x81, message.sequenceNumber),
    annotationKeys.enqueuedTime,
    longBytes(0x83, message.enqueuedAtInMs),
    annotationKeys.enqueueSequenceNumber,
    longBytes(0x81, message.enqueueSequenceNumber),
    annotationKeys.messageState,
    Buffer.of(0x54, stateNumbers[state]),
  ];
  if (until !== undefined) entries.push(annotationKeys.lockedUntil, longBytes(0x83, until));
  if (message.deadLetterSource !== undefined) {
    entries.push(annotationKeys.deadLetterSource, stringBytes(message.deadLetterSource));
  }
  return mapSection(0x72, sent.count + entries.length, [sent.items, ...entries]);
}

function mapSection(code: number, count: number, items: readonly Buffer[]): Buffer {
  const length = items.reduce((sum, item) => sum + item.length, 0);
  const head = Buffer.allocUnsafe(12);
  head.set([0, 0x53, code, 0xd1]);
  head.writeUInt32BE(length + 4, 4);
  head.writeUInt32BE(count, 8);
  return Buffer.concat([head, ...items], 12 + length);
}

/** The entries of an encoded map as they are, and how many values they are. */
function mapContent(map: Buffer | undefined): { count: number; items: Buffer } {
  if (map === undefined) return { count: 0, items: Buffer.alloc(0) };
  if (map[0] === 0xc1) return { count: map.readUInt8(2), items: map.subarray(3) };
  return { count: map.readUInt32BE(5), items: map.subarray(9) };
}

function longBytes(typecode: number, value: number): Buffer {
  const bytes = Buffer.allocUnsafe(9);
  bytes.writeUInt8(typecode, 0);
  bytes.writeBigInt64BE(BigInt(value), 1);
  return bytes;
}

function symbolBytes(name: string): Buffer {
  return encodeTyped(types.wrap_symbol(name));
}

function stringBytes(value: string): Buffer {
  return encodeTyped(types.wrap_string(value));
}

function addedProperties(message: QueueMessage): [string, Buffer][] {
  const added = Object.entries(message.addedProperties);
  const { reason, description } = message.deadLetter ?? {};
  if (reason !== undefined) added.push(['DeadLetterReason', stringBytes(reason)]);
  if (description !== undefined) added.push(['DeadLetterErrorDescription', stringBytes(description)]);
  return added;
}

// Values that nobody touched are written with the type they came with.
function withApplicationProperties(sections: Sections, added: readonly [string, Buffer][]): Buffer[] {
  const { applicationProperties, propertiesSection, body } = sections;
  const sent = mapEntries(applicationProperties && readTyped(applicationProperties));
  const properties = new Map<string, Buffer>(sent.map(([name, value]) => [name, encodeTyped(value)]));
  for (const [name, value] of added) properties.set(name, value);
  const items = [...properties].flatMap(([name, value]) => [stringBytes(name), value]);
  return [propertiesSection, mapSection(0x74, items.length, items), body];
}
