import type { ArmClient, Deployment, DeploymentPlace, DeploymentSource } from '../engine/arm-client.ts';
import { Refusal, TransientFailure } from '../errors.ts';
import type { Json } from '../release/canonical-json.ts';
import { canonicalJson, sha256 } from '../release/canonical-json.ts';
import type { Change } from '../release/plan.ts';
import type { Resources } from './infrastructure/inventory.ts';
import {
  begunIn,
  keptId,
  readDeployed,
  resourcesIn,
  resourcesOf,
  storeDeployed,
} from './infrastructure/inventory.ts';
import { changesFor } from './infrastructure/plan.ts';
import type { Infrastructure } from './infrastructure/source.ts';
import { readInfrastructure } from './infrastructure/source.ts';
import type { StepContext, StepKind, StepOutcome } from './step.ts';

/** Longer than that a function does not wait for what-if. */
const LONGEST_WHAT_IF_IN_MS = 60_000;
/** The pause is half of the time that the deployment has taken so far, within these bounds. */
const SHORTEST_PAUSE_IN_MS = 500;
const LONGEST_PAUSE_IN_MS = 60_000;
const LONGEST_DEPLOYMENT_IN_MS = 6 * 60 * 60_000;
/** What a run can carry from step to step. */
const LONGEST_OUTPUTS_IN_CHARACTERS = 16_000;
/** Tag of a deployment that says what it deploys, and so that it is ours. */
const TAG = 'slipway-content';

/**
 * Deploys the compiled template of a release into the resource group of its environment, in incremental mode, and
 * gives its outputs to the steps after it.
 */
export const infrastructure: StepKind = {
  name: 'infrastructure',
  summary: 'Azure resources of main.json in the resource group of rgName',
  async plan(context) {
    const wanted = await readInfrastructure(context);
    if (wanted === null) return [];
    const deployed = await readDeployed(context);
    const begun = await begunIn(context);
    // With a new id a tag that holds it would differ, though nothing else is new.
    const deploymentId = keptId(deployed, context, wanted.digest) ?? deploymentIdOf(context, wanted);
    const differences = await whatIf(context, wanted, deploymentId);
    const earlier = [...(deployed?.resources ?? []), ...(deployed?.left ?? []), ...begun.resources];
    return changesFor(differences, {
      wanted,
      deploymentId,
      deployed: deployed?.content ?? null,
      isUncertain: begun.isUncertain,
      ...resourcesOf(differences, earlier, wanted),
    });
  },
  async check(context, changes) {
    const wanted = await readInfrastructure(context);
    if (wanted === null || changes.length === 0) return [];
    const { client, place } = siteOf(context, wanted);
    await client.validate(place, sourceOf(wanted, plannedIn(changes).deploymentId));
    return [];
  },
  async apply(context, changes) {
    const wanted = await readInfrastructure(context);
    if (wanted === null || changes.length === 0) return { done: await outputOfLast(context, wanted) };
    return deploy(context, wanted, changes);
  },
  async cancel(context) {
    const wanted = await readInfrastructure(context);
    if (wanted === null) return { done: {} };
    const { client, place } = siteOf(context, wanted);
    if ((await client.deployment(place))?.state !== 'running') return { done: {} };
    await client.cancelDeployment(place);
    return { waiting: { until: context.clock.now() + SHORTEST_PAUSE_IN_MS, memo: context.memo } };
  },
};

/** Names the deployments of a release: at most 40 characters, the same for the same release and content. */
function deploymentIdOf({ run }: StepContext, { digest }: Infrastructure): string {
  return `${run.release.replaceAll(/[^A-Za-z0-9-]+/g, '-').slice(0, 27)}-${digest.slice(0, 12)}`;
}

/** Name of the deployment of one round of the step; another try of it finds the deployment by this name. */
function deploymentName({ project, run, key }: StepContext, { digest }: Infrastructure): string {
  const ours = sha256(canonicalJson([project, key, digest])).slice(0, 16);
  return `slipway-${run.release.replaceAll(/[^\w.()-]+/g, '-').slice(0, 38)}-${ours}`;
}

interface Site {
  readonly client: ArmClient;
  readonly place: DeploymentPlace;
}

function siteOf(context: StepContext, wanted: Infrastructure): Site {
  const { subscription, resourceGroup } = wanted;
  const place = { resourceGroup, name: deploymentName(context, wanted) };
  return { client: context.clients.arm(subscription), place };
}

function sourceOf({ template, parameters, takesDeploymentId }: Infrastructure, id: string): DeploymentSource {
  const added = takesDeploymentId ? { deployment_id: { value: id } } : {};
  return { template, parameters: { ...parameters, ...added } };
}

