import { describe, expect, test } from '@jest/globals';
import { parseConfigText, readConfig } from '../../../sandbox/service-bus/config.ts';
import { parseAddress } from '../../../sandbox/service-bus/entity-address.ts';
import { durationInMs } from '../../../sandbox/service-bus/iso-duration.ts';

function withQueues(...Queues: unknown[]) {
  return {
    UserConfig: { Namespaces: [{ Name: 'sbemulatorns', Queues, Topics: [] }], Logging: { Type: 'File' } },
  };
}

describe('the config', () => {
  test('gives a queue without properties the defaults of the official emulator', () => {
    expect(readConfig(withQueues({ Name: 'orders' })).queues).toEqual([
      {
        name: 'orders',
        lockDurationInMs: 60_000,
        maxDeliveryCount: 3,
        defaultTimeToLiveInMs: 3_600_000,
        deadLettersExpired: false,
        duplicateWindowInMs: 0,
        requiresSession: false,
        forwardTo: undefined,
        forwardDeadLettersTo: undefined,
      },
    ]);
  });

  test('may hold comments and trailing commas', () => {
    expect(parseConfigText('{ // one\n "a": [1, /* two */ 2,], }')).toEqual({ a: [1, 2] });
  });

  test('that is no JSON is refused with the place', () => {
    expect(() => parseConfigText('{ "a": }')).toThrow(/no JSON: ValueExpected at character 7/);
  });

  test('turns properties into settings', () => {
    const Properties = {
      LockDuration: 'PT5S',
      MaxDeliveryCount: 7,
      DefaultMessageTimeToLive: 'PT10M',
      DeadLetteringOnMessageExpiration: true,
      RequiresDuplicateDetection: true,
      DuplicateDetectionHistoryTimeWindow: 'PT1M',
      RequiresSession: true,
      ForwardTo: '',
      ForwardDeadLetteredMessagesTo: 'dead',
      SomethingNew: 1,
    };
    const config = readConfig(withQueues({ Name: 'orders', Properties }, { Name: 'dead' }));
    expect(config.queues[0]).toEqual({
      name: 'orders',
      lockDurationInMs: 5000,
      maxDeliveryCount: 7,
      defaultTimeToLiveInMs: 600_000,
      deadLettersExpired: true,
      duplicateWindowInMs: 60_000,
      requiresSession: true,
      forwardTo: undefined,
      forwardDeadLettersTo: 'dead',
    });
    expect(config.warnings).toEqual([]);
  });

  test.each([
    [{}, /UserConfig must be an object/],
    [{ UserConfig: { Namespaces: [] } }, /exactly one namespace/],
    [withQueues({ Name: 5 }), /Queues\[0\]\.Name must be a string/],
    [withQueues({ Name: '-bad' }), /Queues\[0\]\.Name: '-bad' is no name/],
    [
      withQueues({ Name: 'a', Properties: { LockDuration: '1 minute' } }),
      /Queues\[0\]\.Properties\.LockDuration: '1 minute'/,
    ],
    [withQueues({ Name: 'a', Properties: { LockDuration: 'PT0S' } }), /LockDuration: 'PT0S' is no duration/],
    [
      withQueues({ Name: 'a', Properties: { MaxDeliveryCount: 0 } }),
      /MaxDeliveryCount must be a whole number/,
    ],
    [
      withQueues({ Name: 'a', Properties: { RequiresSession: 'yes' } }),
      /RequiresSession must be true or false/,
    ],
    [withQueues({ Name: 'a' }, { Name: 'A' }), /two queues named 'a'/],
    [
      withQueues({ Name: 'a', Properties: { ForwardTo: 'nowhere' } }),
      /'a' forwards to 'nowhere', which is missing/,
    ],
    [withQueues({ Name: 'a', Properties: { ForwardTo: 'a' } }), /more than 4 hops/],
    [
      { UserConfig: { Namespaces: [{ Name: 'x', Queues: [], Topics: [{ Name: 't' }] }] } },
      /Topics must be empty: topics are not supported/,
    ],
  ])('%j is refused with the key', (config, message) => {
    expect(() => readConfig(config)).toThrow(message);
  });

  test('beyond the limits of the official emulator is taken with a warning', () => {
    const Properties = { DefaultMessageTimeToLive: 'P101D', MaxDeliveryCount: 20 };
    const { queues, warnings } = readConfig(withQueues({ Name: 'a', Properties }));
    expect(queues[0]?.defaultTimeToLiveInMs).toBe(101 * 86_400_000);
    expect(warnings.map((warning) => warning.replace(/.*Properties\./, '')).sort()).toEqual([
      "DefaultMessageTimeToLive: Microsoft's emulator takes PT1S to PT1H.",
      "MaxDeliveryCount: Microsoft's emulator takes 10 at most.",
    ]);
  });
});

test.each([
  ['PT1M', 60_000],
  ['P1DT2H3M4S', 93_784_000],
  ['P1Y', 365 * 86_400_000],
  ['P2M', 60 * 86_400_000],
  ['P', undefined],
  ['PT', undefined],
  ['PT1.5S', undefined],
  ['1M', undefined],
])('the duration %s is %p milliseconds', (text, expected) => {
  expect(durationInMs(text)).toBe(expected);
});

test.each([
  ['$cbs', { kind: 'cbs' }],
  ['orders', { kind: 'queue', name: 'orders', isDeadLetter: false }],
  ['a/b', { kind: 'queue', name: 'a/b', isDeadLetter: false }],
  ['orders/$deadLetterQueue', { kind: 'queue', name: 'orders', isDeadLetter: true }],
  ['orders/$management', { kind: 'management', name: 'orders', isDeadLetter: false }],
  ['orders/$DeadLetterQueue/$management', { kind: 'management', name: 'orders', isDeadLetter: true }],
  ['sb://localhost:5672/orders', { kind: 'queue', name: 'orders', isDeadLetter: false }],
])('the address %s is read as %j', (address, expected) => {
  expect(parseAddress(address)).toEqual(expected);
});
