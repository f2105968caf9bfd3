import { randomUUID } from 'node:crypto';
import { readConfig } from './config.ts';
import { type Clock, systemClock } from './engine/clock.ts';
import { createNamespace } from './engine/namespace.ts';
import { countMessages, type QueueCounts } from './engine/queue.ts';
import { createFaults, type Faults } from './faults.ts';
import type { Broker } from './links/endpoint.ts';
import { startAmqpServer } from './server.ts';

export interface ServiceBusOptions {
  /** A parsed Config.json of Microsoft's emulator. */
  readonly config: unknown;
  /** 0, the default, takes a free port. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** The shared access key that clients must use; default `SAS_KEY_VALUE`, as Microsoft's emulator has it. */
  readonly key?: string;
  /** Of a message and of a batch; default 262,144, as in the standard tier. */
  readonly maxMessageSizeInBytes?: number;
  readonly clock?: Clock;
  /** Gets a line for what is worth knowing; default standard error. */
  readonly log?: (line: string) => void;
}

export interface RunningServiceBus {
  readonly port: number;
  /** For `new ServiceBusClient(…)`. */
  readonly connectionString: string;
  readonly faults: Faults;
  /** Cuts every connection, or those with a link to this queue. Returns how many. */
  dropConnections(queueName?: string): number;
  /** Messages by queue name and state. */
  counts(): Readonly<Record<string, QueueCounts>>;
  openConnections(): { connections: number; links: number };
  stop(): Promise<void>;
}

const defaultKey = 'SAS_KEY_VALUE';
const standardMessageSizeInBytes = 262_144;

/**
 * Starts the emulator.
 * @throws ConfigError when the config cannot be used, or the error of the socket when the port is taken
 */
export async function startServiceBus(options: ServiceBusOptions): Promise<RunningServiceBus> {
  const { host = '127.0.0.1', key = defaultKey } = options;
  const log = options.log ?? ((line: string) => void process.stderr.write(`service-bus: ${line}\n`));
  const config = readConfig(options.config);
  for (const warning of config.warnings) log(warning);
  const faults = createFaults();
  const namespace = createNamespace({
    queues: config.queues,
    clock: options.clock ?? systemClock(),
    newLockToken: randomUUID,
    deliveryFault: (queue) => faults.delivery(queue),
  });
  const broker: Broker = {
    namespace,
    faults,
    key,
    maxMessageSizeInBytes: options.maxMessageSizeInBytes ?? standardMessageSizeInBytes,
    newMessageId: () => randomUUID().replaceAll('-', ''),
    log,
  };
  const server = await startAmqpServer(broker, { host, port: options.port ?? 0 });
  return {
    port: server.port,
    connectionString: connectionString(host, server.port, key),
    faults,
    dropConnections: (queueName) => server.dropConnections(queueName),
    counts: () => Object.fromEntries(namespace.queues.map((queue) => [queue.address, countMessages(queue)])),
    openConnections: () => server.counts(),
    async stop() {
      await server.stop();
      namespace.close();
    },
  };
}

function connectionString(host: string, port: number, key: string): string {
  const credentials = `SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=${key}`;
  return `Endpoint=sb://${host}:${port};${credentials};UseDevelopmentEmulator=true;`;
}
