import { invalidTemplate } from '../errors.ts';
import type { ExpressionContext } from '../expressions/context.ts';
import { evaluateDeep, loopItems } from '../expressions/evaluate.ts';
import {
  asBoolean,
  asText,
  isObject,
  NotYetKnown,
  type Value,
  type ValueObject,
} from '../expressions/value.ts';
import { resourceGroupId, resourceIdOf } from '../resource-id.ts';
import { resourcesOf, type Template } from './template.ts';

/** A resource that a template wants, after loops and conditions. */
export interface DeclaredResource {
  id: string;
  type: string;
  /** All names from the top down, joined by slashes. */
  name: string;
  apiVersion: string;
  /** Symbolic name; an item of a loop has its index behind it: `sites[0]`. */
  symbol?: string;
  /** Name of the loop that it comes from. */
  loop?: string;
  /** Only referred to, never deployed. */
  existing: boolean;
  /** Whether its condition holds. */
  wanted: boolean;
  definition: ValueObject;
  loops: Record<string, number>;
}

/** A resource whose id is known only while the deployment runs, and where the template declares it. */
export interface UnresolvedResource {
  path: string;
  type: string;
  apiVersion: string;
  name: string;
}

/** All resources of a template. */
export interface Declarations {
  resources: DeclaredResource[];
  unresolved: UnresolvedResource[];
}

interface Source {
  definition: ValueObject;
  symbol?: string;
  path: string;
  loop?: string;
  /** The resource that it is written inside of. */
  parent?: { type: string; name: string };
}

/** Finds all resources that a template declares; throws `DeploymentProblem` when one is declared twice. */
export function declare(template: Template, context: ExpressionContext): Declarations {
  const found: Declarations = { resources: [], unresolved: [] };
  resourcesOf(template).forEach((one, index) => {
    declareOne({ ...one, path: `properties.template.resources[${index}]` }, context, found);
  });
  const seen = new Set<string>();
  for (const { id, type, existing, wanted } of found.resources) {
    if (existing || !wanted) continue;
    if (seen.has(id.toLowerCase()))
      throw invalidTemplate(`The resource '${type}' with id '${id}' is defined multiple times in a template`);
    seen.add(id.toLowerCase());
  }
  return found;
}

function declareOne(source: Source, context: ExpressionContext, found: Declarations): void {
  const { copy } = source.definition;
  if (!isObject(copy)) return declareItem(source, context, found);
  const loop = asText(copy.name ?? '', 'the name of a loop');
  loopItems(copy, context).forEach((inner, index) => {
    const symbol = source.symbol === undefined ? {} : { symbol: `${source.symbol}[${index}]` };
    declareItem({ ...source, ...symbol, loop }, inner, found);
  });
}

function declareItem(source: Source, context: ExpressionContext, found: Declarations): void {
  try {
    const resource = toResource(source, context);
    found.resources.push(resource);
    children(source.definition).forEach((definition, index) => {
      const child = { definition, path: `${source.path}.resources[${index}]`, parent: resource };
      if (resource.wanted) declareOne(child, context, found);
    });
  } catch (error) {
    if (!(error instanceof NotYetKnown)) throw error;
    const { type, apiVersion, name } = source.definition;
    found.unresolved.push({
      path: source.path,
      type: String(type),
      apiVersion: String(apiVersion),
      name: String(name),
    });
  }
}

function children(definition: ValueObject): ValueObject[] {
  return Array.isArray(definition.resources) ? definition.resources.filter(isObject) : [];
}

function toResource(
  { definition, symbol, loop, parent }: Source,
  context: ExpressionContext,
): DeclaredResource {
  const text = (name: string) =>
    asText(evaluateDeep(definition[name] ?? null, context), `'${name}' of a resource`);
  const type = parent ? `${parent.type}/${text('type')}` : text('type');
  const name = parent ? `${parent.name}/${text('name')}` : text('name');
  const names = name.split('/');
  if (names.length !== type.split('/').length - 1)
    throw invalidTemplate(
      `The template resource '${name}' for type '${type}' has incorrect segment lengths. A nested resource type must have identical number of segments as its resource name. Please see https://aka.ms/arm-syntax-resources for usage details.`,
    );
  return {
    id: resourceIdOf({ scope: scopeOf(definition, context), type, names }),
    type,
    name,
    apiVersion: text('apiVersion'),
    ...(symbol === undefined ? {} : { symbol }),
    ...(loop === undefined ? {} : { loop }),
    existing: definition.existing === true,
    wanted: conditionOf(definition.condition, context),
    definition,
    loops: { ...context.loops },
  };
}

function conditionOf(condition: Value | undefined, context: ExpressionContext): boolean {
  return condition === undefined || asBoolean(evaluateDeep(condition, context));
}

/** Where a resource lives: the resource that it extends, another resource group, or that of the deployment. */
function scopeOf(definition: ValueObject, context: ExpressionContext): string {
  const text = (name: string) =>
    definition[name] === undefined
      ? undefined
      : asText(evaluateDeep(definition[name] ?? null, context), name);
  const scope = text('scope');
  if (scope !== undefined) return scope.startsWith('/') ? scope : `${ownScope(context)}/providers/${scope}`;
  const subscription = text('subscriptionId') ?? context.scope.subscriptionId;
  return resourceGroupId(subscription, text('resourceGroup') ?? context.scope.resourceGroup.name);
}

function ownScope({ scope }: ExpressionContext): string {
  return resourceGroupId(scope.subscriptionId, scope.resourceGroup.name);
}
