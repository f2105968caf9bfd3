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
import type { Config } from './config.ts';
import { readConfig } from './config.ts';
import type { Clients } from './engine/clients.ts';
import type { Ports } from './engine/engine-ports.ts';
import type { Deliveries, Log, Projects, Records } from './engine/ports.ts';
import type { Directory } from './engine/take-intake.ts';
import type { Telemetry } from './engine/telemetry.ts';
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
  const log: Log = consoleLog(invocation);
  return { config, ports: { ...ports, log } };
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
  const parts = { projects, approvals, kinds: new Set(kinds.keys()), now: clock.now };
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
