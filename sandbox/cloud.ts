import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AppConfigurationTwin } from './app-configuration/app-configuration-twin.ts';
import { createAppConfigurationTwin } from './app-configuration/app-configuration-twin.ts';
import type { ArmTwin } from './arm/arm-twin.ts';
import { createArmTwin } from './arm/arm-twin.ts';
import type { AzureDevOps } from './azure-devops/azure-devops.ts';
import { createAzureDevOps } from './azure-devops/azure-devops.ts';
import type { DatabricksTwin } from './databricks/twin.ts';
import { createDatabricksTwin } from './databricks/twin.ts';
import type { EntraTwin } from './entra/entra-twin.ts';
import { createEntraTwin } from './entra/entra-twin.ts';
import type { Ports } from './kept-ports.ts';
import type { KeyVaultTwin } from './key-vault/key-vault-twin.ts';
import { createKeyVaultTwin } from './key-vault/key-vault-twin.ts';
import type { MonitorTwin } from './monitor/monitor-twin.ts';
import { createMonitorTwin } from './monitor/monitor-twin.ts';
import { suiteWork } from './release/test-suites.ts';
import type { TwinRequest, TwinResponse } from './twin/exchange.ts';
import type { Twin } from './twin/model.ts';
import type { Listening } from './twin/serve.ts';
import { serve } from './twin/serve.ts';

/** The environments of the document by their short names; each has a workspace, a vault, a store and a resource group. */
export const ENVIRONMENT_KEYS = ['dev', 'stg', 'prod'] as const;
export type EnvironmentKey = (typeof ENVIRONMENT_KEYS)[number];

/** One subscription for all environments of the sandbox. */
export const SUBSCRIPTION = '5a4d0b0e-0000-4000-8000-000000000001';

const AUDIENCES = {
  azureDevOps: '499b84ac-1321-427f-aa17-267ca6975798',
  databricks: '2ff814a6-3304-4ab8-85cb-cd0e6f879c1d',
  arm: ['https://management.azure.com', 'https://management.azure.com/'],
  keyVault: 'https://vault.azure.net',
  appConfiguration: 'https://appconfig.azure.com',
};

export interface CloudOptions {
  readonly folder: string;
  /** Whether the twins keep what they hold in the folder. */
  readonly keeps: boolean;
  readonly ports: Ports;
  /** Names of tests of the project that fail; all others pass. */
  readonly failingTests?: readonly string[];
}

