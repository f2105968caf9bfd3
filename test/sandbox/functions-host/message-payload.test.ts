import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import { describe, expect, test } from '@jest/globals';
import { applyBodyProperties } from '../../../sandbox/functions-host/service-bus/body-properties.ts';
import { readConnection } from '../../../sandbox/functions-host/service-bus/connections.ts';
import { readDataContractString } from '../../../sandbox/functions-host/service-bus/data-contract.ts';
import { bodyAsBytes, bodyAsText } from '../../../sandbox/functions-host/service-bus/message-body.ts';
import { batchMetadataOf, metadataOf } from '../../../sandbox/functions-host/service-bus/metadata.ts';
import { toBodies } from '../../../sandbox/functions-host/service-bus/outputs.ts';

function message(facts: Partial<ServiceBusReceivedMessage>, bodyType = 'data'): ServiceBusReceivedMessage {
  return { body: Buffer.from(''), _rawAmqpMessage: { bodyType }, ...facts } as ServiceBusReceivedMessage;
}

describe('the properties of a JSON body', () => {
  const system = { MessageId: { string: 'of the broker' }, DeliveryCount: { json: '1' } };

  test('overwrite the metadata of the same name, whatever its case', () => {
    const overwritten = applyBodyProperties(system, '{"messageId":"of the body","DELIVERYCOUNT":7}');
    expect(overwritten).toEqual({ MessageId: { string: 'of the body' }, DeliveryCount: { string: '7' } });
  });

  test('are added as .NET writes them; arrays and nulls are not', () => {
    const body = {
      yes: true,
      when: '2026-11-22T14:16:52.5+01:00',
      day: '2026-11-22',
      half: 0.5,
      list: [1],
      none: null,
    };
    expect(applyBodyProperties({}, JSON.stringify(body))).toEqual({
      yes: { string: 'True' },
      when: { string: '11/22/2026 13:16:52' },
      day: { string: '2026-11-22' },
      half: { string: '0.5' },
    });
  });

  test('that are objects stay JSON', () => {
    expect(applyBodyProperties({}, '{"inner":{"a":1}}')).toEqual({ inner: { json: '{"a":1}' } });
  });

  test.each(['[{"messageId":"x"}]', '"text"', 'no JSON', ''])(
    'a body without any changes nothing: %s',
    (body) => {
      expect(applyBodyProperties(system, body)).toEqual(system);
    },
  );
});

describe('the body of a message', () => {
  /** A serialized .NET string: its records given by type and text. */
  function dataContract(...records: [type: number, text: string][]): Buffer {
    const head = '\x40\x06string\x08\x33http://schemas.microsoft.com/2003/10/Serialization/';
    const sizeOf = (type: number) => [1, 1, 2, 2, 4, 4][type - 0x98] ?? 1;
    const parts = records.map(([type, text]) => {
      const content = Buffer.from(text, 'latin1');
      const length = Buffer.alloc(sizeOf(type));
      length.writeUIntLE(content.length, 0, length.length);
      return Buffer.concat([Buffer.from([type]), length, content]);
    });
    return Buffer.concat([Buffer.from(head, 'latin1'), ...parts]);
  }

  test('is its UTF-8 text, without a byte order mark', () => {
    expect(bodyAsText(message({ body: Buffer.from('\uFEFF{"ä":1}') }))).toBe('{"ä":1}');
  });

  test('that is a serialized .NET string is its text', () => {
    const long = `{"text":"${'x'.repeat(70_000)}"}`;
    expect(bodyAsText(message({ body: dataContract([0x99, '{"a":1}']) }))).toBe('{"a":1}');
    expect(bodyAsText(message({ body: dataContract([0x9d, long]) }))).toBe(long);
  });

  test('that is a serialized .NET string in several records is put together before it is decoded', () => {
    const bytes = Buffer.from('grün').toString('latin1');
    const cutInside = bytes.indexOf('\u00c3') + 1;
    const body = dataContract([0x98, bytes.slice(0, cutInside)], [0x9b, bytes.slice(cutInside)]);
    expect(bodyAsText(message({ body }))).toBe('grün');
    expect(readDataContractString(Buffer.concat([dataContract([0x9a, 'two']), Buffer.from([1])]))).toBe(
      'two',
    );
  });

  test('that is neither is text with replacement characters', () => {
    expect(bodyAsText(message({ body: Buffer.from([0x61, 0xff]) }))).toBe('a\uFFFD');
    expect(readDataContractString(dataContract([0x99, 'cut']).subarray(0, 62))).toBeUndefined();
  });

  test('may be an AMQP value that is text; any other value, and a sequence, cannot be bound', () => {
    expect(bodyAsText(message({ body: 'text' }, 'value'))).toBe('text');
    expect(() => bodyAsText(message({ body: 5 }, 'value'))).toThrow('cannot be bound to a string');
    expect(() => bodyAsText(message({ body: [] }, 'sequence'))).toThrow('sequence body');
  });

  test('is its bytes for a function that asks for binary data', () => {
    expect(bodyAsBytes(message({ body: Buffer.from([0, 255]) }))).toEqual(Buffer.from([0, 255]));
  });
});

