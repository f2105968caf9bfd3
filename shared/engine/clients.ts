import type { AppConfigurationClient } from './app-configuration-client.ts';
import type { ArmClient } from './arm-client.ts';
import type { AzureDevOpsClient } from './azure-devops-client.ts';
import type { DatabricksClient } from './databricks-client.ts';
import type { KeyVaultClient } from './key-vault-client.ts';

/** The services that steps work with. Each client is made for one place and shares its limits within the process. */
export interface Clients {
  /**
   * @param workspaceUrl origin of the workspace, from the variable `databricksWorkspaceUrl`.
   * @param resourceId of the workspace in Azure, where the identity is none of its users.
   */
  databricks(workspaceUrl: string, resourceId?: string): DatabricksClient;
  arm(subscription: string): ArmClient;
  azureDevOps(organization: string): AzureDevOpsClient;
  /** @param vault name of the vault, not its address. */
  keyVault(vault: string): KeyVaultClient;
  /** @param endpoint origin of the store, from `endpoint` of feature-flags.json. */
  appConfiguration(endpoint: string): AppConfigurationClient;
}

/**
 * The clients of one identity: client id of a user-assigned managed identity, or null for the service's own. Azure
 * DevOps always sees the service's own. Limits are shared by all of them, tokens never.
 */
export type ClientsFor = (identity: string | null) => Clients;
