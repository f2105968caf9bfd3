import { type ProcessErrorArgs, ServiceBusClient, type ServiceBusReceivedMessage } from '@azure/service-bus';
import { type ServiceBusOptions, startServiceBus } from '../../../sandbox/service-bus/start.ts';

type Properties = Readonly<Record<string, unknown>>;

/** A Config.json with these queues, by name. */
export function configOf(queues: Readonly<Record<string, Properties>>) {
  const Queues = Object.entries(queues).map(([Name, properties]) => ({ Name, Properties: properties }));
  return {
    UserConfig: { Namespaces: [{ Name: 'sbemulatorns', Queues, Topics: [] }], Logging: { Type: 'Console' } },
  };
}

const kinds = {
  plain: { LockDuration: 'PT1M', MaxDeliveryCount: 3 },
  short: { LockDuration: 'PT1S', MaxDeliveryCount: 10 },
  unique: { RequiresDuplicateDetection: true },
  mortal: { DeadLetteringOnMessageExpiration: true },
  session: { RequiresSession: true },
  'short-session': { RequiresSession: true, LockDuration: 'PT1S' },
};

export type QueueKind = keyof typeof kinds;

const queuesPerKind = 60;
const indices = Array.from({ length: queuesPerKind }, (_, index) => index);
const queues = Object.fromEntries(
  Object.entries(kinds).flatMap(([kind, properties]) =>
    indices.map((index) => [`${kind}-${index}`, properties]),
  ),
);

const retryOptions = { maxRetries: 0, timeoutInMs: 4000, retryDelayInMs: 10 };

/** The emulator with queues of each kind, so that every test has its own, and clients of the official SDK that fail fast. */
export async function startBus(options: Partial<ServiceBusOptions> = {}) {
  const logged: string[] = [];
  const bus = await startServiceBus({
    config: configOf(queues),
    log: (line) => void (line.includes("Microsoft's emulator") || logged.push(line)),
    ...options,
  });
  const clients: ServiceBusClient[] = [];
  const connect = (connectionString = bus.connectionString, retries = retryOptions): ServiceBusClient => {
    const client = new ServiceBusClient(connectionString, { retryOptions: retries });
    clients.push(client);
    return client;
  };
  let used = 0;
  return {
    bus,
    logged,
    connect,
    /** The name of a queue that no other test uses. */
    fresh: (kind: QueueKind) => `${kind}-${used++}`,
    async stop() {
      await Promise.all(clients.map((client) => client.close()));
      await bus.stop();
    },
  };
}

/** The code that the SDK gives an error, also of one that is wrapped after retries. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    const inner = error instanceof AggregateError ? error.errors.at(-1) : error;
    return typeof inner?.code === 'string' ? inner.code : String(inner);
  }
  return 'no error';
}

/** Waits until the condition holds; fails after five seconds. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  for (const endInMs = Date.now() + 5000; !condition(); ) {
    if (Date.now() > endInMs) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export function single<T>(items: readonly T[]): T {
  const [item] = items;
  if (item === undefined || items.length > 1) throw new Error(`expected one, got ${items.length}`);
  return item;
}

export const bodies = (messages: readonly ServiceBusReceivedMessage[]): unknown[] =>
  messages.map(({ body }) => body);

export function noErrors({ error }: ProcessErrorArgs): Promise<void> {
  throw error;
}
