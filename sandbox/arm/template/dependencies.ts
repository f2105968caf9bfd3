import { invalidTemplate } from '../errors.ts';
import type { ExpressionContext } from '../expressions/context.ts';
import { evaluate, evaluateDeep } from '../expressions/evaluate.ts';
import { type Expression, isExpression, parseExpression } from '../expressions/parse.ts';
import { asArray, asText, isObject, type Value } from '../expressions/value.ts';
import { sameId } from '../resource-id.ts';
import type { DeclaredResource } from './declared.ts';

/** Resources by what `dependsOn` or `reference` calls them: id, symbolic name, loop, name, or type and name. */
export function findDeclared(resources: readonly DeclaredResource[], target: string): DeclaredResource[] {
  const same = (text: string | undefined) => text?.toLowerCase() === target.toLowerCase();
  const matchers: ((one: DeclaredResource) => boolean)[] = [
    (one) => sameId(one.id, target),
    (one) => same(one.symbol) || same(one.symbol?.replace(/\[\d+\]$/, '')),
    (one) => same(one.loop),
    (one) => same(one.name),
    (one) => one.id.toLowerCase().endsWith(`/providers/${target.toLowerCase()}`),
    (one) => same(`${one.type}/${one.name}`),
  ];
  for (const matches of matchers) {
    const found = resources.filter(matches);
    if (found.length > 0) return found;
  }
  return [];
}

/**
 * The ids that a resource waits for: those of `dependsOn`, and those that its properties refer to.
 * Throws `DeploymentProblem` for one that the template does not have.
 */
export function dependenciesOf(
  resource: DeclaredResource,
  resources: readonly DeclaredResource[],
  context: ExpressionContext,
): string[] {
  const inner = { ...context, loops: resource.loops };
  const found = [...explicitTargets(resource, inner), ...implicitTargets(resource, inner)].flatMap(
    ({ target, needed }) => {
      const matches = findDeclared(resources, target);
      if (needed && matches.length === 0)
        throw invalidTemplate(
          `The resource '${target}' is not defined in the template. Please see https://aka.ms/arm-syntax-resources for usage details.`,
        );
      return matches;
    },
  );
  const ids = found.filter((one) => one.wanted && !one.existing && one !== resource).map(({ id }) => id);
  return [...new Set(ids)];
}

interface Target {
  target: string;
  needed: boolean;
}

function explicitTargets({ definition }: DeclaredResource, context: ExpressionContext): Target[] {
  const listed = asArray(evaluateDeep(definition.dependsOn ?? [], context));
  return listed.map((target) => ({ target: asText(target, "an item of 'dependsOn'"), needed: true }));
}

function implicitTargets({ definition, type }: DeclaredResource, context: ExpressionContext): Target[] {
  const { resources: _children, dependsOn: _explicit, ...own } = definition;
  return expressionsIn(isInnerDeployment(type, own.properties) ? withoutTemplate(own) : own)
    .flatMap(referencesIn)
    .flatMap((expression) => {
      const target = attempt(() => evaluate(expression, context));
      return typeof target === 'string' ? [{ target, needed: false }] : [];
    });
}

function isInnerDeployment(type: string, properties: Value | undefined): boolean {
  if (type.toLowerCase() !== 'microsoft.resources/deployments' || !isObject(properties)) return false;
  const options = properties.expressionEvaluationOptions;
  return isObject(options) && String(options.scope).toLowerCase() === 'inner';
}

function withoutTemplate(definition: Record<string, Value>): Value {
  const { template: _template, ...properties } = isObject(definition.properties) ? definition.properties : {};
  return { ...definition, properties };
}

function expressionsIn(value: Value): Expression[] {
  if (typeof value === 'string') {
    const parsed = isExpression(value) ? attempt(() => parseExpression(value)) : undefined;
    return parsed ? [parsed] : [];
  }
  if (Array.isArray(value)) return value.flatMap(expressionsIn);
  return isObject(value) ? Object.values(value).flatMap(expressionsIn) : [];
}

/** First arguments of `reference` and `list…` calls. */
function referencesIn(expression: Expression): Expression[] {
  if (expression.kind === 'literal') return [];
  if (expression.kind === 'member') return [expression.of, expression.name].flatMap(referencesIn);
  const [first] = expression.args;
  const own = first && /^(reference|list\w+)$/i.test(expression.name) ? [first] : [];
  return [...own, ...expression.args.flatMap(referencesIn)];
}

/** What cannot be evaluated yet cannot be waited for. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/** Refuses resources that wait for each other. */
export function refuseCycles(dependencies: ReadonlyMap<string, readonly string[]>): void {
  const done = new Set<string>();
  const visit = (id: string, path: readonly string[]): void => {
    if (done.has(id)) return;
    if (path.includes(id))
      throw invalidTemplate(
        `Circular dependency detected on resource: '${id}'. Please see https://aka.ms/arm-syntax-resources for usage details.`,
      );
    for (const next of dependencies.get(id) ?? []) visit(next, [...path, id]);
    done.add(id);
  };
  for (const id of dependencies.keys()) visit(id, []);
}
