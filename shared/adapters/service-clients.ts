import type { TokenCredential } from '@azure/core-auth';
import type { Config } from '../config.ts';
import type { Clients } from '../engine/clients.ts';
import type { Clock } from '../engine/ports.ts';
import { createArmClient } from './arm.ts';
import { createAzureDevOpsClient } from './azure-devops.ts';
import { createDatabricksClient } from './databricks.ts';
import { HostLimits } from './host-limit.ts';
import { createKeyVaultClient } from './key-vault.ts';

export interface ServiceClientsOptions {
  readonly config: Config;
  readonly identity: TokenCredential;
  readonly clock: Clock;
}

/** The clients of all services, with the limits that they share within the process. */
export function serviceClients({ config, identity, clock }: ServiceClientsOptions): Clients {
  const limits = new HostLimits(clock);
  const shared = { credential: identity, clock, limits };
  return {
    databricks: (workspaceUrl) =>
      createDatabricksClient({ workspaceUrl, credential: identity, clock, limits }),
    arm: (subscription) => createArmClient({ subscription, armUrl: config.armUrl, ...shared }),
    azureDevOps: (organization) =>
      createAzureDevOpsClient({
        organization,
        baseUrl: config.azureDevOpsUrl,
        artifactHosts: config.artifactHosts,
        ...shared,
      }),
    keyVault: (vault) => createKeyVaultClient({ vault, keyVaultUrl: config.keyVaultUrl, ...shared }),
  };
}
