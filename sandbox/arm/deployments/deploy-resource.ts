import { matchesPattern } from '../../twin/pattern.ts';
import { DeploymentProblem } from '../errors.ts';
import type { ExpressionContext } from '../expressions/context.ts';
import { evaluateDeep } from '../expressions/evaluate.ts';
import { asObject, type Value, type ValueObject } from '../expressions/value.ts';
import { parentIdOf, partsOfId, resourceGroupId } from '../resource-id.ts';
import type { DeploymentRecord, DeploymentStep, ResourceFault } from '../state.ts';
import { addedByProvider } from './provider-values.ts';
import type { ArmWorld } from './world.ts';

/** Fields of a declaration that are no part of the resource. */
const NOT_STORED = new Set(
  'type name apiVersion dependsOn condition copy resources scope comments existing import metadata subscriptionId resourceGroup'.split(
    ' ',
  ),
);

/** What a declaration says of the resource itself, not yet evaluated. */
export function bodyOf(definition: ValueObject): ValueObject {
  return Object.fromEntries(Object.entries(definition).filter(([name]) => !NOT_STORED.has(name)));
}

/** Puts one resource; throws `DeploymentProblem` when its provider refuses it. */
export function deployResource(world: ArmWorld, step: DeploymentStep, context: ExpressionContext): void {
  const failure = takeFault(world, step, 'fail');
  if (failure) throw new DeploymentProblem({ code: failure.code, target: step.id, message: failure.message });
  const parent = parentIdOf(step.id);
  if (parent && !world.state.resources.has(parent.toLowerCase())) throw parentNotFound(step, parent);
  const body = asObject(
    evaluateDeep(withoutNulls(bodyOf(step.definition)), { ...context, loops: step.loops }),
  );
  const { id, type, name, apiVersion } = step;
  const resource = { id, type, name, apiVersion, body };
  const added = addedByProvider(resource, world.tenantId);
  world.state.resources.set(id.toLowerCase(), { ...resource, added });
}

function withoutNulls(body: ValueObject): Value {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
}

function parentNotFound({ type }: DeploymentStep, parent: string): DeploymentProblem {
  const short = type.split('/').slice(1).join('/');
  const message = `Failed to perform 'write' on resource(s) of type '${short}', because the parent resource '${parent}' could not be found.`;
  return new DeploymentProblem({ code: 'ParentResourceNotFound', message }, 404);
}

/** How long a resource takes, with the delays that were asked for. */
export function durationOf(world: ArmWorld, step: DeploymentStep): number {
  return world.durations.resourceInMs + (takeFault(world, step, 'delay')?.delayInMs ?? 0);
}

/** The first fault of a kind that hits a resource; one that was for a number of resources is used up. */
function takeFault<Kind extends ResourceFault['kind']>(
  { state }: ArmWorld,
  { id, type }: DeploymentStep,
  kind: Kind,
): Extract<ResourceFault, { kind: Kind }> | undefined {
  const hits = (fault: ResourceFault): fault is Extract<ResourceFault, { kind: Kind }> =>
    fault.kind === kind && matchesPattern(fault.match, { operation: type, path: id });
  const fault = state.resourceFaults.find(hits);
  if (fault?.times !== undefined) fault.times--;
  state.resourceFaults = state.resourceFaults.filter(({ times }) => times !== 0);
  return fault;
}

/** Complete mode: removes what the resource group holds and the deployment did not deploy. */
export function removeSurplus({ state }: ArmWorld, record: DeploymentRecord): void {
  for (const id of surplusOf({ state }, record, deployedBy({ state }, record))) state.resources.delete(id);
}

/** Keys of the resources of a resource group that are not kept; contained ones go with what contains them. */
export function surplusOf(
  { state }: Pick<ArmWorld, 'state'>,
  at: { subscriptionId: string; resourceGroup: string },
  kept: ReadonlySet<string>,
): string[] {
  const group = resourceGroupId(at.subscriptionId, at.resourceGroup).toLowerCase();
  const top = [...state.resources.keys()].filter(
    (id) => partsOfId(id)?.scope === group && parentIdOf(id) === undefined && !kept.has(id),
  );
  return [...state.resources.keys()].filter((id) =>
    top.some((one) => id === one || id.startsWith(`${one}/`)),
  );
}

function deployedBy({ state }: Pick<ArmWorld, 'state'>, record: DeploymentRecord): Set<string> {
  const ids = new Set<string>();
  for (const { id } of record.steps) {
    const nested = state.deployments.get(id.toLowerCase());
    ids.add(id.toLowerCase());
    if (nested) for (const one of deployedBy({ state }, nested)) ids.add(one);
  }
  return ids;
}
