import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TokenCredential } from '@azure/core-auth';
import type { AppConfigurationTwin } from '../../sandbox/app-configuration/app-configuration-twin.ts';
import { createAppConfigurationTwin } from '../../sandbox/app-configuration/app-configuration-twin.ts';
import type { ArmSettings, ArmTwin } from '../../sandbox/arm/arm-twin.ts';
import { createArmTwin } from '../../sandbox/arm/arm-twin.ts';
import type { AzureDevOps } from '../../sandbox/azure-devops/azure-devops.ts';
import { createAzureDevOps } from '../../sandbox/azure-devops/azure-devops.ts';
import type { EnvironmentKey } from '../../sandbox/cloud.ts';
import { ENVIRONMENT_KEYS, vaultName } from '../../sandbox/cloud.ts';
import type { DatabricksOptions } from '../../sandbox/databricks/context.ts';
import type { DatabricksTwin } from '../../sandbox/databricks/twin.ts';
import { createDatabricksTwin } from '../../sandbox/databricks/twin.ts';
import type { KeyVaultTwin } from '../../sandbox/key-vault/key-vault-twin.ts';
import { createKeyVaultTwin } from '../../sandbox/key-vault/key-vault-twin.ts';
import { addArtifactsPipeline, seedCloud } from '../../sandbox/release/project.ts';
import { suiteWork } from '../../sandbox/release/test-suites.ts';
import { createChance } from '../../sandbox/twin/chance.ts';
import type { Clock } from '../../sandbox/twin/clock.ts';
import type { Twin, TwinSettings, Verdict } from '../../sandbox/twin/model.ts';
import type { LoggedRequest } from '../../sandbox/twin/request-log.ts';

export const PROJECT = 'parking-sensors';
const ADO_PROJECT = 'parking';

/** What may differ between two clouds. */
export interface TwinsOptions {
  readonly databricks?: TwinSettings & DatabricksOptions;
  readonly arm?: ArmSettings;
  /** Variables of the release groups, where `{key}` is the environment's; null takes one away. */
  readonly variables?: Readonly<Record<string, string | null>>;
}

/** The twins of all services in one virtual time, with what the example project needs before its first release. */
export interface Twins {
  readonly azureDevOps: AzureDevOps;
  readonly arm: ArmTwin;
  readonly workspaces: Readonly<Record<EnvironmentKey, DatabricksTwin>>;
  readonly vaults: Readonly<Record<EnvironmentKey, KeyVaultTwin>>;
  /** Stores of App Configuration. */
  readonly appConfigurations: Readonly<Record<EnvironmentKey, AppConfigurationTwin>>;
  readonly workspaceUrls: Readonly<Record<EnvironmentKey, string>>;
  /** Every twin by the origin at which it is reached. */
  readonly byOrigin: Readonly<Record<string, Twin>>;
  readonly identity: TokenCredential;
  /** A user-assigned identity, by its client id. */
  identityOf(clientId: string): TokenCredential;
  /** Id of the pipeline that publishes the artifacts. */
  readonly artifactsPipeline: number;
}

/** Makes the twins; none of them listens. */
export function newTwins(clock: Clock, options: TwinsOptions = {}): Twins {
  const base = { clock, chance: createChance(5) };
  const work = suiteWork(new Set());
  const azureDevOps = createAzureDevOps({
    ...base,
    organization: 'contoso',
    acceptsToken: accepts(AUDIENCES.azureDevOps),
  });
  const acceptsArm = accepts(AUDIENCES.arm);
  const durations = { resourceInMs: 20_000 };
  const arm = createArmTwin({ ...base, durations, acceptsToken: acceptsArm, ...options.arm });
  const workspaces = forEach(() =>
    createDatabricksTwin({
      ...{ ...base, work, acceptsToken: accepts(AUDIENCES.databricks) },
      ...options.databricks,
    }),
  );
  const vaults = forEach(() => createKeyVaultTwin({ ...base, acceptsToken: accepts(AUDIENCES.keyVault) }));
  const appConfigurations = forEach(() =>
    createAppConfigurationTwin({ ...base, acceptsToken: accepts(AUDIENCES.appConfiguration) }),
  );
  const groups = variableGroups(options.variables ?? {});
  const workspaceUrls = forEach((key) => String(WORKSPACE_URLS[key]));
  const appConfigurationUrls = forEach((key) => `https://appcs-sandbox-${key}.azconfig.io`);
  const cloud = { azureDevOps, arm, vaults, workspaceUrls, appConfigurationUrls };
  const project = { name: PROJECT, artifacts: {}, variables: groups };
  seedCloud(cloud, project);
  const artifactsPipeline = addArtifactsPipeline(cloud, project);
  const byOrigin: Record<string, Twin> = {
    'https://dev.azure.com': azureDevOps.service,
    'https://artprodweu3.artifacts.visualstudio.com': azureDevOps.content,
    'https://management.azure.com': arm,
  };
  for (const key of ENVIRONMENT_KEYS) {
    byOrigin[workspaceUrls[key]] = workspaces[key];
    byOrigin[`https://${vaultName(key)}.vault.azure.net`] = vaults[key];
    byOrigin[appConfigurationUrls[key]] = appConfigurations[key];
  }
  return {
    ...cloud,
    workspaces,
    appConfigurations,
    byOrigin,
    ...identitiesIn(clock),
    artifactsPipeline,
  };
}