describe('trigger metadata', () => {
  test('counts the delivery that is under way, and says times without a zone', () => {
    const metadata = metadataOf(
      message({ messageId: 'm-1', deliveryCount: 0, enqueuedTimeUtc: new Date('2026-11-22T14:16:52.600Z') }),
    );
    expect(metadata).toMatchObject({
      MessageId: { string: 'm-1' },
      DeliveryCount: { json: '1' },
      EnqueuedTimeUtc: { json: '"2026-11-22T14:16:52.6"' },
      EnqueuedTime: { json: '"2026-11-22T14:16:52.6+00:00"' },
      ExpiresAtUtc: { json: '"9999-12-31T23:59:59.9999999"' },
    });
  });

  test('leaves out what a message does not have', () => {
    expect(Object.keys(metadataOf(message({ messageId: 'm-1' })))).not.toContain('SessionId');
  });

  test('of a batch loses its line-up where a message lacks something', () => {
    const metadata = batchMetadataOf([
      message({ messageId: 'm-1' }),
      message({ messageId: 'm-2', subject: 'second' }),
    ]);
    expect(metadata).toMatchObject({
      MessageIdArray: { collectionString: { string: ['m-1', 'm-2'] } },
      SubjectArray: { collectionString: { string: ['second'] } },
      DeliveryCountArray: { json: '[1,1]' },
    });
  });
});

describe('an output binding', () => {
  test('sends one message for each element of an array, also of one that is text', () => {
    expect(toBodies({ json: '[{"a":1},"two"]' }).map(String)).toEqual(['{"a":1}', 'two']);
    expect(toBodies({ string: '["x"]' }).map(String)).toEqual(['x']);
  });

  test('sends anything else as one message, and nothing for nothing', () => {
    expect(toBodies({ json: '{"a":1}' }).map(String)).toEqual(['{"a":1}']);
    expect(toBodies({ string: '[not JSON' }).map(String)).toEqual(['[not JSON']);
    expect(toBodies({ int: 0 }).map(String)).toEqual(['0']);
    expect(toBodies(undefined)).toEqual([]);
  });
});

test('a connection is a setting with a connection string, or names a namespace to open with an identity', () => {
  expect(readConnection('BUS', { BUS: 'Endpoint=x' })).toEqual({ connectionString: 'Endpoint=x' });
  const settings = { BUS__fullyQualifiedNamespace: 'a.servicebus.windows.net', BUS__clientId: 'id' };
  expect(readConnection('BUS', settings)).toEqual({
    fullyQualifiedNamespace: 'a.servicebus.windows.net',
    clientId: 'id',
  });
  expect(() => readConnection('BUS', {})).toThrow("'BUS' does not exist");
});
