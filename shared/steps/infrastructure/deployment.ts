import type { Deployment } from '../../engine/arm-client.ts';
import type { Change } from '../../release/plan.ts';
import type { StepContext, StepOutcome } from '../step.ts';
import type { Resources } from './inventory.ts';
import { leftIn, readDeployed, resourcesIn, storeDeployed } from './inventory.ts';
import type { Site } from './site.ts';
import { siteOf, sourceOf } from './site.ts';
import type { Infrastructure } from './source.ts';
import { noiseAfter } from './what-if.ts';

/** The pause is half of the time that the deployment has taken so far, within these bounds. */
const SHORTEST_PAUSE_IN_MS = 500;
const LONGEST_PAUSE_IN_MS = 60_000;
const LONGEST_DEPLOYMENT_IN_MS = 6 * 60 * 60_000;
/** What a run can carry from step to step. */
const LONGEST_OUTPUTS_IN_CHARACTERS = 16_000;
/** Tag of a deployment that says what it deploys, and so that it is ours. */
const TAG = 'slipway-content';

/** Starts the deployment of a plan, or finds it, and says how it stands. */
export async function deploy(
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
    case 'succeeded': {
      // Found over by a step that has not waited for it, it may have ended long ago.
      const hasJustEnded = known === null || context.memo !== null;
      return succeeded(context, { wanted, planned, deployment, hasJustEnded });
    }
  }
}

interface Planned extends Resources {
  readonly deploymentId: string;
}

/** The id with which the plan was made: the approver saw what it leads to. */
export function plannedIn(changes: readonly Change[]): Planned {
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
  /** Nobody else can have changed anything since. */
  readonly hasJustEnded: boolean;
}

async function succeeded(
  context: StepContext,
  { wanted, planned, deployment: { name, outputs }, hasJustEnded }: Success,
): Promise<StepOutcome> {
  if (JSON.stringify(outputs).length > LONGEST_OUTPUTS_IN_CHARACTERS)
    return {
      refused: `The outputs of main.json are longer than ${LONGEST_OUTPUTS_IN_CHARACTERS} characters.`,
    };
  const noise = hasJustEnded ? await noiseAfter(context, wanted, planned.deploymentId) : [];
  const now = { content: wanted.digest, deployment: name, outputs, noise, ...planned };
  const inventory = await storeDeployed(context, await readDeployed(context), now);
  return { done: { outputs, deployment: name, ...leftIn(planned.left), inventory } };
}

/** Stops the deployment, and asks until it has stopped. */
export async function cancel(context: StepContext, wanted: Infrastructure): Promise<StepOutcome> {
  const { client, place } = siteOf(context, wanted);
  if ((await client.deployment(place))?.state !== 'running') return { done: {} };
  await client.cancelDeployment(place);
  return { waiting: { until: context.clock.now() + SHORTEST_PAUSE_IN_MS, memo: context.memo } };
}