async function whatIf(context: StepContext, wanted: Infrastructure, deploymentId: string) {
  const { clock } = context;
  const { client, place } = siteOf(context, wanted);
  const end = clock.now() + LONGEST_WHAT_IF_IN_MS;
  let answer = await client.startWhatIf(place, sourceOf(wanted, deploymentId));
  if (answer === null) throw new Refusal(noResourceGroup(wanted));
  while ('pending' in answer) {
    if (clock.now() + answer.pauseInMs > end)
      throw new TransientFailure(`what-if gave no answer in ${LONGEST_WHAT_IF_IN_MS / 1000} seconds`);
    await clock.sleep(answer.pauseInMs);
    answer = await client.whatIfResult(answer.pending);
  }
  return answer.differences;
}

function noResourceGroup({ subscription, resourceGroup, location }: Infrastructure): string {
  return (
    `There is no resource group ${resourceGroup}. Create it: az group create --subscription ${subscription} ` +
    `--name ${resourceGroup} --location ${location}. Or correct the variable rgName.`
  );
}

/** A release without infrastructure leaves all that there is. */
async function outputOfLast(
  context: StepContext,
  wanted: Infrastructure | null,
): Promise<Record<string, Json>> {
  const deployed = await readDeployed(context);
  if (deployed === null) return {};
  const { outputs, deployment, resources, left } = deployed;
  const staying = wanted === null ? [...resources, ...left].sort() : left;
  return { outputs, deployment, ...leftIn(staying), inventory: context.inventory?.digest ?? null };
}

/** Ids of resources that stay in Azure although the template does not have them. */
function leftIn(left: readonly string[]): { readonly left?: readonly string[] } {
  return left.length === 0 ? {} : { left };
}

async function deploy(
  context: StepContext,
  wanted: Infrastructure,
  changes: readonly Change[],
): Promise<StepOutcome> {
  const { client, place } = siteOf(context, wanted);
  const planned = plannedIn(changes);
  const source = sourceOf(wanted, planned.deploymentId);
  const known = await client.deployment(place);
  if (known === null && context.signal.aborted) throw new Error('the run was cancelled');
  const deployment = known ?? (await client.startDeployment(place, source, { [TAG]: wanted.digest }));
  const where = `The deployment ${place.name} in ${place.resourceGroup}`;
  if (deployment.tags[TAG] !== wanted.digest)
    return { refused: `${where} was not made by Slipway: remove it from the history, then retry.` };
  switch (deployment.state) {
    case 'running':
      return waitFor(context, where);
    case 'canceled':
      return { refused: `${where} was cancelled.` };
    case 'failed':
      return { refused: `${where} failed: ${await whyFailed({ client, place }, deployment)}` };
    case 'succeeded':
      return succeeded(context, { wanted, planned, deployment });
  }
}

interface Planned extends Resources {
  readonly deploymentId: string;
}

/** The id with which the plan was made: the approver saw what it leads to. */
function plannedIn(changes: readonly Change[]): Planned {
  const template = changes.find(({ data }) => typeof data?.deploymentId === 'string');
  if (template === undefined) throw new Error('the plan has no deployment id');
  return { deploymentId: String(template.data?.deploymentId), ...resourcesIn(template) };
}

/** Asks more rarely the longer it takes. */
function waitFor({ clock, memo }: StepContext, where: string): StepOutcome {
  const now = clock.now();
  const since = typeof memo === 'object' && memo !== null && 'since' in memo ? Number(memo.since) : now;
  if (now - since > LONGEST_DEPLOYMENT_IN_MS)
    return { refused: `${where} has not ended in ${LONGEST_DEPLOYMENT_IN_MS / 3_600_000} hours.` };
  const pause = Math.min(Math.max((now - since) / 2, SHORTEST_PAUSE_IN_MS), LONGEST_PAUSE_IN_MS);
  return { waiting: { until: now + Math.round(pause), memo: { since } } };
}

async function whyFailed({ client, place }: Site, { error }: Deployment): Promise<string> {
  const lines = await client.failures(place);
  return lines.length > 0 ? lines.join('; ') : (error ?? 'Azure does not say why');
}

interface Success {
  readonly wanted: Infrastructure;
  readonly planned: Planned;
  readonly deployment: Deployment;
}

async function succeeded(
  context: StepContext,
  { wanted, planned, deployment: { name, outputs } }: Success,
): Promise<StepOutcome> {
  if (JSON.stringify(outputs).length > LONGEST_OUTPUTS_IN_CHARACTERS)
    return {
      refused: `The outputs of main.json are longer than ${LONGEST_OUTPUTS_IN_CHARACTERS} characters.`,
    };
  const now = { content: wanted.digest, deployment: name, outputs, ...planned };
  const inventory = await storeDeployed(context, await readDeployed(context), now);
  return { done: { outputs, deployment: name, ...leftIn(planned.left), inventory } };
}
