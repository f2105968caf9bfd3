import { type Answer, json } from '../../twin/exchange.ts';
import { type Route, route } from '../../twin/route.ts';
import * as table from '../contract/deployments-table.ts';
import { describeDeployment, durationText } from '../deployments/describe.ts';
import { progress } from '../deployments/progress.ts';
import type { ArmWorld } from '../deployments/world.ts';
import { resourceGroupId } from '../resource-id.ts';
import type { DeploymentRecord, DeploymentStep } from '../state.ts';
import { answering } from './answering.ts';
import { groupOf, recordOf } from './requested.ts';

/** The lists, which come in pages that `nextLink` joins. */
export function listRoutes(world: ArmWorld, pageSize: number): Route[] {
  return [
    route(table.list, (call) =>
      answering(() => {
        progress(world);
        const { subscriptionId, name } = groupOf(world, call);
        const group = `${resourceGroupId(subscriptionId, name)}/`.toLowerCase();
        const wanted = /^provisioningState eq '(\w+)'$/.exec(call.query.$filter ?? '')?.[1];
        const records = [...world.state.deployments]
          .filter(([id, { state }]) => id.startsWith(group) && (wanted ?? state) === state)
          .map(([, record]) => record)
          .sort((a, b) => b.acceptedAt - a.acceptedAt);
        return pageOf(call, records.map(describeDeployment), pageSize);
      }),
    ),
    route(table.listOperations, (call) =>
      answering(() => pageOf(call, operationsOf(world, recordOf(world, call)), pageSize)),
    ),
  ];
}

interface PageRequest {
  url: URL;
  query: { $top?: string | undefined; $skiptoken?: string | undefined };
}

function pageOf({ url, query }: PageRequest, items: readonly unknown[], pageSize: number): Answer {
  const size = Math.min(pageSize, Number(query.$top ?? pageSize));
  const start = Number(Buffer.from(query.$skiptoken ?? '', 'base64url').toString() || 0);
  const value = items.slice(start, start + size);
  if (start + size >= items.length) return json({ value });
  const next = new URL(url);
  next.searchParams.set('$skiptoken', Buffer.from(String(start + size)).toString('base64url'));
  return json({ value, nextLink: next.href });
}

/** What has been started of a deployment; resources that never started are not listed. */
function operationsOf(world: ArmWorld, record: DeploymentRecord): object[] {
  const started = record.steps.filter(({ startedAt }) => startedAt !== undefined);
  const operations = started.map((step) => describeStep(world, record, step));
  if (record.state !== 'Succeeded' || !record.outputs) return operations;
  const operationId = record.statusId.slice(0, 16).toUpperCase();
  const properties = {
    provisioningOperation: 'EvaluateDeploymentOutput',
    provisioningState: 'Succeeded',
    timestamp: new Date(record.endedAt ?? 0).toISOString(),
    duration: 'PT0S',
    serviceRequestId: record.correlationId,
    statusCode: 'OK',
  };
  return [...operations, { id: `${record.id}/operations/${operationId}`, operationId, properties }];
}

function describeStep({ clock }: ArmWorld, record: DeploymentRecord, step: DeploymentStep): object {
  const { id, type, name, operationId, startedAt = 0, endsAt, state, error } = step;
  const end = state === 'Running' || endsAt === undefined ? clock.now() : endsAt;
  return {
    id: `${record.id}/operations/${operationId}`,
    operationId,
    properties: {
      provisioningOperation: 'Create',
      provisioningState: state,
      timestamp: new Date(end).toISOString(),
      duration: durationText(end - startedAt),
      serviceRequestId: record.correlationId,
      statusCode: error ? 'Conflict' : STATUS_CODES[state],
      ...(error && { statusMessage: { status: 'Failed', error } }),
      targetResource: { id, resourceType: type, resourceName: name },
    },
  };
}

const STATUS_CODES = {
  Waiting: 'Accepted',
  Running: 'Accepted',
  Succeeded: 'OK',
  Failed: 'Conflict',
  Canceled: 'Conflict',
};
