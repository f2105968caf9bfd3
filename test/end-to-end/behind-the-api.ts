import type { Stack } from '../../sandbox/stack.ts';
import { BlobContentStore, openContainer } from '../../shared/adapters/blob-content.ts';
import { ServiceBusSender } from '../../shared/adapters/service-bus-sender.ts';
import { systemClock } from '../../shared/adapters/system-clock.ts';
import { openTable } from '../../shared/adapters/table-client.ts';
import { tableDeliveries } from '../../shared/adapters/table-deliveries.ts';
import { readPayload } from '../../shared/azure-devops/payload.ts';
import { sendIntake } from '../../shared/engine/intake-message.ts';
import { MESSAGE_SCHEMA } from '../../shared/engine/messages.ts';
import type { Bus, Delivery, Outgoing, QueueName } from '../../shared/engine/ports.ts';
import { NO_PROJECT } from '../../shared/engine/take-intake.ts';
import names from '../../shared/names.json';
import type { RunRequested } from '../../shared/release/events.ts';
import { MemoryContent } from '../adapters/memory-content.ts';

/** Asks for a run through the queue, as the service itself does. `extra` goes into the message beside it. */
export async function sendRunEvent(
  stack: Stack,
  event: RunRequested,
  extra: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const { project, id: run, traceparent } = event;
  const body = JSON.stringify({
    ...extra,
    schema: MESSAGE_SCHEMA,
    project,
    run,
    putOff: 0,
    traceparent,
    event,
  });
  await send(stack, 'release-events', [{ id: `${project}.${run}`, body, notBefore: null, traceparent }]);
}

/** Puts a message into a queue as it is. */
export function sendBody(stack: Stack, queue: QueueName, body: string): Promise<void> {
  return send(stack, queue, [{ id: `body.${body.length}`, body, notBefore: null, traceparent: '' }]);
}

async function send(
  { serviceBusConnectionString }: Stack,
  queue: QueueName,
  messages: readonly Outgoing[],
): Promise<void> {
  const bus = new ServiceBusSender({ connectionString: serviceBusConnectionString });
  await bus.send(queue, messages);
  await bus.close();
}

/** Puts webhooks into the queue all at once, past the HTTP function. */
export async function sendWebhooks(stack: Stack, bodies: readonly string[]): Promise<void> {
  const collected: Outgoing[] = [];
  const collect: Bus = { send: async (_queue, messages) => void collected.push(...messages) };
  for (const body of bodies) {
    const { envelope, ...read } = readPayload(body);
    const id = envelope?.id ?? null;
    const received = { source: 'azure-devops', id, eventType: 'build.complete', body, read } as const;
    const ports = { bus: collect, clock: systemClock, content: new MemoryContent() };
    await sendIntake(ports, { ...received, traceparent: null });
  }
  await send(stack, 'release-events', collected);
}

/** Every delivery that concerns no registered project, read from the table. */
export function allDeliveries({ storageConnectionString }: Stack): Promise<Delivery[]> {
  const access = { connectionString: storageConnectionString };
  const content = new BlobContentStore(openContainer(access, names.containers.content));
  const deliveries = tableDeliveries({ client: openTable(access, names.table), content });
  return deliveries.listDeliveries(NO_PROJECT, 100_000);
}

/** Content that the service has kept. */
export async function keptContent(stack: Stack, digest: string | null): Promise<string> {
  const access = { connectionString: stack.storageConnectionString };
  const content = new BlobContentStore(openContainer(access, names.containers.content));
  return Buffer.from(await content.get(digest ?? '')).toString('utf8');
}
