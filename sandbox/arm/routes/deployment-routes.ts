import { type Answer, empty, json } from '../../twin/exchange.ts';
import { type Route, route } from '../../twin/route.ts';
import * as table from '../contract/deployments-table.ts';
import { describeDeployment } from '../deployments/describe.ts';
import { preflight } from '../deployments/preflight.ts';
import { cancel, isActive, progress } from '../deployments/progress.ts';
import { addRecord, stepsOf } from '../deployments/record.ts';
import type { ArmWorld } from '../deployments/world.ts';
import { DeploymentProblem } from '../errors.ts';
import { resourceGroupId, subscriptionId } from '../resource-id.ts';
import type { DeploymentRecord } from '../state.ts';
import { answering } from './answering.ts';
import { deploymentIdIn, groupOf, linkTo, recordOf, sourceOf } from './requested.ts';
import { resultAfter } from './result-routes.ts';

/** A resource group remembers so many deployments; older ones are cleaned up. */
const HISTORY_LIMIT = 800;
const WEEK_IN_MS = 7 * 86_400_000;

/** Starting deployments, looking at them, ending them. */
export function deploymentRoutes(world: ArmWorld): Route[] {
  return [
    route(table.createOrUpdate, (call) => answering(() => start(world, call))),
    route(table.get, (call) => answering(() => json(describeDeployment(recordOf(world, call))))),
    route(table.checkExistence, (call) => {
      try {
        recordOf(world, call);
        return empty(204);
      } catch {
        return empty(404);
      }
    }),
    route(table.deleteDeployment, (call) => answering(() => remove(world, call))),
    route(table.cancel, (call) =>
      answering(() => {
        const record = recordOf(world, call);
        if (!isActive(record)) throw notCancellable(record);
        cancel(world, record);
        return empty(204);
      }),
    ),
  ];
}

type StartCall = Parameters<typeof sourceOf>[1] & {
  body: { properties: { mode: DeploymentRecord['mode'] }; tags?: Record<string, string> | undefined };
};

function start(world: ArmWorld, call: StartCall): Answer {
  progress(world);
  const source = sourceOf(world, call);
  const id = deploymentIdIn(world, call);
  const known = world.state.deployments.get(id.toLowerCase());
  if (known && isActive(known)) throw stillActive(known);
  const { prepared } = preflight(world, source);
  const now = world.clock.now();
  const { subscriptionId: subscription, name: resourceGroup } = groupOf(world, call);
  const start = {
    id,
    name: call.param('deploymentName'),
    subscriptionId: subscription,
    resourceGroup,
    mode: call.body.properties.mode,
    template: source.template,
    acceptedAt: now,
    startsAt: now + world.durations.acceptedInMs,
    outerScope: false,
    ...(call.body.tags && { tags: call.body.tags }),
  };
  const record = addRecord(world, start, prepared);
  record.steps = stepsOf(world, prepared);
  forgetOldest(world, record);
  const headers = { 'azure-asyncoperation': statusUrl(call, record) };
  return { ...json(describeDeployment(record), known ? 200 : 201), headers };
}

function statusUrl(call: Parameters<typeof linkTo>[0], record: DeploymentRecord): string {
  return linkTo(call, `${record.id}/operationStatuses/${record.statusId}`, `&t=${record.acceptedAt}`);
}

function remove(world: ArmWorld, call: Parameters<typeof linkTo>[0]): Answer {
  progress(world);
  const id = deploymentIdIn(world, call);
  const record = world.state.deployments.get(id.toLowerCase());
  if (!record) return empty(204);
  if (isActive(record)) throw stillActive(record);
  world.state.deployments.delete(id.toLowerCase());
  const result = resultAfter(world, world.durations.acceptedInMs, { status: 204 });
  const location = linkTo(call, `${subscriptionId(record.subscriptionId)}/operationresults/${result}`);
  return { status: 202, headers: { location, 'retry-after': '1' } };
}

function stillActive({ name, acceptedAt }: DeploymentRecord): DeploymentProblem {
  const time = (at: number) => new Date(at).toISOString();
  return new DeploymentProblem(
    {
      code: 'DeploymentActive',
      message: `Unable to edit or replace deployment '${name}': previous deployment from '${time(acceptedAt)}' is still active (expiration time is '${time(acceptedAt + WEEK_IN_MS)}'). Please see https://aka.ms/arm-deploy for usage details.`,
    },
    409,
  );
}

function notCancellable({ name, state }: DeploymentRecord): DeploymentProblem {
  const message = `The deployment '${name}' cannot be cancelled because it is in the provisioning state '${state}'.`;
  return new DeploymentProblem({ code: 'DeploymentCannotBeCancelled', message }, 409);
}

function forgetOldest(
  { state }: ArmWorld,
  { subscriptionId: subscription, resourceGroup }: DeploymentRecord,
): void {
  const group = `${resourceGroupId(subscription, resourceGroup).toLowerCase()}/`;
  const history = [...state.deployments].filter(([id, record]) => id.startsWith(group) && !isActive(record));
  for (const [id] of history.slice(0, Math.max(0, history.length - HISTORY_LIMIT)))
    state.deployments.delete(id);
}
