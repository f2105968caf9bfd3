import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import * as z from 'zod';
import type { ProjectFile } from '../../shared/project/project-file.ts';
import { readProjectFile } from '../../shared/project/project-file.ts';
import { STEPS_THAT_NEED } from '../../shared/project/required-artifacts.ts';
import { namesIn } from '../../shared/project/substitute.ts';
import { buildArtifacts } from '../../tools/example/build-artifacts.ts';
import type { Cloud, EnvironmentKey } from '../cloud.ts';
import { ENVIRONMENT_KEYS, SUBSCRIPTION, vaultName } from '../cloud.ts';

const EXAMPLE = join(__dirname, '..', '..', 'examples', 'parking-sensors');
const ARTIFACTS = [
  'python-wheel',
  'infrastructure',
  'databricks-notebooks',
  'databricks-config',
  'databricks-tests',
];
const ADO_PROJECT = 'parking';

/** A project whose build the sandbox publishes. */
export interface SandboxProject {
  readonly name: string;
  /** Folders of its artifacts by name. */
  readonly artifacts: Readonly<Record<string, string>>;
  /** Values of `{project}-release-{key}` beyond those of the sandbox. */
  readonly variables: Readonly<Record<EnvironmentKey, Readonly<Record<string, string>>>>;
  /** How its releases follow each other; `in-place` where nothing is said. */
  readonly strategies?: Readonly<Partial<Record<EnvironmentKey, 'in-place' | 'versioned'>>>;
  /** Steps that no environment takes. */
  readonly skip?: readonly string[];
}

/** Here, a rollout that lasts for an hour elsewhere is over in seconds. */
const ROLLOUT_WAIT_IN_MINUTES = '0.004';

/** The example project, built anew with Node alone. */
export async function exampleProject(outputFolder: string): Promise<SandboxProject> {
  await buildArtifacts({ outputFolder });
  const groups: Record<string, Record<string, string>> = JSON.parse(
    readFileSync(join(EXAMPLE, 'variable-groups.json'), 'utf8'),
  );
  const quick = { rolloutWaitInMinutes: ROLLOUT_WAIT_IN_MINUTES };
  const of = (key: EnvironmentKey) => ({ ...groups[`parking-sensors-release-${key}`], ...quick });
  return {
    name: 'parking-sensors',
    artifacts: artifactFolders(outputFolder),
    variables: { dev: of('dev'), stg: of('stg'), prod: of('prod') },
    strategies: strategiesIn(readProjectFile(readFileSync(join(EXAMPLE, 'slipway.yaml'), 'utf8'))),
  };
}

function strategiesIn({ environments }: ProjectFile): NonNullable<SandboxProject['strategies']> {
  return Object.fromEntries(Object.values(environments).map(({ key, strategy }) => [key, strategy]));
}

/**
 * Somebody's artifacts; steps whose artifact is not among them are left out. Variables that its configuration names and the sandbox does not know get a made-up value.
 * @throws Error when the folder holds no artifact
 */
export function projectIn(folder: string): SandboxProject {
  const artifacts = artifactFolders(resolve(folder));
  if (Object.keys(artifacts).length === 0) {
    throw new Error(`${folder} holds none of the folders ${ARTIFACTS.join(', ')}.`);
  }
  const name =
    basename(resolve(folder))
      .toLowerCase()
      .replace(/[^a-z0-9-]+/g, '-')
      .replace(/^[^a-z]+|-+$/g, '')
      .slice(0, 30) || 'project';
  const known = Object.keys(defaults(name, 'dev'));
  const unknown = unknownNames(artifacts).filter((variable) => !known.includes(variable));
  const madeUp = Object.fromEntries(unknown.map((variable) => [variable, `sandbox-${variable}`]));
  const skip = [...STEPS_THAT_NEED].flatMap(([artifact, steps]) => (artifact in artifacts ? [] : steps));
  return { name, artifacts, skip, variables: { dev: madeUp, stg: madeUp, prod: madeUp } };
}

function artifactFolders(folder: string): Record<string, string> {
  const present = ARTIFACTS.filter((name) => existsSync(join(folder, name)));
  return Object.fromEntries(present.map((name) => [name, join(folder, name)]));
}

function unknownNames(artifacts: Readonly<Record<string, string>>): string[] {
  const folder = artifacts['databricks-config'];
  if (folder === undefined) return [];
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  const names = files.flatMap((file) => namesOrNone(readFileSync(join(folder, file), 'utf8')));
  return [...new Set(names)].filter((name) => /^[A-Za-z]\w*$/.test(name));
}

function namesOrNone(text: string): string[] {
  try {
    return namesIn(JSON.parse(text));
  } catch {
    return []; // Slipway itself says what is wrong with it.
  }
}

type SeededCloud = Pick<Cloud, 'azureDevOps' | 'arm' | 'vaults' | 'workspaceUrls' | 'appConfigurationUrls'>;

/** What a project needs in Azure DevOps, ARM and Key Vault before its first release. */
export function seedCloud(cloud: SeededCloud, project: SandboxProject): void {
  const { azureDevOps } = cloud;
  azureDevOps.addProject(ADO_PROJECT);
  for (const name of ['Riley Requester', 'Alex Approver']) azureDevOps.addPerson({ displayName: name });
  azureDevOps.addEnvironment({ project: ADO_PROJECT, name: 'development' });
  for (const name of ['staging', 'production']) {
    const approvers = ['Alex Approver'];
    azureDevOps.addEnvironment({ project: ADO_PROJECT, name, approvers, requesterCannotBeApprover: true });
  }
  for (const key of ENVIRONMENT_KEYS) seedEnvironment(cloud, project, key);
}

