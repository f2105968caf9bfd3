import type { Call } from '../../twin/route.ts';
import { suppliedParameters, templateOf } from '../deployments/nested.ts';
import { deploymentIdOf } from '../deployments/preflight.ts';
import { type DeploymentSource, resourceGroupNotFound, scopeOf } from '../deployments/prepare.ts';
import { progress } from '../deployments/progress.ts';
import type { ArmWorld } from '../deployments/world.ts';
import { DeploymentProblem } from '../errors.ts';
import { toValue, type ValueObject } from '../expressions/value.ts';
import { resourceGroupId } from '../resource-id.ts';
import type { DeploymentRecord, ResourceGroup } from '../state.ts';
import { objectMember } from '../template/template.ts';

/** Any request below a resource group. */
type GroupCall = Pick<Call<{ 'api-version': string }, unknown>, 'param' | 'url' | 'query' | 'request'>;

/** The resource group of a request; throws `DeploymentProblem` when there is none. */
export function groupOf({ state }: ArmWorld, { param }: Pick<GroupCall, 'param'>): ResourceGroup {
  const id = resourceGroupId(param('subscriptionId'), param('resourceGroupName'));
  const group = state.resourceGroups.get(id.toLowerCase());
  if (!group) throw resourceGroupNotFound(param('resourceGroupName'));
  return group;
}

/** The id of the deployment that a request names. */
export function deploymentIdIn(world: ArmWorld, call: Pick<GroupCall, 'param'>): string {
  const { subscriptionId, name } = groupOf(world, call);
  return deploymentIdOf(resourceGroupId(subscriptionId, name), call.param('deploymentName'));
}

/** The deployment that a request names, as it stands now; throws `DeploymentProblem` when there is none. */
export function recordOf(world: ArmWorld, call: Pick<GroupCall, 'param'>): DeploymentRecord {
  progress(world);
  const record = world.state.deployments.get(deploymentIdIn(world, call).toLowerCase());
  const message = `Deployment '${call.param('deploymentName')}' could not be found.`;
  if (!record) throw new DeploymentProblem({ code: 'DeploymentNotFound', message }, 404);
  return record;
}

const MAX_BYTES = 4 * 1024 * 1024;

/** What a request wants deployed, and who is to be allowed it, checked for its name and size. Throws `DeploymentProblem`. */
export function sourceOf(
  world: ArmWorld,
  call: GroupCall & { principal: string; body: { properties: unknown } },
): DeploymentSource {
  const name = checkedName(call.param('deploymentName'));
  if (call.request.body.length > MAX_BYTES)
    throw new DeploymentProblem(
      {
        code: 'RequestContentTooLarge',
        message: `The request content size exceeds the maximum size of '4 MB'.`,
      },
      413,
    );
  const group = groupOf(world, call);
  const properties = objectMember({ properties: toValue(call.body.properties) }, 'properties');
  const template = templateOf(properties);
  return {
    ...(checksRights(properties) && { principal: call.principal }),
    template,
    parameters: suppliedParameters(world, objectMember(properties, 'parameters')),
    scope: scopeOf(world, {
      subscriptionId: group.subscriptionId,
      resourceGroup: group.name,
      name,
      template,
    }),
  };
}

/** The two lower levels of validation leave the rights of the caller alone. */
function checksRights({ validationLevel = 'Provider' }: ValueObject): boolean {
  return validationLevel === 'Provider';
}

function checkedName(name: string): string {
  if (name.length > 64)
    throw new DeploymentProblem({
      code: 'DeploymentNameLengthLimitExceeded',
      message: `The provided deployment name '${name}' has a length of '${name.length}' which exceeds the maximum length of '64'. Please see https://aka.ms/arm-deploy for usage details.`,
    });
  if (!/^[-\w.()]+$/.test(name))
    throw new DeploymentProblem({
      code: 'DeploymentNameInvalidCharacters',
      message: `The deployment name '${name}' can only contain letters, digits, '-', '.', '_' and parentheses.`,
    });
  return name;
}

/** A URL at the twin itself, with the version of the request. */
export function linkTo({ url, query }: GroupCall, path: string, rest = ''): string {
  return `${url.origin}${path}?api-version=${query['api-version']}${rest}`;
}
