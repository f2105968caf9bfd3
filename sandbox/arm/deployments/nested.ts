import { DeploymentProblem, invalidTemplate } from '../errors.ts';
import type { ExpressionContext } from '../expressions/context.ts';
import { evaluateDeep } from '../expressions/evaluate.ts';
import { asText, isObject, NotYetKnown, type Value, type ValueObject } from '../expressions/value.ts';
import type { SuppliedParameter, SuppliedParameters } from '../template/parameters.ts';
import { objectMember } from '../template/template.ts';
import { type DeploymentSource, scopeOf } from './prepare.ts';
import type { ArmWorld } from './world.ts';

/** A resource of a template whose type is a deployment. */
interface NestedDeployment {
  type: string;
  name: string;
  definition: ValueObject;
  loops: Record<string, number>;
}

/** Whether a resource is a deployment itself. */
export function isDeployment({ type }: { type: string }): boolean {
  return type.toLowerCase() === 'microsoft.resources/deployments';
}

/** Whether the expressions of a nested template see the deployment around it; that is the default. */
export function hasOuterScope({ definition }: Pick<NestedDeployment, 'definition'>): boolean {
  const options = objectMember(objectMember(definition, 'properties'), 'expressionEvaluationOptions');
  return String(options.scope ?? 'outer').toLowerCase() !== 'inner';
}

/** What a nested deployment is made of; `context` is that of the template around it. */
export function nestedSource(
  world: ArmWorld,
  nested: NestedDeployment,
  context: ExpressionContext,
): DeploymentSource {
  const inner = { ...context, loops: nested.loops };
  const properties = objectMember(nested.definition, 'properties');
  const template = templateOf(properties);
  const text = (name: string, otherwise: string) =>
    asText(evaluateDeep(nested.definition[name] ?? otherwise, inner), `'${name}'`);
  const scope = scopeOf(world, {
    subscriptionId: text('subscriptionId', context.scope.subscriptionId),
    resourceGroup: text('resourceGroup', context.scope.resourceGroup.name),
    name: nested.name,
    template,
  });
  const given = objectMember(properties, 'parameters');
  if (hasOuterScope(nested)) return { template, parameters: {}, scope, outer: inner };
  return { template, scope, parameters: mapEntries(given, (value) => passedOn(world, value, inner)) };
}

/** The template in a request or a nested deployment; a link cannot be followed here. */
export function templateOf(properties: ValueObject): ValueObject {
  if (isObject(properties.template)) return properties.template;
  const link = properties.templateLink;
  if (isObject(link))
    throw new DeploymentProblem({
      code: 'InvalidContentLink',
      message: `Unable to download deployment content from '${String(link.uri ?? link.id)}'. The tracking Id is '0'. Please see https://aka.ms/arm-deploy for usage details.`,
    });
  throw new DeploymentProblem({
    code: 'InvalidRequestContent',
    message: 'The request content was invalid: a template or a link to one is required.',
  });
}

/** The parameters of a request: a value each, or a reference to a secret of a vault. */
export function suppliedParameters(world: ArmWorld, given: ValueObject): SuppliedParameters {
  return mapEntries(given, (value, name) => {
    if (isObject(value) && isObject(value.reference)) return secretOf(world, name, value.reference);
    if (isObject(value) && 'value' in value) return { value: value.value ?? null };
    throw invalidTemplate(`The parameter '${name}' needs a value or a reference`);
  });
}

function passedOn(world: ArmWorld, value: Value, context: ExpressionContext): SuppliedParameter {
  if (!isObject(value)) throw invalidTemplate('A parameter of a nested deployment needs a value');
  try {
    const evaluated = evaluateDeep(value, context);
    if (isObject(evaluated) && isObject(evaluated.reference))
      return secretOf(world, 'value', evaluated.reference);
    return { value: isObject(evaluated) ? (evaluated.value ?? null) : null };
  } catch (error) {
    if (error instanceof NotYetKnown) return { unknown: true };
    throw error;
  }
}

function secretOf(world: ArmWorld, parameter: string, reference: ValueObject): SuppliedParameter {
  const vaultId = String(objectMember(reference, 'keyVault').id);
  const version = reference.secretVersion;
  const name = asText(reference.secretName, "'secretName'");
  const value = world.readSecret(vaultId, name, typeof version === 'string' ? version : undefined);
  if (value !== undefined) return { value };
  throw new DeploymentProblem({
    code: 'KeyVaultParameterReferenceSecretRetrieveFailed',
    message: `The secret of KeyVault parameter '${parameter}' cannot be retrieved. Http status code: 'NotFound'. Error message: 'A secret with (name/id) ${name} was not found in this key vault.'. Please see https://aka.ms/arm-keyvault for usage details.`,
  });
}

function mapEntries<T>(object: ValueObject, map: (value: Value, name: string) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value, name)]));
}
