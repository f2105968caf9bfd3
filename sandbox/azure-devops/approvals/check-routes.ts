import type { z } from 'zod';
import { empty, json } from '../../twin/exchange.ts';
import { type Route, route } from '../../twin/route.ts';
import { projectUrl } from '../builds/render-build.ts';
import { type Context, dateOf, nextNumber } from '../context.ts';
import * as table from '../contract/environments-table.ts';
import { list } from '../page.ts';
import { callerOf, identityOf } from '../people.ts';
import { projectOf } from '../projects.ts';
import { invalid, missing } from '../refusals.ts';
import type { Check } from './rows.ts';
import { APPROVAL_TYPE, DEFAULT_TIMEOUT_IN_MINUTES, isApprovalSettings } from './settings.ts';

/** Check configurations of every type are kept; approvals are the only ones that gate a stage of the twin. */
export function checkRoutes(context: Context): Route[] {
  return [
    route(table.listChecks, (call) => {
      const { resourceType, resourceId, $expand } = call.query;
      const project = projectOf(context, call);
      const fitting = [...context.state.checks.values()].filter(
        ({ projectId, resource }) =>
          projectId === project.id &&
          (!resourceType || resource.type === resourceType) &&
          (!resourceId || resource.id === resourceId),
      );
      return list(fitting.map((check) => renderCheck(context, check, $expand)));
    }),
    route(table.getCheck, (call) =>
      json(renderCheck(context, checkOf(context, call), call.query.$expand ?? 'settings')),
    ),
    route(table.addCheck, (call) => {
      const projectId = projectOf(context, call).id;
      const callerId = callerOf(context, call.principal).id;
      const check = newCheck(context, call.body, { projectId, callerId });
      context.state.checks.set(check.id, check);
      return json(renderCheck(context, check, 'settings'));
    }),
    route(table.updateCheck, (call) => {
      const check = checkOf(context, call);
      const { settings = check.settings, timeout = check.timeoutInMinutes, isDisabled } = call.body;
      Object.assign(check, { settings, timeoutInMinutes: timeout });
      check.isDisabled = isDisabled ?? check.isDisabled;
      check.changedById = callerOf(context, call.principal).id;
      check.changedAt = context.clock.now();
      return json(renderCheck(context, check, 'settings'));
    }),
    route(table.deleteCheck, (call) => {
      context.state.checks.delete(checkOf(context, call).id);
      return empty(204);
    }),
  ];
}

function newCheck(
  context: Context,
  given: z.infer<typeof table.addCheck.body>,
  { projectId, callerId }: { projectId: string; callerId: string },
): Check {
  const { type, settings = {}, resource } = given;
  if (!type?.id || !resource?.type || !resource.id) throw invalid('a check needs a type and a resource');
  if (type.id === APPROVAL_TYPE.id && !isApprovalSettings(settings))
    throw invalid('an approval check needs approvers');
  const now = context.clock.now();
  return {
    id: nextNumber(context.state, 'check', 19),
    projectId,
    resource: { type: resource.type, id: resource.id, name: resource.name ?? '' },
    type: { id: type.id, name: type.name ?? '' },
    settings,
    timeoutInMinutes: given.timeout ?? DEFAULT_TIMEOUT_IN_MINUTES,
    isDisabled: given.isDisabled ?? false,
    createdById: callerId,
    createdAt: now,
    changedById: callerId,
    changedAt: now,
  };
}

/** Settings come only where they are asked for. */
function renderCheck(context: Context, check: Check, expand = 'none') {
  const { id, type, resource, timeoutInMinutes: timeout, isDisabled, settings } = check;
  const url = `${projectUrl(context, check.projectId)}/_apis/pipelines/checks/configurations/${id}`;
  return {
    ...(expand === 'settings' ? { settings } : {}),
    createdBy: identityOf(context, check.createdById),
    createdOn: dateOf(check.createdAt),
    modifiedBy: identityOf(context, check.changedById),
    modifiedOn: dateOf(check.changedAt),
    timeout,
    isDisabled,
    _links: { self: { href: url } },
    id,
    type,
    url,
    resource,
  };
}

function checkOf(context: Context, call: { param(name: string): string }): Check {
  const check = context.state.checks.get(Number(call.param('id')));
  if (check && check.projectId === projectOf(context, call).id) return check;
  throw missing('CheckConfigurationNotFoundException', 'The check configuration does not exist.');
}
