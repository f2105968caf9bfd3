import type { TokenCredential } from '@azure/core-auth';
import type { HttpClient } from '@azure/core-rest-pipeline';
import type { Config } from '../config.ts';
import type { Clients } from '../engine/clients.ts';
import type { Clock } from '../engine/ports.ts';
import { createAppConfigurationClient } from './app-configuration.ts';
import { createArmClient } from './arm.ts';
import { createAzureDevOpsClient } from './azure-devops.ts';
import { createDatabricksClient } from './databricks.ts';
import { HostLimits } from './host-limit.ts';
import { createKeyVaultClient } from './key-vault.ts';

export interface ServiceClientsOptions {
  readonly config: Config;
  readonly identity: TokenCredential;
  readonly clock: Clock;
  /** The sender of requests: the network by default. */
  readonly httpClient?: HttpClient;
  /** Where the limits are shared more widely, or less. */
  readonly limits?: HostLimits;
}

/** The clients of all services, with the limits that they share within the process. */
export function serviceClients(options: ServiceClientsOptions): Clients {
  const { config, identity, clock, httpClient, limits = new HostLimits(clock) } = options;
  const sender = httpClient === undefined ? {} : { httpClient };
  const shared = { credential: identity, clock, limits, ...sender };
  return {
    databricks: oncePer((workspaceUrl) => createDatabricksClient({ workspaceUrl, ...shared })),
    arm: oncePer((subscription) => createArmClient({ subscription, armUrl: config.armUrl, ...shared })),
    azureDevOps: oncePer((organization) => {
      const { azureDevOpsUrl: baseUrl, artifactHosts } = config;
      return createAzureDevOpsClient({ organization, baseUrl, artifactHosts, ...shared });
    }),
    keyVault: oncePer((vault) => createKeyVaultClient({ vault, keyVaultUrl: config.keyVaultUrl, ...shared })),
    appConfiguration: oncePer((endpoint) => createAppConfigurationClient({ endpoint, ...shared })),
  };
}

/** A client keeps its token and its connections, so each place has one. */
function oncePer<Client>(make: (place: string) => Client): (place: string) => Client {
  const made = new Map<string, Client>();
  return (place) => {
    const known = made.get(place) ?? make(place);
    made.set(place, known);
    return known;
  };
}
