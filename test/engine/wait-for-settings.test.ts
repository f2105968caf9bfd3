import { describe, expect, test } from '@jest/globals';
import hostSettings from '../../host.json';
import { orWait, WAIT_IN_MS } from '../../shared/engine/wait-for-settings.ts';
import { UnreadableInput } from '../../shared/errors.ts';
import names from '../../shared/names.json';
import { newClock, underVirtualTime } from '../steps/virtual-time.ts';

/** Builds something under a clock; gives what came of it, how long it took, and what was logged. */
async function built(build: () => string) {
  const clock = newClock();
  const begun = clock.now();
  const logged: string[] = [];
  const log = { error: (text: string) => void logged.push(text) };
  const end = await underVirtualTime(
    clock,
    orWait(build, { clock, log }).catch((error: Error) => error),
  );
  return { end, took: clock.now() - begun, logged };
}

describe('a message whose function cannot be built from the settings', () => {
  const wrong = new UnreadableInput('settings: ARM_URL: Invalid URL');
  const fail = () => {
    throw wrong;
  };

  test('is given back after a while only, and the log names the setting', async () => {
    expect(await built(fail)).toEqual({
      end: wrong,
      took: WAIT_IN_MS,
      logged: ['the message is given back after 90 s: settings: ARM_URL: Invalid URL'],
    });
  });

  test('outlives a quarter of an hour, and no function lives longer than it may', () => {
    const [hours, minutes, seconds] = hostSettings.functionTimeout.split(':').map(Number);
    const limit = (((hours ?? 0) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)) * 1000;
    expect(WAIT_IN_MS).toBeLessThan(limit);
    for (const { properties } of names.queues)
      expect(properties.maxDeliveryCount * WAIT_IN_MS).toBeGreaterThanOrEqual(15 * 60_000);
  });

  test('loses no time when all is well', async () => {
    expect(await built(() => 'service')).toEqual({ end: 'service', took: 0, logged: [] });
  });
});
