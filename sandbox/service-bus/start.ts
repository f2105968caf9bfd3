import { randomUUID } from 'node:crypto';
import { readConfig } from './config.ts';
import { startControlServer } from './control-server.ts';
import { type Clock, systemClock } from './engine/clock.ts';
import { createNamespace, type Namespace } from './engine/namespace.ts';
import { countMessages, type QueueCounts } from './engine/queue.ts';
import { restore, resume, snapshot } from './engine/snapshot.ts';
import { createFaults, type Faults } from './faults.ts';
import { type Journal, openJournal } from './journal.ts';
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
  /** A folder for the journal. Without one everything is gone when the emulator stops. */
  readonly journalFolder?: string;
  /** Of the HTTP side; 0, the default, takes a free one. */
  readonly controlPort?: number;
  readonly clock?: Clock;
  /** Gets a line for what is worth knowing; default standard error. */
  readonly log?: (line: string) => void;
}

export interface RunningServiceBus {
  readonly port: number;
  readonly controlPort: number;
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
 * @throws ConfigError when the config cannot be used, JournalError when the journal cannot be read, or the error of
 * the socket when a port is taken
 */
export async function startServiceBus(options: ServiceBusOptions): Promise<RunningServiceBus> {
  const { host = '127.0.0.1', key = defaultKey } = options;
  const log = options.log ?? ((line: string) => void process.stderr.write(`service-bus: ${line}\n`));
  const faults = createFaults();
  const { namespace, journal } = openNamespace(options, faults, log);
  const broker: Broker = {
    namespace,
    faults,
    key,
    maxMessageSizeInBytes: options.maxMessageSizeInBytes ?? standardMessageSizeInBytes,
    newMessageId: () => randomUUID().replaceAll('-', ''),
    log,
  };
  const server = await startAmqpServer(broker, { host, port: options.port ?? 0 });
  const controlled = {
    faults,
    dropConnections: (queueName?: string) => server.dropConnections(queueName),
    openConnections: () => server.counts(),
    counts: () => Object.fromEntries(namespace.queues.map((queue) => [queue.address, countMessages(queue)])),
  };
  const control = await startControlServer(controlled, { host, port: options.controlPort ?? 0 });
  return {
    ...controlled,
    port: server.port,
    controlPort: control.port,
    connectionString: connectionString(host, server.port, key),
    async stop() {
      await Promise.all([server.stop(), control.stop()]);
      namespace.close();
      journal?.close();
    },
  };
}

type Log = (line: string) => void;

/** The queues of the config, with what the journal remembers of them. */
function openNamespace(
  options: ServiceBusOptions,
  faults: Faults,
  log: Log,
): { namespace: Namespace; journal: Journal | undefined } {
  const config = readConfig(options.config);
  for (const warning of config.warnings) log(warning);
  const journal = options.journalFolder === undefined ? undefined : openJournal(options.journalFolder);
  const namespace = createNamespace({
    queues: config.queues,
    clock: options.clock ?? systemClock(),
    newLockToken: randomUUID,
    deliveryFault: (queue) => faults.delivery(queue),
    ...(journal === undefined ? {} : { save: (changes) => journal.save(changes) }),
  });
  if (journal !== undefined) {
    const missing = restore(namespace, journal.recover());
    for (const queue of missing)
      log(`the journal has messages of ${queue}, which the config does not name: dropped`);
    journal.begin(() => snapshot(namespace));
    namespace.transact(() => resume(namespace));
  }
  return { namespace, journal };
}

function connectionString(host: string, port: number, key: string): string {
  const credentials = `SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=${key}`;
  return `Endpoint=sb://${host}:${port};${credentials};UseDevelopmentEmulator=true;`;
}
