import { DeploymentProblem } from '../errors.ts';
import type { ExpressionContext } from '../expressions/context.ts';
import { isObject, type Value, type ValueObject } from '../expressions/value.ts';
import { partsOfId } from '../resource-id.ts';
import type { DeploymentRecord, StoredResource } from '../state.ts';
import type { DeclaredResource } from '../template/declared.ts';
import { findDeclared } from '../template/dependencies.ts';
import { describeDeployment } from './describe.ts';
import { listedByProvider } from './provider-values.ts';
import type { ArmWorld } from './world.ts';

/** The context of a deployment that runs: states of resources are known. */
export function runtimeContext(
  world: ArmWorld,
  context: ExpressionContext,
  declared: readonly DeclaredResource[],
): ExpressionContext {
  const idOf = (target: string) => findDeclared(declared, target)[0]?.id ?? target;
  return {
    ...context,
    reference: (target, full) => referenceTo(world, idOf(target), full),
    list: (_name, target) => {
      const resource = world.state.resources.get(idOf(target).toLowerCase());
      if (!resource) throw notFound(idOf(target));
      return listedByProvider(resource.id);
    },
  };
}

function referenceTo({ state }: ArmWorld, id: string, full: boolean): Value {
  const key = id.toLowerCase();
  const resource = state.resources.get(key);
  if (resource) return full ? wholeResource(resource) : (wholeResource(resource).properties ?? {});
  const deployment = state.deployments.get(key);
  if (deployment) return deploymentValue(deployment, full);
  throw notFound(id);
}

function deploymentValue(record: DeploymentRecord, full: boolean): Value {
  const outputs: ValueObject = {};
  for (const [name, { type, value }] of Object.entries(record.outputs ?? {}))
    outputs[name] = value === undefined ? { type } : { type, value };
  const properties: ValueObject = { provisioningState: record.state, mode: record.mode, outputs };
  const { id, name, type } = describeDeployment(record);
  return full ? { id, name, type, properties } : properties;
}

/** A resource as its provider gives it: what was deployed and what the provider added. */
export function wholeResource(resource: StoredResource): ValueObject {
  const { apiVersion, id, type, body, added } = resource;
  return { ...merge(body, added), apiVersion, id, type, name: resource.name.split('/').at(-1) ?? '' };
}

function merge(body: ValueObject, added: ValueObject): ValueObject {
  const result = { ...body };
  for (const [name, value] of Object.entries(added)) {
    const known = result[name];
    result[name] = isObject(known) && isObject(value) ? { ...known, ...value } : value;
  }
  return result;
}

function notFound(id: string): DeploymentProblem {
  const parts = partsOfId(id);
  const group = /\/resourceGroups\/([^/]+)/i.exec(id)?.[1] ?? '';
  const what = parts ? `${parts.type}/${parts.names.join('/')}` : id;
  const message = `The Resource '${what}' under resource group '${group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`;
  return new DeploymentProblem({ code: 'ResourceNotFound', message }, 404);
}
