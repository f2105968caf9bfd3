import { consoleLog } from './adapters/console-log.ts';
import { lazyBus } from './adapters/lazy-bus.ts';
import { lazyContent } from './adapters/lazy-content.ts';
import { lazyIdentity } from './adapters/lazy-identity.ts';
import type { ServiceBusAccess } from './adapters/service-bus-sender.ts';
import { serviceClients } from './adapters/service-clients.ts';
import type { StorageAccess } from './adapters/storage-access.ts';
import { systemClock } from './adapters/system-clock.ts';
import { openTable } from './adapters/table-client.ts';
import { tableDeliveries } from './adapters/table-deliveries.ts';
import { tableProjects } from './adapters/table-projects.ts';
import { tableReleases } from './adapters/table-releases.ts';
import { TableStore } from './adapters/table-store.ts';
import { telemetryOf } from './adapters/telemetry.ts';
import { approvalReader } from './azure-devops/approval-reader.ts';
import type { Config, WebhookConfig } from './config.ts';
import { readConfig, readWebhookConfig, settingsProblems } from './config.ts';
import type { Clients } from './engine/clients.ts';
import type { Ports } from './engine/engine-ports.ts';
import type { Deliveries, Log, Projects, Records } from './engine/ports.ts';
import type { Directory } from './engine/take-intake.ts';
import type { Telemetry } from './engine/telemetry.ts';
import { orWait } from './engine/wait-for-settings.ts';
import names from './names.json';
import { projectDirectory } from './project/directory.ts';
import { lazyKinds } from './steps/lazy-kinds.ts';

/** Everything that the functions work with. */
export interface ServicePorts extends Ports {
  readonly records: Records;
  readonly projects: Projects;
  readonly deliveries: Deliveries;
  readonly directory: Directory;
  readonly telemetry: Telemetry;
  /** Of the service's own identity. */
  readonly clients: Clients;
}

export interface Service {
  readonly config: Config;
  readonly ports: ServicePorts;
}

/** What an invocation writes to. */
export type InvocationLog = Readonly<Record<'info' | 'warn' | 'error', (line: string) => void>>;

let built: { readonly config: Config; readonly ports: Omit<ServicePorts, 'log'> } | null = null;

/**
 * The service, built from the environment when it is first needed, with the log of the invocation that asks.
 * @throws UnreadableInput naming the settings that are missing or wrong.
 */
export function service(invocation: InvocationLog): Service {
  built ??= build(readConfig(process.env));
  const { config, ports } = built;
  return { config, ports: { ...ports, log: logOf(invocation) } };
}

/** The log of an invocation, whatever the settings say. */
export function logOf(invocation: InvocationLog): Log {
  return consoleLog(invocation);
}

/**
 * The same for a message of a queue, which must outlive settings that are wrong for a while.
 * @throws what `service` throws, only later.
 */
export function serviceForMessage(invocation: InvocationLog): Promise<Service> {
  return orWait(() => service(invocation), { clock: systemClock, log: logOf(invocation) });
}

/** Who may call the webhook. @throws UnreadableInput naming the settings that are missing or wrong. */
export function webhookConfig(): WebhookConfig {
  return readWebhookConfig(process.env);
}

/** All that is wrong with the settings, by name; empty when all is well. */
export function wrongSettings(): readonly string[] {
  return settingsProblems(process.env);
}

function build(config: Config): NonNullable<typeof built> {
  const identity = lazyIdentity(config.identityClientId);
  const access = storageOf(config, identity);
  const content = lazyContent(access.blobs, names.containers.content);
  const tables = { client: openTable(access.tables, names.table), content };
  const store = new TableStore(tables);
  const kinds = lazyKinds();
  const clock = systemClock;
  const identityFor = (id: string | null) => (id === null ? identity : lazyIdentity(id));
  const clientsFor = serviceClients({ config, identityFor, clock });
  const clients = clientsFor(null);
  const projects = tableProjects(tables);
  const releases = tableReleases(tables);
  const approvals = approvalReader({ clients, store, records: store, releases, clock });
  const parts = { projects, approvals, clients, kinds: new Set(kinds.keys()), now: clock.now };
  const ports = {
    ...{ store, content, clock, kinds, projects, clients, clientsFor, releases },
    records: store,
    deliveries: tableDeliveries(tables),
    bus: lazyBus(busOf(config, identity)),
    directory: projectDirectory(parts),
    telemetry: telemetryOf(config.telemetry),
  };
  return { config, ports };
}

type Identity = ReturnType<typeof lazyIdentity>;

function storageOf({ storage }: Config, credential: Identity): Record<'tables' | 'blobs', StorageAccess> {
  if ('connectionString' in storage) return { tables: storage, blobs: storage };
  return { tables: { endpoint: storage.tables, credential }, blobs: { endpoint: storage.blobs, credential } };
}

function busOf({ serviceBus }: Config, credential: Identity): ServiceBusAccess {
  if ('connectionString' in serviceBus) return serviceBus;
  return { fullyQualifiedNamespace: serviceBus.address, credential };
}
