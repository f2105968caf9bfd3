import type { Deployment, DeploymentPlace } from '../../engine/arm-client.ts';
import { Refusal } from '../../errors.ts';
import type { Json } from '../../release/canonical-json.ts';
import type { Instant } from '../../release/model.ts';
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
/** A look that comes later than this after its time says nothing of when the deployment ended. */
const LATEST_LOOK_IN_MS = 5 * 60_000;
const LONGEST_DEPLOYMENT_IN_MS = 6 * 60 * 60_000;
/** Resources that are being made end before a deployment stops. */
const LONGEST_STOP_IN_MS = 15 * 60_000;
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
  const where = nameOf(place);
  if (deployment.tags[TAG] !== wanted.digest)
    return { refused: `${where} was not made by Slipway: remove it from the history, then retry.` };
  switch (deployment.state) {
    case 'running':
      return waitFor(context, { client, place });
    case 'canceled':
      return { refused: `${where} was cancelled.` };
    case 'failed':
      return { refused: `${where} failed: ${await whyFailed({ client, place }, deployment)}` };
    case 'succeeded': {
      const hasJustEnded = known === null || wasWaitedFor(context);
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

function nameOf({ name, resourceGroup }: DeploymentPlace): string {
  return `The deployment ${name} in ${resourceGroup}`;
}

async function waitFor({ clock, memo }: StepContext, { client, place }: Site): Promise<StepOutcome> {
  const now = clock.now();
  const since = instantIn(memo, 'since') ?? now;
  if (now - since > LONGEST_DEPLOYMENT_IN_MS) {
    const hours = LONGEST_DEPLOYMENT_IN_MS / 3_600_000;
    return {
      refused: `${nameOf(place)} has not ended in ${hours} hours, ${await stopped({ client, place })}.`,
    };
  }
  const until = now + pauseAfter(now - since);
  return { waiting: { until, memo: { since, until } } };
}

/** A deployment that nobody waited for, or looked at in time, may have ended long ago. */
function wasWaitedFor({ clock, memo }: StepContext): boolean {
  const until = instantIn(memo, 'until');
  return until !== null && clock.now() - until < LATEST_LOOK_IN_MS;
}

async function stopped({ client, place }: Site): Promise<string> {
  try {
    await client.cancelDeployment(place);
    return 'and Slipway has told it to stop';
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return `and cannot be told to stop: ${error.message}`;
  }
}

/** Asks more rarely the longer it takes. */
function pauseAfter(timeInMs: number): number {
  return Math.round(Math.min(Math.max(timeInMs / 2, SHORTEST_PAUSE_IN_MS), LONGEST_PAUSE_IN_MS));
}

function instantIn(memo: Json, name: string): Instant | null {
  const value = typeof memo === 'object' && memo !== null ? Object.entries(memo) : [];
  const found = new Map<string, unknown>(value).get(name);
  return typeof found === 'number' ? found : null;
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
  if (JSON.stringify(outputs).length > LONGEST_OUTPUTS_IN_CHARACTERS) {
    const longest = `longer than ${LONGEST_OUTPUTS_IN_CHARACTERS} characters, which no run can carry`;
    const next = 'Give out names and ids instead of whole objects, then release again';
    return {
      refused: `Azure has deployed main.json (${name}), but its outputs are ${longest}. ${next}.`,
    };
  }
  const noise = hasJustEnded ? await noiseAfter(context, wanted, planned.deploymentId) : [];
  const now = { content: wanted.digest, deployment: name, outputs, noise, ...planned };
  const inventory = await storeDeployed(context, await readDeployed(context), now);
  return { done: { outputs, deployment: name, ...leftIn(planned.left), inventory } };
}

/** Tells the deployment once to stop, and asks until it has. */
export async function cancel(context: StepContext, wanted: Infrastructure): Promise<StepOutcome> {
  const { client, place } = siteOf(context, wanted);
  if ((await client.deployment(place))?.state !== 'running') return { done: {} };
  const now = context.clock.now();
  const toldAt = instantIn(context.memo, 'toldAt');
  if (toldAt === null) await client.cancelDeployment(place);
  const since = toldAt ?? now;
  if (now - since > LONGEST_STOP_IN_MS) {
    const minutes = LONGEST_STOP_IN_MS / 60_000;
    return {
      refused:
        `${nameOf(place)} was told to stop ${minutes} minutes ago and goes on: cancel it in the Azure portal, or let it ` +
        'end before the next release.',
    };
  }
  return { waiting: { until: now + pauseAfter(now - since), memo: { toldAt: since } } };
}
