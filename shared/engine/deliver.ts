import type { Ports } from './engine-ports.ts';
import type { Addressed } from './messages.ts';
import { toMessage } from './messages.ts';
import type { OutboxRow, QueueName } from './ports.ts';

const QUEUES: readonly QueueName[] = ['steps', 'release-events', 'records'];

/**
 * Sends committed effects and then forgets them. When it fails in between, they are sent again: receivers take
 * every message as one that may have come before.
 */
export async function deliver(
  ports: Pick<Ports, 'bus' | 'store'>,
  { project, traceparent }: { readonly project: string; readonly traceparent: string },
  rows: readonly OutboxRow[],
): Promise<void> {
  if (rows.length === 0) return;
  const addressed = rows.map((row) => toMessage(project, traceparent, row));
  for (const queue of QUEUES) await sendTo(ports, queue, addressed);
  const ids = rows.map((row) => row.id);
  await ports.store.clearOutbox(project, ids);
}

async function sendTo(
  { bus }: Pick<Ports, 'bus'>,
  queue: QueueName,
  addressed: readonly Addressed[],
): Promise<void> {
  const messages = addressed.filter((each) => each.queue === queue).map((each) => each.message);
  if (messages.length > 0) await bus.send(queue, messages);
}
