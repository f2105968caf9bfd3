import { ServiceBusClient, type ServiceBusClientOptions, type ServiceBusSender } from '@azure/service-bus';

/** Where a connection setting leads. */
export type ConnectionTarget =
  | { connectionString: string }
  | { fullyQualifiedNamespace: string; clientId?: string };

/**
 * Reads a connection as the host does: the setting NAME is a connection string, or NAME__fullyQualifiedNamespace
 * names a namespace that is opened with an identity.
 *
 * @throws Error when neither setting is there
 */
export function readConnection(name: string, settings: Record<string, string | undefined>): ConnectionTarget {
  const connectionString = settings[name];
  if (connectionString) return { connectionString };
  const fullyQualifiedNamespace = settings[`${name}__fullyQualifiedNamespace`];
  if (!fullyQualifiedNamespace) {
    throw new Error(
      `Service Bus account connection string '${name}' does not exist. Make sure that it is a defined App Setting.`,
    );
  }
  const clientId = settings[`${name}__clientId`];
  return clientId ? { fullyQualifiedNamespace, clientId } : { fullyQualifiedNamespace };
}

/** One client for each connection setting, shared by triggers and output bindings. */
export interface Connections {
  /** @throws Error when the setting is missing */
  client(name: string): Promise<ServiceBusClient>;
  /** A client whose waiting for a next session is short, since that cannot be broken off: a stop waits for it. */
  sessionClient(name: string): Promise<ServiceBusClient>;
  sender(name: string, queueOrTopic: string): Promise<ServiceBusSender>;
  close(): Promise<void>;
}

/** The .NET extension's defaults for calls to the broker, but for the longest pause: local brokers come back fast. */
const retryOptions = {
  maxRetries: 3,
  retryDelayInMs: 800,
  maxRetryDelayInMs: 5_000,
  mode: 0,
  timeoutInMs: 60_000,
};

const sessionRetryOptions = { ...retryOptions, maxRetries: 0, timeoutInMs: 2_000 };

export function createConnections(settings: Record<string, string | undefined>): Connections {
  const clients = new Map<string, Promise<ServiceBusClient>>();
  const senders = new Map<string, Promise<ServiceBusSender>>();
  const client = (name: string) =>
    remember(clients, name, () => openClient(readConnection(name, settings), retryOptions));
  const sessionClient = (name: string) =>
    remember(clients, `${name} for sessions`, () =>
      openClient(readConnection(name, settings), sessionRetryOptions),
    );
  return {
    client,
    sessionClient,
    sender: (name, queueOrTopic) =>
      remember(senders, `${name}|${queueOrTopic}`, async () =>
        (await client(name)).createSender(queueOrTopic),
      ),
    close: async () => {
      await Promise.allSettled([...clients.values()].map(async (opened) => (await opened).close()));
    },
  };
}

async function openClient(
  target: ConnectionTarget,
  options: ServiceBusClientOptions['retryOptions'] & object,
): Promise<ServiceBusClient> {
  if ('connectionString' in target)
    return new ServiceBusClient(target.connectionString, { retryOptions: options });
  const { DefaultAzureCredential } = await import('@azure/identity');
  const { clientId, fullyQualifiedNamespace } = target;
  const credential = new DefaultAzureCredential(clientId ? { managedIdentityClientId: clientId } : {});
  return new ServiceBusClient(fullyQualifiedNamespace, credential, { retryOptions: options });
}

/** Makes a thing once; a failure is not remembered. */
function remember<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const existing = known.get(key);
  if (existing) return existing;
  const made = Promise.resolve().then(make);
  known.set(key, made);
  made.catch(() => known.delete(key));
  return made;
}
