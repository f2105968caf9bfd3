import { messageOf, NewerSchema, UnreadableInput } from '../errors.ts';
import { sha256 } from '../release/canonical-json.ts';
import type { Ports } from './engine-ports.ts';
import type { QueueName } from './ports.ts';

/** What every message carries for being put off. */
interface Received {
  readonly project: string;
  readonly run: string;
  readonly putOff: number;
  readonly traceparent: string;
}

const FIRST_DELAY_IN_MS = 5_000;
const LONGEST_DELAY_IN_MS = 300_000;
/** About forty minutes in all. */
export const MOST_PUT_OFFS = 12;

/**
 * Runs a message's work. If something outside does not answer, the message is put off: sent again for later,
 * since an abandoned message comes back at once and would burn its deliveries within a second. What no time can
 * mend (an unreadable message, state of a newer version) goes the queue's own way to the dead letters.
 */
export async function receive<Message extends Received>(
  ports: Pick<Ports, 'bus' | 'clock' | 'log'>,
  { queue, message }: { readonly queue: QueueName; readonly message: Message },
  work: (message: Message) => Promise<void>,
): Promise<void> {
  try {
    await work(message);
  } catch (error) {
    const { project, run, putOff, traceparent } = message;
    const hopeless = error instanceof UnreadableInput || error instanceof NewerSchema;
    if (hopeless || putOff >= MOST_PUT_OFFS) throw error;
    const now = ports.clock.now();
    const delay = Math.min(FIRST_DELAY_IN_MS * 2 ** putOff, LONGEST_DELAY_IN_MS);
    ports.log.warn(`put off for ${delay / 1000} s: ${messageOf(error)}`, { project, run, queue, putOff });
    const body = JSON.stringify({ ...message, putOff: putOff + 1 });
    const id = `${project}.${run}.put-off.${now}.${sha256(body).slice(0, 16)}`;
    await ports.bus.send(queue, [{ id, body, notBefore: now + delay, traceparent }]);
  }
}