function seedEnvironment(
  { azureDevOps, arm, vaults, workspaceUrls, appConfigurationUrls }: SeededCloud,
  { name, variables }: SandboxProject,
  key: EnvironmentKey,
): void {
  const own = {
    rgName: `rg-${name}-${key}`,
    databricksWorkspaceUrl: workspaceUrls[key],
    appConfigurationEndpoint: appConfigurationUrls[key],
  };
  arm.addResourceGroup({ subscriptionId: SUBSCRIPTION, name: own.rgName, location: 'eastus2' });
  azureDevOps.addVariableGroup({
    project: ADO_PROJECT,
    name: `${name}-release-${key}`,
    variables: { ...defaults(name, key), ...variables[key], ...own },
  });
  const secrets = { datalakeKey: '', servicePrincipalId: '', tenantId: '' };
  const vault = vaultName(key);
  azureDevOps.addVariableGroup({
    project: ADO_PROJECT,
    name: `${name}-secrets-${key}`,
    variables: secrets,
    vault,
  });
  for (const secret of Object.keys(secrets)) vaults[key].setSecret(secret, `sandbox-${secret}-${key}`);
}

function defaults(project: string, key: EnvironmentKey): Record<string, string> {
  const underscored = project.replaceAll('-', '_');
  return {
    azureLocation: 'eastus2',
    databricksNotebookPath: `/Workspace/Shared/${project}`,
    databricksDbfsLibPath: `/Workspace/Shared/${project}-libs`,
    datalakeAccountName: `st${project.replaceAll('-', '').slice(0, 15)}${key}001`,
    unityCatalogName: `${underscored}_catalog_${key}`,
    clusterPolicyId: '000000000000DE01',
    rolloutWaitInMinutes: ROLLOUT_WAIT_IN_MINUTES,
  };
}

/** The project's slipway.yaml, with the ids of the sandbox's pipelines. */
export function slipwayYaml(
  { name, strategies, skip = [] }: SandboxProject,
  artifactsPipeline: number,
): string {
  const same = `subscription: ${SUBSCRIPTION}, skip: [${skip.join(', ')}]`;
  const environment = (key: EnvironmentKey, rest: string) =>
    `{ key: ${key}, ${same}, strategy: ${strategies?.[key] ?? 'in-place'}${rest} }`;
  return `project: ${name}
azureDevOps: { organization: contoso, project: ${ADO_PROJECT}, artifactsPipeline: ${artifactsPipeline} }
environments:
  dev: ${environment('dev', ', azureDevOpsEnvironment: development')}
  staging: ${environment('stg', ', azureDevOpsEnvironment: staging, approvals: 1')}
  production: ${environment('prod', ', azureDevOpsEnvironment: production, approvals: 1, rollback: on-failed-verification')}
`;
}

/** Makes the artifacts pipeline, so that its id is known before its first build. */
export function addArtifactsPipeline(
  { azureDevOps }: Pick<Cloud, 'azureDevOps'>,
  { name }: SandboxProject,
): number {
  return azureDevOps.addPipeline({ project: ADO_PROJECT, name: `${name}-ci-artifacts`, stages: [] }).id;
}

/** Publishes a build of the project, which makes Azure DevOps call the service hook. */
export function publish(
  { azureDevOps }: Cloud,
  { name, artifacts }: SandboxProject,
  commit = '5'.repeat(40),
): number {
  return azureDevOps.publishBuild({
    project: ADO_PROJECT,
    definition: `${name}-ci-artifacts`,
    commit,
    requestedFor: 'Riley Requester',
    artifacts,
  }).id;
}

/** Where the service listens, and what it wants to be shown. */
export interface WebhookConsumer {
  readonly url: string;
  readonly user: string;
  readonly password: string;
}

/** Subscribes the service's webhook to what it wants to hear, unless it is subscribed already. */
export async function subscribe(cloud: Cloud, { url, user, password }: WebhookConsumer): Promise<void> {
  const events = [
    { publisherId: 'tfs', eventType: 'build.complete', resourceVersion: '2.0' },
    {
      publisherId: 'pipelines',
      eventType: 'ms.vss-pipelinechecks-events.approval-completed',
      resourceVersion: '5.1-preview.1',
    },
  ];
  const known = await subscribedTypes(cloud, url);
  for (const event of events.filter(({ eventType }) => !known.includes(eventType))) {
    const consumerInputs = { url, basicAuthUsername: user, basicAuthPassword: password };
    const subscription = {
      ...event,
      consumerId: 'webHooks',
      consumerActionId: 'httpRequest',
      publisherInputs: {},
      consumerInputs,
    };
    const answer = await fetch(`${cloud.azureDevOpsUrl}/contoso/_apis/hooks/subscriptions?api-version=7.1`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${cloud.azureDevOpsToken()}` },
      body: JSON.stringify(subscription),
    });
    if (!answer.ok)
      throw new Error(`Azure DevOps refuses the subscription: ${answer.status} ${await answer.text()}`);
  }
}

const subscriptionList = z.object({
  value: z.array(z.object({ eventType: z.string(), consumerInputs: z.record(z.string(), z.string()) })),
});

async function subscribedTypes(cloud: Cloud, url: string): Promise<string[]> {
  const answer = await fetch(`${cloud.azureDevOpsUrl}/contoso/_apis/hooks/subscriptions?api-version=7.1`, {
    headers: { authorization: `Bearer ${cloud.azureDevOpsToken()}` },
  });
  const { value } = subscriptionList.parse(await answer.json());
  return value.filter(({ consumerInputs }) => consumerInputs.url === url).map(({ eventType }) => eventType);
}