const AUDIENCES = {
  azureDevOps: '499b84ac-1321-427f-aa17-267ca6975798',
  databricks: '2ff814a6-3304-4ab8-85cb-cd0e6f879c1d',
  arm: 'https://management.azure.com',
  keyVault: 'https://vault.azure.net',
  appConfiguration: 'https://appconfig.azure.com',
};

const WORKSPACE_URLS: Readonly<Record<EnvironmentKey, string>> = {
  dev: 'https://adb-1000000000000001.1.azuredatabricks.net',
  stg: 'https://adb-1000000000000002.2.azuredatabricks.net',
  prod: 'https://adb-1000000000000003.3.azuredatabricks.net',
};

/** What every token begins with: no text that is stored, sent or logged may hold it. */
export const TOKEN = 'token-of-slipway-for-';
const TOKEN_LASTS_IN_MS = 50 * 60_000;

/** A service lets Slipway in with a token for itself, and nobody else. */
function accepts(audience: string): (token: string | undefined) => Verdict {
  return (token = '') => {
    const [given, principal = 'Slipway'] = token.split(' as ');
    return given === `${TOKEN}${audience}` ? { ok: true, principal } : { ok: false, why: 'bad token' };
  };
}

function identitiesIn(clock: Clock): Pick<Twins, 'identity' | 'identityOf'> {
  const credential = (suffix: string): TokenCredential => ({
    getToken: async (scopes) => ({
      token: `${TOKEN}${String(scopes).replace(/\/\.default$/, '')}${suffix}`,
      expiresOnTimestamp: clock.now() + TOKEN_LASTS_IN_MS,
    }),
  });
  return { identity: credential(''), identityOf: (clientId) => credential(` as ${clientId}`) };
}

function forEach<Value>(make: (key: EnvironmentKey) => Value): Record<EnvironmentKey, Value> {
  return { dev: make('dev'), stg: make('stg'), prod: make('prod') };
}

/** The groups of the example, with changes. */
function variableGroups(changes: Readonly<Record<string, string | null>>) {
  const path = join(__dirname, '../../examples/parking-sensors/variable-groups.json');
  const groups: Record<string, Record<string, string>> = JSON.parse(readFileSync(path, 'utf8'));
  return forEach((key) => {
    const variables = { ...groups[`${PROJECT}-release-${key}`] };
    for (const [name, value] of Object.entries(changes))
      variables[name] = (value ?? '').replace('{key}', key);
    return variables;
  });
}

/** Publishes a build with these artifacts, and gives its id. */
export function publishBuild(
  { azureDevOps }: Pick<Twins, 'azureDevOps'>,
  artifacts: Readonly<Record<string, Readonly<Record<string, string | Uint8Array>>>>,
): number {
  return azureDevOps.publishBuild({
    project: ADO_PROJECT,
    definition: `${PROJECT}-ci-artifacts`,
    commit: '5'.repeat(40),
    requestedFor: 'Riley Requester',
    artifacts,
  }).id;
}

/** They only say what would be, or try what is there. */
const READS = new Set(['Deployments_WhatIf', 'Deployments_Validate', 'Jobs.submit']);

/** By method, so that a new operation counts as a write until somebody says that it reads. */
function isWrite({ method, operation }: LoggedRequest): boolean {
  return method !== 'GET' && method !== 'HEAD' && !READS.has(operation);
}

/** Requests to one twin that were to change something, whatever came of them. */
export function writesTo(twin: Twin): LoggedRequest[] {
  return twin.log.requests().filter(isWrite);
}

/** The same for all workspaces and Azure Resource Manager: their operations. */
export function writesIn({ workspaces, arm }: Pick<Twins, 'workspaces' | 'arm'>): string[] {
  return [...Object.values(workspaces), arm].flatMap((twin) =>
    writesTo(twin).map(({ operation }) => operation),
  );
}
