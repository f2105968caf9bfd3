import { describe, expect, test } from '@jest/globals';
import { readConfig } from '../../sandbox/service-bus/config.ts';
import { serviceBusConfig } from '../../sandbox/service-bus-config.ts';
import type { QueueName } from '../../shared/engine/ports.ts';
import names from '../../shared/names.json';

const dayInMs = 24 * 60 * 60_000;

describe('the emulator’s config', () => {
  test('the emulator has every queue that the engine sends to, and no other', () => {
    const queues: Record<QueueName, true> = { 'release-events': true, steps: true, records: true };
    const config = readConfig(serviceBusConfig(names));

    expect(config.queues.map(({ name }) => name).sort()).toEqual(Object.keys(queues).sort());
  });

  test('the emulator’s queues behave as the ones in Azure are set up', () => {
    for (const queue of readConfig(serviceBusConfig(names)).queues) {
      expect(queue).toMatchObject({
        lockDurationInMs: 60_000,
        maxDeliveryCount: 10,
        duplicateWindowInMs: 10 * 60_000,
        deadLettersExpired: true,
        defaultTimeToLiveInMs: 14 * dayInMs,
        requiresSession: false,
      });
    }
  });

  test('a changed property reaches the emulator', () => {
    const queues = [{ name: 'steps', properties: { lockDuration: 'PT2M', requiresSession: true } }];

    const [queue] = readConfig(serviceBusConfig({ queues })).queues;
    expect(queue).toMatchObject({ name: 'steps', lockDurationInMs: 120_000, requiresSession: true });
  });
});
