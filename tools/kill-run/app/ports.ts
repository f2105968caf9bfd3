import { BlobContentStore, openContainer } from '../../../shared/adapters/blob-content.ts';
import { consoleLog } from '../../../shared/adapters/console-log.ts';
import { ServiceBusSender } from '../../../shared/adapters/service-bus-sender.ts';
import { systemClock } from '../../../shared/adapters/system-clock.ts';
import { openTable } from '../../../shared/adapters/table-client.ts';
import { TableStore } from '../../../shared/adapters/table-store.ts';
import type { InvocationLog } from '../../../shared/app.ts';
import type { Ports } from '../../../shared/engine/engine-ports.ts';
import type { Bus, ContentStore, Store } from '../../../shared/engine/ports.ts';
import names from '../../../shared/names.json';
import { NO_CLIENTS, NO_RELEASES } from '../../../test/engine/simulator/no-clients.ts';
import type { Guard } from './guard.ts';
import { guardFor } from './guard.ts';
import { syntheticKinds } from './kinds.ts';
import { outsideClient } from './outside-client.ts';

/** What the whole process shares: connections. */
interface Connections {
  readonly store: Store;
  readonly content: ContentStore;
  readonly bus: Bus;
}

let connected: Connections | null = null;

/** The real adapters, with the tool's hand on every call of this invocation. */
export function portsOf(invocation: InvocationLog & { readonly invocationId: string }, body: unknown): Ports {
  connected ??= connect();
  const outside = outsideClient();
  const guard = guardFor(outside, projectOf(body), invocation.invocationId);
  const seen = { outside, guard, invocation: invocation.invocationId };
  return {
    ...guarded(connected, guard),
    kinds: syntheticKinds(seen),
    clock: systemClock,
    log: consoleLog(invocation),
    clientsFor: () => NO_CLIENTS,
    releases: NO_RELEASES,
  };
}

function connect(): Connections {
  const access = { connectionString: String(process.env.Storage) };
  const content = new BlobContentStore(openContainer(access, names.containers.content));
  return {
    content,
    store: new TableStore({ client: openTable(access, names.table), content }),
    bus: new ServiceBusSender({ connectionString: String(process.env.ServiceBus) }),
  };
}

function guarded({ store, content, bus }: Connections, guard: Guard): Connections {
  return {
    store: {
      load: (project, run) => guard('store.load', () => store.load(project, run)),
      commit: (commit) => guard('store.commit', () => store.commit(commit)),
      clearOutbox: (project, ids) => guard('store.clear', () => store.clearOutbox(project, ids)),
    },
    content: {
      put: (bytes) => guard('content.put', () => content.put(bytes)),
      get: (digest) => guard('content.get', () => content.get(digest)),
      has: (digest) => content.has(digest),
    },
    bus: { send: (queue, messages) => guard('bus.send', () => bus.send(queue, messages)) },
  };
}

/** Messages of runs carry it themselves, records among their properties. */
function projectOf(body: unknown): string {
  const { project, properties } = Object(body);
  return String(project ?? properties?.project);
}
