import {
  type ArmError,
  DeploymentProblem,
  forbiddenResources,
  invalidDeployment,
  invalidTemplate,
} from '../errors.ts';
import type { ExpressionContext } from '../expressions/context.ts';
import { ExpressionError, NotYetKnown } from '../expressions/value.ts';
import { resourceIdOf } from '../resource-id.ts';
import type { DeclaredResource, UnresolvedResource } from '../template/declared.ts';
import { nameProblem } from './name-rules.ts';
import { isDeployment, nestedSource } from './nested.ts';
import { type DeploymentSource, type Prepared, prepare, wantedResources } from './prepare.ts';
import type { ArmWorld } from './world.ts';

/** All resources that a deployment would deploy, those of nested deployments included. */
export interface Preflight {
  prepared: Prepared;
  resources: { resource: DeclaredResource; context: ExpressionContext }[];
  unresolved: (UnresolvedResource & { deployment: string })[];
  /** Ids of nested deployments that could not be looked into, since too little of them is known. */
  skipped: string[];
}

/** Checks a deployment before it runs, as validate, what-if and PUT do. Throws `DeploymentProblem`. */
export function preflight(world: ArmWorld, source: DeploymentSource): Preflight {
  const prepared = inTemplateWords(() => prepare(world, source));
  const [unresolved] = prepared.declared.unresolved;
  if (unresolved)
    throw invalidTemplate(
      `The template resource '${unresolved.name}' is not valid: The template function 'reference' is not expected at this location. Please see https://aka.ms/arm-functions for usage details.`,
      unresolved.path,
    );
  const found: Preflight = { prepared, resources: [], unresolved: [], skipped: [] };
  inTemplateWords(() => expand(world, prepared, found));
  refuseBadNames(world, source, found);
  refuseMissingRights(world, source, found);
  return found;
}

function expand(world: ArmWorld, prepared: Prepared, found: Preflight): void {
  const { scope } = prepared.context;
  for (const resource of wantedResources(prepared.declared)) {
    const context = { ...prepared.context, loops: resource.loops };
    if (isDeployment(resource)) expandNested(world, { resource, context }, found);
    else found.resources.push({ resource, context });
  }
  const deployment = scope.deployment.name;
  found.unresolved.push(...prepared.declared.unresolved.map((one) => ({ ...one, deployment })));
}

function expandNested(world: ArmWorld, nested: Preflight['resources'][number], found: Preflight): void {
  try {
    expand(world, prepare(world, nestedSource(world, nested.resource, nested.context)), found);
  } catch (error) {
    if (!(error instanceof NotYetKnown)) throw error;
    found.skipped.push(nested.resource.id);
  }
}

function refuseBadNames(world: ArmWorld, { scope }: DeploymentSource, { resources }: Preflight): void {
  const problems = resources
    .map(({ resource }) => nameProblem(resource.type, resource.name))
    .filter((problem): problem is ArmError => problem !== undefined);
  if (problems.length > 0) throw invalidDeployment(scope.deployment.name, world.chance.uuid(), problems);
}

/** The caller must be allowed to write every resource, which ARM looks at before it begins. */
function refuseMissingRights(
  { permits }: ArmWorld,
  { principal }: DeploymentSource,
  { resources }: Preflight,
): void {
  if (principal === undefined) return;
  const missing = resources
    .map(({ resource: { id, type, name } }) => ({ id, name, type, action: `${type}/write` }))
    .filter(({ id, action }) => !permits(principal, action, id));
  if (missing.length > 0) throw forbiddenResources(principal, missing);
}

/** What the evaluator throws is a mistake in the template. */
function inTemplateWords<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof DeploymentProblem) throw error;
    if (error instanceof ExpressionError || error instanceof NotYetKnown)
      throw invalidTemplate(error.message);
    throw error;
  }
}

/** The id of a deployment in a resource group. */
export function deploymentIdOf(scope: string, name: string): string {
  return resourceIdOf({ scope, type: 'Microsoft.Resources/deployments', names: [name] });
}
