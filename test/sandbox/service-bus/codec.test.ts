import { describe, expect, test } from '@jest/globals';
import rhea from 'rhea';
import { lockTokenOf, tagOf } from '../../../sandbox/service-bus/amqp/lock-token.ts';
import { readMessage } from '../../../sandbox/service-bus/amqp/message-reader.ts';
import { writeMessage } from '../../../sandbox/service-bus/amqp/message-writer.ts';
import { splitSections } from '../../../sandbox/service-bus/amqp/sections.ts';
import type { QueueMessage, SentMessage } from '../../../sandbox/service-bus/engine/queue-model.ts';

const newId = () => 'new-id';

function stored(sent: SentMessage, changes: Partial<QueueMessage> = {}): QueueMessage {
  return {
    sequenceNumber: 7,
    enqueueSequenceNumber: 3,
    enqueuedAtInMs: 5000,
    expiresAtInMs: Number.POSITIVE_INFINITY,
    sent,
    wasScheduled: false,
    deadLetterSource: undefined,
    deadLetter: undefined,
    state: 'active',
    deliveryCount: 0,
    addedProperties: {},
    lock: undefined,
    ...changes,
  };
}

const encode = (message: Record<string, unknown>): Buffer => rhea.message.encode({ body: 'x', ...message });

describe('reading a message', () => {
  test.each([
    ['text', 'text'],
    [5, '5'],
    [Buffer.alloc(16, 1), '01'.repeat(16)],
  ])('compares the id %p as text', (message_id, expected) => {
    expect(readMessage(encode({ message_id }), newId).messageId).toBe(expected);
  });

  test('names a message that has no name, and keeps its other properties', () => {
    const sent = readMessage(
      encode({ subject: 'about', group_id: 'A', application_properties: { a: 1 } }),
      newId,
    );
    const decoded = rhea.message.decode(sent.content);
    expect(decoded).toMatchObject({ message_id: 'new-id', subject: 'about', group_id: 'A', body: 'x' });
    expect(decoded.application_properties).toEqual({ a: 1 });
  });

  test('takes the time to live from the header', () => {
    expect(readMessage(encode({ ttl: 5000 }), newId).timeToLiveInMs).toBe(5000);
    expect(readMessage(encode({}), newId).timeToLiveInMs).toBe(Number.POSITIVE_INFINITY);
  });

  test('takes a time to live beyond 49 days from creation and expiry', () => {
    const hundredDaysInMs = 100 * 86_400_000;
    const times = { creation_time: new Date(1000), absolute_expiry_time: new Date(1000 + hundredDaysInMs) };
    expect(readMessage(encode({ ttl: 0xffff_ffff, ...times }), newId).timeToLiveInMs).toBe(hundredDaysInMs);
  });

  test('finds the time that it is scheduled for', () => {
    const message_annotations = { 'x-opt-scheduled-enqueue-time': new Date(9000) };
    expect(readMessage(encode({ message_annotations }), newId).scheduledForInMs).toBe(9000);
  });

  test.each([
    ['cut off', encode({ message_id: 'a' }).subarray(0, 9)],
    ['no sections', Buffer.from('hello')],
    ['an unknown type', Buffer.of(0, 0x53, 0x77, 0x10)],
  ])('refuses bytes that are %s', (_, bytes) => {
    expect(() => splitSections(bytes)).toThrow();
  });
});

describe('writing a message', () => {
  test('keeps everything behind the annotations byte for byte', () => {
    const content = encode({ message_id: 'a', application_properties: { f: 1.5 }, footer: { sum: 'z' } });
    const written = writeMessage(stored(readMessage(content, newId)));
    expect(splitSections(written).bare).toEqual(splitSections(content).bare);
  });

  test('adds where and when it was queued to the annotations of the sender', () => {
    const content = encode({ message_id: 'a', message_annotations: { 'x-opt-partition-key': 'p' } });
    const lock = { token: 't', untilInMs: 9000, session: undefined };
    const decoded = rhea.message.decode(writeMessage(stored(readMessage(content, newId), { lock })));
    expect(decoded.message_annotations).toEqual({
      'x-opt-partition-key': 'p',
      'x-opt-sequence-number': 7,
      'x-opt-enqueued-time': new Date(5000),
      'x-opt-enqueue-sequence-number': 3,
      'x-opt-message-state': 0,
      'x-opt-locked-until': new Date(9000),
    });
  });

  test('writes the delivery count also when it is 0, and keeps the header of the sender', () => {
    const content = encode({ message_id: 'a', durable: true, priority: 9, ttl: 1000 });
    const decoded = rhea.message.decode(writeMessage(stored(readMessage(content, newId))));
    expect(decoded).toMatchObject({
      durable: true,
      priority: 9,
      ttl: 1000,
      first_acquirer: false,
      delivery_count: 0,
    });
  });

  test('merges added properties and the reason of a dead letter, the last one winning', () => {
    const content = encode({ message_id: 'a', application_properties: { kept: 'k', changed: 'old' } });
    const changed = splitSections(encode({ body: 'new' })).body.subarray(3);
    const message = stored(readMessage(content, newId), {
      addedProperties: { changed },
      deadLetter: { reason: 'why', description: undefined },
    });
    const decoded = rhea.message.decode(writeMessage(message));
    expect(decoded.application_properties).toEqual({ kept: 'k', changed: 'new', DeadLetterReason: 'why' });
    expect(decoded.body).toBe('x');
  });

  test('can leave the body out', () => {
    const sent = readMessage(encode({ message_id: 'a', subject: 's' }), newId);
    const decoded = rhea.message.decode(writeMessage(stored(sent), { omitsBody: true }));
    expect(decoded.subject).toBe('s');
    expect(decoded.body).toBeUndefined();
  });
});

test('a lock token and its delivery tag differ in byte order only, and go back and forth', () => {
  const token = '00112233-4455-6677-8899-aabbccddeeff';
  expect(tagOf(token).toString('hex')).toBe('33221100554477668899aabbccddeeff');
  expect(lockTokenOf(tagOf(token))).toBe(token);
});