/** The twins of all services, on loopback, with what an app needs to find them. */
export interface Cloud {
  readonly azureDevOps: AzureDevOps;
  readonly arm: ArmTwin;
  readonly workspaces: Readonly<Record<EnvironmentKey, DatabricksTwin>>;
  readonly vaults: Readonly<Record<EnvironmentKey, KeyVaultTwin>>;
  /** Stores of App Configuration. */
  readonly appConfigurations: Readonly<Record<EnvironmentKey, AppConfigurationTwin>>;
  readonly monitor: MonitorTwin;
  /** Origins of the workspaces. */
  readonly workspaceUrls: Readonly<Record<EnvironmentKey, string>>;
  /** Origins of the stores. */
  readonly appConfigurationUrls: Readonly<Record<EnvironmentKey, string>>;
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

interface Twins {
  readonly entra: EntraTwin;
  readonly azureDevOps: AzureDevOps;
  readonly arm: ArmTwin;
  readonly workspaces: Record<EnvironmentKey, DatabricksTwin>;
  readonly vaults: Record<EnvironmentKey, KeyVaultTwin>;
  readonly appConfigurations: Record<EnvironmentKey, AppConfigurationTwin>;
  readonly monitor: MonitorTwin;
}

function createTwins(failingTests: readonly string[]): Twins {
  const entra = createEntraTwin();
  const work = suiteWork(new Set(failingTests));
  const accepts = (audience: string | readonly string[]) => (token: string | undefined) =>
    entra.acceptsToken(token, audience);
  return {
    entra,
    azureDevOps: createAzureDevOps({ organization: 'contoso', acceptsToken: accepts(AUDIENCES.azureDevOps) }),
    arm: createArmTwin({ acceptsToken: accepts(AUDIENCES.arm) }),
    workspaces: forEach(() => createDatabricksTwin({ acceptsToken: accepts(AUDIENCES.databricks), work })),
    vaults: forEach(() => createKeyVaultTwin({ acceptsToken: accepts(AUDIENCES.keyVault) })),
    appConfigurations: forEach(() =>
      createAppConfigurationTwin({ acceptsToken: accepts(AUDIENCES.appConfiguration) }),
    ),
    monitor: createMonitorTwin(),
  };
}

function byName(made: Twins): Record<string, Twin> {
  const { entra, azureDevOps, arm, workspaces, vaults, appConfigurations, monitor } = made;
  const twins: Record<string, Twin> = { entra, arm, monitor };
  twins['azure-devops'] = azureDevOps.service;
  twins['azure-devops-content'] = azureDevOps.content;
  for (const key of ENVIRONMENT_KEYS) {
    twins[`databricks-${key}`] = workspaces[key];
    twins[`key-vault-${key}`] = vaults[key];
    twins[`app-configuration-${key}`] = appConfigurations[key];
  }
  return twins;
}

/**
 * Starts the twins.
 * @param folder for what is kept over restarts.
 */
export async function startCloud({ folder, keeps, ports, failingTests = [] }: CloudOptions): Promise<Cloud> {
  const made = createTwins(failingTests);
  const { entra, azureDevOps, arm, workspaces, vaults, appConfigurations, monitor } = made;
  const twins = byName(made);
  await mkdir(folder, { recursive: true });
  if (keeps) await restore(twins, folder);
  const hosts = await azureDevOps.listen({ service: ports.of('azure-devops'), content: ports.of('content') });
  const origins = {
    entra: await entra.listen(ports.of('entra')),
    arm: await arm.listen(ports.of('arm')),
    monitor: await monitor.listen(ports.of('monitor')),
    vaults: await serveVaults(vaults, ports.of('vaults')),
  };
  const opened = await listenEach(workspaces, (key) => ports.of(key));
  const stores = await listenEach(appConfigurations, (key) => ports.of(storePort(key)));
  // Makes Entra's key for signatures, which takes a moment: now, while other programs start.
  entra.tokenFor('slipway', AUDIENCES.azureDevOps);
  await ports.keep({
    ...portsOf({ ...origins, 'azure-devops': hosts.service, content: hosts.content, ...opened }),
    ...portsOf(Object.fromEntries(ENVIRONMENT_KEYS.map((key) => [storePort(key), stores[key]]))),
  });
  return {
    ...{ azureDevOps, arm, workspaces, vaults, appConfigurations, monitor, twins },
    workspaceUrls: forEach((key) => opened[key].url),
    appConfigurationUrls: forEach((key) => stores[key].url),
    azureDevOpsUrl: hosts.service.url,
    azureDevOpsToken: () => entra.tokenFor('slipway', AUDIENCES.azureDevOps),
    settings: settingsOf({ azureDevOps: hosts.service, content: hosts.content, ...origins }),
    async stop() {
      if (keeps) await keep(twins, folder);
      const listening = [hosts, ...[origins, opened, stores].flatMap((those) => Object.values(those))];
      await Promise.all(listening.map((each) => each.close()));
    },
  };
}

function storePort(key: EnvironmentKey): string {
  return `app-configuration-${key}`;
}

/** One origin for each environment. */
async function listenEach(
  { dev, stg, prod }: Readonly<Record<EnvironmentKey, Twin>>,
  portOf: (key: EnvironmentKey) => number,
): Promise<Record<EnvironmentKey, Listening>> {
  return {
    dev: await dev.listen(portOf('dev')),
    stg: await stg.listen(portOf('stg')),
    prod: await prod.listen(portOf('prod')),
  };
}

function portsOf(listening: Readonly<Record<string, Listening | undefined>>): Record<string, number> {
  return Object.fromEntries(Object.entries(listening).map(([name, each]) => [name, each?.port ?? 0]));
}

type OriginName = 'entra' | 'arm' | 'monitor' | 'vaults' | 'azureDevOps' | 'content';

function settingsOf(at: Readonly<Record<OriginName, Listening>>): Record<string, string> {
  return {
    IDENTITY_ENDPOINT: `${at.entra.url}/msi/token`,
    IDENTITY_HEADER: 'sandbox',
    AZURE_DEVOPS_URL: at.azureDevOps.url,
    ARTIFACT_HOSTS: new URL(at.content.url).host,
    ARM_URL: at.arm.url,
    KEY_VAULT_URL: `${at.vaults.url}/{vault}`,
    APPLICATIONINSIGHTS_CONNECTION_STRING: `InstrumentationKey=00000000-0000-0000-0000-000000000000;IngestionEndpoint=${at.monitor.url}/`,
    // The telemetry package asks Azure about itself now and then; there is nobody at this address.
    HTTPS_PROXY: 'http://127.0.0.1:9',
    NO_PROXY: '127.0.0.1,localhost',
  };
}

/** All vaults at one origin: the first segment of the path is the vault's name. */
function serveVaults(
  vaults: Readonly<Record<EnvironmentKey, KeyVaultTwin>>,
  port: number,
): Promise<Listening> {
  const handle = async (request: TwinRequest): Promise<TwinResponse> => {
    const url = new URL(request.url, 'http://127.0.0.1');
    const [, name = '', ...rest] = url.pathname.split('/');
    const key = ENVIRONMENT_KEYS.find((each) => vaultName(each) === name);
    if (key === undefined) return { status: 404, headers: {}, body: Buffer.from('') };
    url.pathname = `/${rest.join('/')}`;
    return vaults[key].handle({ ...request, url: url.toString() });
  };
  return serve(handle, { port });
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
