import type { ResourceDifference } from '../../engine/arm-client.ts';
import { messageOf, Refusal, TransientFailure } from '../../errors.ts';
import type { StepContext } from '../step.ts';
import type { NoiseLeaf } from './leaves.ts';
import { noiseIn } from './leaves.ts';
import { siteOf, sourceOf } from './site.ts';
import type { Infrastructure } from './source.ts';

/** Longer than that a function does not wait for what-if. */
const LONGEST_IN_MS = 60_000;

/** @throws Refusal when there is no resource group; TransientFailure when Azure gives no answer in time. */
export async function whatIf(
  context: StepContext,
  wanted: Infrastructure,
  deploymentId: string,
): Promise<readonly ResourceDifference[]> {
  const { clock } = context;
  const { client, place } = siteOf(context, wanted);
  const start = clock.now();
  let answer = await client.startWhatIf(place, sourceOf(wanted, deploymentId));
  if (answer === null) throw new Refusal(noResourceGroup(wanted));
  while ('pending' in answer) {
    const sinceInMs = clock.now() - start;
    const pauseInMs = Math.max(answer.pauseInMs, sinceInMs / 4);
    if (sinceInMs + pauseInMs > LONGEST_IN_MS)
      throw new TransientFailure(`what-if gave no answer in ${LONGEST_IN_MS / 1000} seconds`);
    await clock.sleep(pauseInMs);
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

/**
 * What what-if shows right after a deployment of the same content: values that providers filled in, most of them as
 * deletions, which no deployment makes. No answer fails no release: then the next one deploys once more, and looks again.
 */
export async function noiseAfter(
  context: StepContext,
  wanted: Infrastructure,
  deploymentId: string,
): Promise<readonly NoiseLeaf[]> {
  try {
    return noiseIn(await whatIf(context, wanted, deploymentId));
  } catch (error) {
    const { project, run } = context;
    const why = `what-if after the deployment: ${messageOf(error)}`;
    context.log.warn(`not known is what Azure shows of it later (${why})`, { project, run: run.id });
    return [];
  }
}
