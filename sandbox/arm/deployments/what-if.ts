import { evaluateDeep } from '../expressions/evaluate.ts';
import { asObject, isObject, NotYetKnown, type Value, type ValueObject } from '../expressions/value.ts';
import { parentIdOf, partsOfId, resourceGroupId } from '../resource-id.ts';
import type { StoredResource } from '../state.ts';
import { bodyOf, surplusOf } from './deploy-resource.ts';
import { type Preflight, preflight } from './preflight.ts';
import type { DeploymentSource } from './prepare.ts';
import { type PropertyChange, propertyChanges } from './property-changes.ts';
import type { ArmWorld } from './world.ts';

/** One resource in the answer of what-if. */
export interface WhatIfChange {
  resourceId: string;
  changeType: 'Create' | 'Delete' | 'Ignore' | 'Deploy' | 'NoChange' | 'Modify' | 'Unsupported';
  unsupportedReason?: string;
  before?: ValueObject;
  after?: ValueObject;
  delta?: PropertyChange[];
}

/** How the changes are asked for. */
export interface WhatIfOptions {
  mode: 'Incremental' | 'Complete';
  resultFormat: 'ResourceIdOnly' | 'FullResourcePayloads';
}

/**
 * What a deployment would change. A property that needs the state of a resource (`reference`) shows as its expression and
 * so always counts as changed; that is a documented limit of what-if. Throws `DeploymentProblem` for a bad template.
 */
export function whatIf(
  world: ArmWorld,
  source: DeploymentSource,
  options: WhatIfOptions,
): { changes: WhatIfChange[]; diagnostics: object[] } {
  const found = preflight(world, source);
  const declared = found.resources.map((one) => declaredChange(world, one, options));
  const changes = [...declared, ...unsupported(found, source), ...others(world, { found, source, options })];
  return {
    changes: changes.map((change) => (options.resultFormat === 'ResourceIdOnly' ? idOnly(change) : change)),
    diagnostics: found.skipped.map(skippedDiagnostic),
  };
}

function declaredChange(
  { state, showsDefaults }: ArmWorld,
  { resource, context }: Preflight['resources'][number],
  { resultFormat }: WhatIfOptions,
): WhatIfChange {
  const { id: resourceId } = resource;
  const stored = state.resources.get(resourceId.toLowerCase());
  if (stored && resultFormat === 'ResourceIdOnly') return { resourceId, changeType: 'Deploy' };
  const body = asObject(evaluateDeep(bodyOf(resource.definition), context, asExpression));
  const after = payload({ ...resource, body });
  if (!stored) return { resourceId, changeType: 'Create', after };
  const shown = showsDefaults ? { ...stored, body: merged(stored.added, stored.body) } : stored;
  const before = payload({ ...shown, apiVersion: resource.apiVersion });
  const delta = propertyChanges(before, after);
  if (delta.length === 0) return { resourceId, changeType: 'NoChange', before, after };
  return { resourceId, changeType: 'Modify', before, after, delta };
}

/** What the provider added, and over it what was deployed. */
function merged(added: ValueObject, deployed: ValueObject): ValueObject {
  const both = Object.entries(deployed).map(([name, value]): [string, Value] => {
    const below = added[name];
    return [name, isObject(below) && isObject(value) ? merged(below, value) : value];
  });
  return { ...added, ...Object.fromEntries(both) };
}

function asExpression(text: string, error: unknown): string {
  if (error instanceof NotYetKnown) return text;
  throw error;
}

/** A resource as what-if shows it: what identifies it, then what was declared. */
function payload({ id, type, name, apiVersion, body }: Omit<StoredResource, 'added'>): ValueObject {
  return { apiVersion, id, type, name: name.split('/').at(-1) ?? name, ...body };
}

function unsupported({ unresolved }: Preflight, { scope }: DeploymentSource): WhatIfChange[] {
  const group = resourceGroupId(scope.subscriptionId, scope.resourceGroup.name);
  return unresolved.map(({ type, name, path }) => ({
    resourceId: `${group}/providers/${type}/${name}`,
    changeType: 'Unsupported',
    unsupportedReason: `Changes to the resource declared at '${path}' on line 1 and column 1 cannot be analyzed because its resource ID or API version cannot be calculated until the deployment is under way. Please see https://aka.ms/WhatIfUnidentifiableResource for more guidance.`,
  }));
}

interface Compared {
  found: Preflight;
  source: DeploymentSource;
  options: WhatIfOptions;
}

/** The resources of the group that the template does not mention: left alone, or removed in complete mode. */
function others({ state }: ArmWorld, { found, source, options }: Compared): WhatIfChange[] {
  const { subscriptionId, resourceGroup } = source.scope;
  const kept = new Set(found.resources.map(({ resource }) => resource.id.toLowerCase()));
  return surplusOf({ state }, { subscriptionId, resourceGroup: resourceGroup.name }, kept).flatMap((key) => {
    const stored = state.resources.get(key);
    if (!stored || parentIdOf(key) !== undefined || partsOfId(partsOfId(key)?.scope ?? '')) return [];
    const before = payload(stored);
    const change: WhatIfChange =
      options.mode === 'Complete'
        ? { resourceId: stored.id, changeType: 'Delete', before }
        : { resourceId: stored.id, changeType: 'Ignore', before, after: before };
    return [change];
  });
}

function idOnly({ resourceId, changeType, unsupportedReason }: WhatIfChange): WhatIfChange {
  return { resourceId, changeType, ...(unsupportedReason === undefined ? {} : { unsupportedReason }) };
}

function skippedDiagnostic(target: string): object {
  return {
    level: 'Warning',
    code: 'NestedDeploymentShortCircuited',
    target,
    message:
      'A nested deployment got short-circuited and all its resources got skipped from validation. This is due to a nested template having a parameter that was not fully evaluated (e.g. contains a reference() function).',
  };
}
