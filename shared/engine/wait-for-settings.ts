import { messageOf } from '../errors.ts';
import type { Clock, Log } from './ports.ts';

/**
 * Below the two minutes after which the host kills a function. A message is delivered ten times: it lives for a
 * quarter of an hour then, and longer when the settings are changed, since that begins the process anew.
 */
export const WAIT_IN_MS = 90_000;

/**
 * Builds what the function of a queue works with. While wrong settings keep it from that, it waits before it throws:
 * a message that is given back comes again at once, and would be a dead letter within a second.
 */
export async function orWait<Built>(
  build: () => Built,
  { clock, log }: { readonly clock: Pick<Clock, 'sleep'>; readonly log: Pick<Log, 'error'> },
): Promise<Built> {
  try {
    return build();
  } catch (error) {
    const seconds = WAIT_IN_MS / 1000;
    log.error(`the message is given back after ${seconds} s: ${messageOf(error)}`, {});
    await clock.sleep(WAIT_IN_MS);
    throw error;
  }
}
