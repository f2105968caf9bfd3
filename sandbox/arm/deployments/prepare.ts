import { createHash } from 'node:crypto';
import { DeploymentProblem, invalidTemplate } from '../errors.ts';
import type { DeploymentScope, ExpressionContext } from '../expressions/context.ts';
import { NotYetKnown, type Value, type ValueObject } from '../expressions/value.ts';
import type { ResolvedParameter } from '../state.ts';
import { type Declarations, type DeclaredResource, declare } from '../template/declared.ts';
import { dependenciesOf, refuseCycles } from '../template/dependencies.ts';
import { resolveParameters, type SuppliedParameters } from '../template/parameters.ts';
import { readTemplate, type Template } from '../template/template.ts';
import { createContext } from '../template/template-context.ts';
import type { ArmWorld } from './world.ts';

/** A template with what it is given and where it goes. */
export interface DeploymentSource {
  /** Who must be allowed to write its resources; absent where nobody looks at that. */
  principal?: string;
  template: ValueObject;
  parameters: SuppliedParameters;
  scope: DeploymentScope;
  /** The context around it, whose parameters and variables it sees instead of its own (outer scope). */
  outer?: ExpressionContext | undefined;
}

/** A template that was found to be in order, before it runs. */
export interface Prepared {
  template: Template;
  parameters: Record<string, ResolvedParameter>;
  context: ExpressionContext;
  declared: Declarations;
  /** Ids that each wanted resource waits for, by id. */
  dependencies: Map<string, string[]>;
}

/** Resolves parameters, finds the resources and their order. Throws `DeploymentProblem` or `ExpressionError`. */
export function prepare(
  world: ArmWorld,
  { template: source, parameters, scope, outer }: DeploymentSource,
): Prepared {
  const template = readTemplate(source);
  if (outer) return { ...connect(template, { ...outer, scope }), parameters: {} };
  const moment = { now: new Date(world.clock.now()), newGuid: world.chance.uuid };
  const resolved = resolveParameters(template, parameters, (parameter) => ({
    ...createContext({ template, scope, parameter }),
    moment,
  }));
  const parameter = parameterReader(resolved.known, resolved.unknown);
  const context = createContext({ template, scope, parameter });
  return { ...connect(template, context), parameters: resolved.known };
}

/** The same for a deployment that runs, whose parameters are all known. */
export function prepareAgain(
  source: Omit<DeploymentSource, 'parameters'>,
  known: Record<string, ResolvedParameter>,
): Prepared {
  const template = readTemplate(source.template);
  const context = source.outer
    ? { ...source.outer, scope: source.scope }
    : createContext({ template, scope: source.scope, parameter: parameterReader(known, []) });
  return { ...connect(template, context), parameters: known };
}

function connect(template: Template, context: ExpressionContext): Omit<Prepared, 'parameters'> {
  const declared = declare(template, context);
  const wanted = wantedResources(declared);
  const dependencies = new Map(
    wanted.map((one) => [one.id, dependenciesOf(one, declared.resources, context)]),
  );
  refuseCycles(dependencies);
  return { template, context, declared, dependencies };
}

/** The resources that will be deployed. */
export function wantedResources({ resources }: Declarations): DeclaredResource[] {
  return resources.filter(({ wanted, existing }) => wanted && !existing);
}

function parameterReader(known: Record<string, ResolvedParameter>, unknown: readonly string[]) {
  return (name: string): Value => {
    const same = (one: string) => one.toLowerCase() === name.toLowerCase();
    const found = Object.entries(known).find(([one]) => same(one))?.[1];
    if (found) return found.value;
    if (unknown.some(same)) throw new NotYetKnown(`the parameter '${name}'`);
    throw invalidTemplate(`The template parameter '${name}' is not found`);
  };
}

/** The resource group of a deployment; throws when it does not exist. */
export function scopeOf(
  { state, tenantId }: ArmWorld,
  at: { subscriptionId: string; resourceGroup: string; name: string; template: ValueObject },
): DeploymentScope {
  const id = `/subscriptions/${at.subscriptionId}/resourcegroups/${at.resourceGroup}`.toLowerCase();
  const group = state.resourceGroups.get(id);
  if (!group) throw resourceGroupNotFound(at.resourceGroup);
  const { name, location, tags } = group;
  return {
    tenantId,
    subscriptionId: at.subscriptionId,
    resourceGroup: tags ? { name, location, tags } : { name, location },
    deployment: { name: at.name, templateHash: hashOf(at.template) },
  };
}

export function resourceGroupNotFound(name: string): DeploymentProblem {
  const message = `Resource group '${name}' could not be found.`;
  return new DeploymentProblem({ code: 'ResourceGroupNotFound', message }, 404);
}

/** A number as text that is the same for the same template. */
export function hashOf(template: ValueObject): string {
  const digest = createHash('sha256').update(JSON.stringify(template)).digest();
  return String(digest.readBigUInt64BE(0));
}
