import { describe, expect, test } from '@jest/globals';
import { parseConfigText, readConfig } from '../../sandbox/service-bus/config.ts';
import { serviceBusConfig, shortened } from '../../sandbox/service-bus-config.ts';
import type { QueueName } from '../../shared/engine/ports.ts';
import names from '../../shared/names.json';
import { emulatorConfig } from '../../tools/emulator-config.ts';

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

describe('the config for Microsoft’s own emulator', () => {
  test('is within its limits, which ours goes beyond', () => {
    expect(readConfig(serviceBusConfig(names)).warnings).not.toEqual([]);
    expect(readConfig(parseConfigText(emulatorConfig())).warnings).toEqual([]);
  });

  test('has the same queues, which keep messages and remember them as long as that emulator can', () => {
    const within = readConfig(parseConfigText(emulatorConfig())).queues;
    const limits = { duplicateWindowInMs: 5 * 60_000, defaultTimeToLiveInMs: 60 * 60_000 };
    const ours = readConfig(serviceBusConfig(names)).queues;
    expect(within).toEqual(ours.map((queue) => ({ ...queue, ...limits })));
  });

  test('what is within the limits stays as it is', () => {
    const properties = {
      duplicateDetectionHistoryTimeWindow: 'PT30S',
      lockDuration: 'PT5M',
      maxDeliveryCount: 3,
    };
    const queues = [{ name: 'steps', properties }];
    expect(shortened({ queues })).toEqual({ queues });
  });

  test('what is longer than it can be becomes as long as it can be', () => {
    const queues = [{ name: 'steps', properties: { lockDuration: 'PT6M', maxDeliveryCount: 50 } }];
    expect(shortened({ queues }).queues[0]?.properties).toEqual({
      lockDuration: 'PT5M',
      maxDeliveryCount: 10,
    });
  });
});
