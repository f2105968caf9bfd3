import type { Json } from '../release/canonical-json.ts';
import { cancel, deploy, plannedIn } from './infrastructure/deployment.ts';
import { begunIn, keptId, leftIn, readDeployed, resourcesOf } from './infrastructure/inventory.ts';
import { changesFor } from './infrastructure/plan.ts';
import { deploymentIdOf, siteOf, sourceOf } from './infrastructure/site.ts';
import type { Infrastructure } from './infrastructure/source.ts';
import { readInfrastructure } from './infrastructure/source.ts';
import { whatIf } from './infrastructure/what-if.ts';
import type { StepContext, StepKind } from './step.ts';

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
      deployed,
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
    return wanted === null ? { done: {} } : cancel(context, wanted);
  },
};

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
