import type { TokenCredential } from '@azure/core-auth';
import type { HttpClient } from '@azure/core-rest-pipeline';
import type { Config } from '../config.ts';
import type { ClientsFor } from '../engine/clients.ts';
import type { Clock } from '../engine/ports.ts';
import { createAppConfigurationClient } from './app-configuration.ts';
import { createArmClient } from './arm.ts';
import { createAzureDevOpsClient } from './azure-devops.ts';
import { createDatabricksClient } from './databricks.ts';
import { HostLimits } from './host-limit.ts';
import { createKeyVaultClient } from './key-vault.ts';

export interface ServiceClientsOptions {
  readonly config: Config;
  /** Of a user-assigned managed identity by its client id; of the service itself for null. */
  readonly identityFor: (clientId: string | null) => TokenCredential;
  readonly clock: Clock;
  /** The sender of requests: the network by default. */
  readonly httpClient?: HttpClient;
  /** Where the limits are shared more widely, or less. */
  readonly limits?: HostLimits;
}

/** The clients of all services, with the limits that they share within the process, whoever asks. */
export function serviceClients(options: ServiceClientsOptions): ClientsFor {
  const { config, identityFor, clock, httpClient, limits = new HostLimits(clock) } = options;
  const shared = { clock, limits, ...(httpClient === undefined ? {} : { httpClient }) };
  const own = identityFor(null);
  const azureDevOps = oncePer((organization: string) => {
    const { azureDevOpsUrl: baseUrl, artifactHosts } = config;
    return createAzureDevOpsClient({ organization, baseUrl, artifactHosts, credential: own, ...shared });
  });
  return oncePer((identity: string | null) => {
    const by = { credential: identity === null ? own : identityFor(identity), ...shared };
    return {
      azureDevOps,
      databricks: oncePer((workspaceUrl: string, resourceId?: string) =>
        createDatabricksClient({ workspaceUrl, ...(resourceId === undefined ? {} : { resourceId }), ...by }),
      ),
      arm: oncePer((subscription: string) => createArmClient({ subscription, armUrl: config.armUrl, ...by })),
      keyVault: oncePer((vault: string) =>
        createKeyVaultClient({ vault, keyVaultUrl: config.keyVaultUrl, ...by }),
      ),
      appConfiguration: oncePer((endpoint: string) => createAppConfigurationClient({ endpoint, ...by })),
    };
  });
}

/** A client keeps its token and its connections, so each place has one. */
function oncePer<Place extends readonly unknown[], Client>(
  make: (...place: Place) => Client,
): (...place: Place) => Client {
  const made = new Map<string, Client>();
  return (...place) => {
    const key = JSON.stringify(place);
    const known = made.get(key) ?? make(...place);
    made.set(key, known);
    return known;
  };
}
