import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArmTwin } from './arm/arm-twin.ts';
import { createArmTwin } from './arm/arm-twin.ts';
import type { AzureDevOps } from './azure-devops/azure-devops.ts';
import { createAzureDevOps } from './azure-devops/azure-devops.ts';
import type { DatabricksTwin } from './databricks/twin.ts';
import { createDatabricksTwin } from './databricks/twin.ts';
import { createEntraTwin } from './entra/entra-twin.ts';
import type { KeyVaultTwin } from './key-vault/key-vault-twin.ts';
import { createKeyVaultTwin } from './key-vault/key-vault-twin.ts';
import type { MonitorTwin } from './monitor/monitor-twin.ts';
import { createMonitorTwin } from './monitor/monitor-twin.ts';
import type { Twin } from './twin/model.ts';
import type { Listening } from './twin/serve.ts';
import { serve } from './twin/serve.ts';

/** The environments of the document by their short names; each has a workspace, a vault and a resource group. */
export const ENVIRONMENT_KEYS = ['dev', 'stg', 'prod'] as const;
export type EnvironmentKey = (typeof ENVIRONMENT_KEYS)[number];

/** One subscription for all environments of the sandbox. */
export const SUBSCRIPTION = '5a4d0b0e-0000-4000-8000-000000000001';

const AUDIENCES = {
  azureDevOps: '499b84ac-1321-427f-aa17-267ca6975798',
  databricks: '2ff814a6-3304-4ab8-85cb-cd0e6f879c1d',
  arm: ['https://management.azure.com', 'https://management.azure.com/'],
  keyVault: 'https://vault.azure.net',
};

/** The twins of all services, on loopback, with what an app needs to find them. */
export interface Cloud {
  readonly azureDevOps: AzureDevOps;
  readonly arm: ArmTwin;
  readonly workspaces: Readonly<Record<EnvironmentKey, DatabricksTwin>>;
  readonly vaults: Readonly<Record<EnvironmentKey, KeyVaultTwin>>;
  readonly monitor: MonitorTwin;
  /** Origins of the workspaces. */
  readonly workspaceUrls: Readonly<Record<EnvironmentKey, string>>;
  readonly azureDevOpsUrl: string;
  /** A token for Azure DevOps, as an administrator would have one. */
  azureDevOpsToken(): string;
  /** App settings that lead the service to the twins. */
  readonly settings: Readonly<Record<string, string>>;
  /** Every twin by name, for counting requests and setting faults. */
  readonly twins: Readonly<Record<string, Twin>>;
  stop(): Promise<void>;
}

/** Name of an environment's vault. */
export function vaultName(key: EnvironmentKey): string {
  return `kv-sandbox-${key}`;
}

function forEach<Value>(make: (key: EnvironmentKey) => Value): Record<EnvironmentKey, Value> {
  return { dev: make('dev'), stg: make('stg'), prod: make('prod') };
}

/**
 * Starts the twins.
 * @param stateFolder keeps what they hold over restarts.
 */
export async function startCloud({ stateFolder }: { readonly stateFolder?: string } = {}): Promise<Cloud> {
  const entra = createEntraTwin();
  const accepts = (audience: string | readonly string[]) => (token: string | undefined) =>
    entra.acceptsToken(token, audience);
  const azureDevOps = createAzureDevOps({
    organization: 'contoso',
    acceptsToken: accepts(AUDIENCES.azureDevOps),
  });
  const arm = createArmTwin({ acceptsToken: accepts(AUDIENCES.arm) });
  const workspaces = forEach(() => createDatabricksTwin({ acceptsToken: accepts(AUDIENCES.databricks) }));
  const vaults = forEach(() => createKeyVaultTwin({ acceptsToken: accepts(AUDIENCES.keyVault) }));
  const monitor = createMonitorTwin();
  const twins: Record<string, Twin> = {
    entra,
    'azure-devops': azureDevOps.service,
    'azure-devops-content': azureDevOps.content,
    arm,
    monitor,
  };
  for (const key of ENVIRONMENT_KEYS) {
    twins[`databricks-${key}`] = workspaces[key];
    twins[`key-vault-${key}`] = vaults[key];
  }
  if (stateFolder !== undefined) await restore(twins, stateFolder);
  const hosts = await azureDevOps.listen();
  const [entraAt, armAt, monitorAt, vaultsAt] = await Promise.all([
    entra.listen(),
    arm.listen(),
    monitor.listen(),
    serveVaults(vaults),
  ]);
  const workspacesAt = forEach(() => undefined as Listening | undefined);
  for (const key of ENVIRONMENT_KEYS) workspacesAt[key] = await workspaces[key].listen();
  const workspaceUrls = forEach((key) => workspacesAt[key]?.url ?? '');
  return {
    ...{ azureDevOps, arm, workspaces, vaults, monitor, workspaceUrls, twins },
    azureDevOpsUrl: hosts.service.url,
    azureDevOpsToken: () => entra.tokenFor('slipway', AUDIENCES.azureDevOps),
    settings: {
      IDENTITY_ENDPOINT: `${entraAt.url}/msi/token`,
      IDENTITY_HEADER: 'sandbox',
      AZURE_DEVOPS_URL: hosts.service.url,
      ARTIFACT_HOSTS: new URL(hosts.content.url).host,
      ARM_URL: armAt.url,
      KEY_VAULT_URL: `${vaultsAt.url}/{vault}`,
      APPLICATIONINSIGHTS_CONNECTION_STRING: `InstrumentationKey=00000000-0000-0000-0000-000000000000;IngestionEndpoint=${monitorAt.url}/`,
    },
    async stop() {
      if (stateFolder !== undefined) await keep(twins, stateFolder);
      await hosts.close();
      const listening = [entraAt, armAt, monitorAt, vaultsAt, ...Object.values(workspacesAt)];
      await Promise.all(listening.map((each) => each?.close()));
    },
  };
}

/** All vaults at one origin: the first segment of the path is the vault's name. */
function serveVaults(vaults: Readonly<Record<EnvironmentKey, KeyVaultTwin>>): Promise<Listening> {
  return serve(async (request) => {
    const url = new URL(request.url, 'http://127.0.0.1');
    const [, name = '', ...rest] = url.pathname.split('/');
    const key = ENVIRONMENT_KEYS.find((each) => vaultName(each) === name);
    if (key === undefined) return { status: 404, headers: {}, body: Buffer.from('') };
    url.pathname = `/${rest.join('/')}`;
    return vaults[key].handle({ ...request, url: url.toString() });
  });
}

async function restore(twins: Readonly<Record<string, Twin>>, folder: string): Promise<void> {
  for (const [name, twin] of Object.entries(twins)) {
    const text = await readFile(join(folder, 'twins', `${name}.json`), 'utf8').catch(() => null);
    if (text !== null) twin.importState(text);
  }
}

async function keep(twins: Readonly<Record<string, Twin>>, folder: string): Promise<void> {
  await mkdir(join(folder, 'twins'), { recursive: true });
  for (const [name, twin] of Object.entries(twins))
    await writeFile(join(folder, 'twins', `${name}.json`), twin.exportState());
}
