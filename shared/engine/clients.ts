import type { AppConfigurationClient } from './app-configuration-client.ts';
import type { ArmClient } from './arm-client.ts';
import type { AzureDevOpsClient } from './azure-devops-client.ts';
import type { DatabricksClient } from './databricks-client.ts';
import type { KeyVaultClient } from './key-vault-client.ts';

/** The services that steps work with. Each client is made for one place and shares its limits within the process. */
export interface Clients {
  /** @param workspaceUrl origin of the workspace, from the variable `databricksWorkspaceUrl`. */
  databricks(workspaceUrl: string): DatabricksClient;
  arm(subscription: string): ArmClient;
  azureDevOps(organization: string): AzureDevOpsClient;
  /** @param vault name of the vault, not its address. */
  keyVault(vault: string): KeyVaultClient;
  /** @param endpoint origin of the store, from `endpoint` of feature-flags.json. */
  appConfiguration(endpoint: string): AppConfigurationClient;
}
