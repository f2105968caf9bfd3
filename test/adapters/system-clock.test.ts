import { describe, expect, test } from '@jest/globals';
import { systemClock } from '../../shared/adapters/system-clock.ts';

describe('the clock of the machine', () => {
  test('it tells the time', () => {
    const before = Date.now();

    expect(systemClock.now()).toBeGreaterThanOrEqual(before);
    expect(systemClock.now()).toBeLessThanOrEqual(Date.now());
  });

  test('a sleep lasts its time', async () => {
    const before = Date.now();
    await systemClock.sleep(20);

    expect(Date.now() - before).toBeGreaterThanOrEqual(19);
  });

  test('a sleep ends at once when it is aborted', async () => {
    const abort = new AbortController();
    const sleeping = systemClock.sleep(3_600_000, abort.signal);
    abort.abort();

    await expect(sleeping).resolves.toBeUndefined();
  });

  test('a sleep that was aborted before does not begin', async () => {
    await expect(systemClock.sleep(3_600_000, AbortSignal.abort())).resolves.toBeUndefined();
  });
});
