import { type Answer, empty, json } from '../../twin/exchange.ts';
import { type Call, type Route, route } from '../../twin/route.ts';
import * as table from '../contract/deployments-table.ts';
import { providersOf } from '../deployments/describe.ts';
import { preflight } from '../deployments/preflight.ts';
import { progress } from '../deployments/progress.ts';
import { whatIf } from '../deployments/what-if.ts';
import type { ArmWorld } from '../deployments/world.ts';
import { DeploymentProblem, errorOf, refuse } from '../errors.ts';
import { subscriptionId } from '../resource-id.ts';
import type { PendingResult } from '../state.ts';
import { answering } from './answering.ts';
import { deploymentIdIn, groupOf, linkTo, recordOf, sourceOf } from './requested.ts';

/** How long a caller is asked to wait before it polls again. */

/** Settings of the operations whose result may come later. */
export interface ResultSettings {
  /** Validate answers 202 with `Location`, as it may for large templates. */
  validatesLater: boolean;
}

/** Validate and what-if, and the places where results of long operations are fetched. */
export function resultRoutes(world: ArmWorld, { validatesLater }: ResultSettings): Route[] {
  return [
    route(table.validate, (call) =>
      answering(() => {
        const result = validation(world, call);
        return validatesLater ? later(world, call, result) : { status: result.status, json: result.body };
      }),
    ),
    route(table.whatIf, (call) =>
      answering(() => {
        progress(world);
        groupOf(world, call);
        return later(world, call, { status: 200, body: whatIfBody(world, call) });
      }),
    ),
    route(table.operationStatus, (call) =>
      answering(() => {
        const { state: status, statusId, error } = recordOf(world, call);
        if (statusId !== call.param('operationId')) throw operationNotFound(call.param('operationId'));
        return json({ status, ...(error && { error }) });
      }),
    ),
    route(table.operationResult, ({ param, request }) => {
      const result = world.state.results.get(param('operationId'));
      if (!result) throw refuse(404, operationNotFound(param('operationId')).error);
      if (world.clock.now() >= result.readyAt) return { status: result.status, json: result.body };
      return waiting(request.url, result.readyAt - world.clock.now());
    }),
  ];
}

/** Keeps a result that is there after a while; returns the name to ask for it by. */
export function resultAfter(
  { state, clock, chance }: ArmWorld,
  delayInMs: number,
  result: Omit<PendingResult, 'readyAt'>,
): string {
  const id = Buffer.from(chance.uuid().repeat(3)).toString('base64url');
  state.results.set(id, { ...result, readyAt: clock.now() + delayInMs });
  return id;
}

type Request = Parameters<typeof linkTo>[0];

function later(world: ArmWorld, call: Request, result: Omit<PendingResult, 'readyAt'>): Answer {
  const id = resultAfter(world, world.durations.whatIfInMs, result);
  const path = `${subscriptionId(call.param('subscriptionId'))}/operationresults/${id}`;
  return waiting(linkTo(call, path, `&t=${world.clock.now()}`), world.durations.whatIfInMs);
}

function waiting(location: string, leftInMs: number): Answer {
  const seconds = Math.round(leftInMs / 1_000);
  return { ...empty(202), headers: { location, 'retry-after': String(seconds) } };
}

type ValidateCall = Call<{ 'api-version': string }, { properties: { mode: string } }>;

function validation(world: ArmWorld, call: ValidateCall): { status: number; body: unknown } {
  const id = deploymentIdIn(world, call);
  try {
    const { prepared, resources } = preflight(world, sourceOf(world, call));
    const properties = {
      templateHash: prepared.context.scope.deployment.templateHash,
      parameters: Object.fromEntries(
        Object.entries(prepared.parameters).map(([name, { type, value }]) => [
          name,
          type.startsWith('Secure') ? { type } : { type, value },
        ]),
      ),
      mode: call.body.properties.mode,
      provisioningState: 'Succeeded',
      timestamp: new Date(world.clock.now()).toISOString(),
      duration: 'PT0S',
      correlationId: world.chance.uuid(),
      providers: providersOf(resources.map(({ resource }) => resource)),
      dependencies: [],
      validatedResources: resources.map(({ resource }) => ({ id: resource.id })),
    };
    const name = call.param('deploymentName');
    return { status: 200, body: { id, name, type: 'Microsoft.Resources/deployments', properties } };
  } catch (error) {
    if (!(error instanceof DeploymentProblem) || error.status !== 400) throw error;
    return { status: 400, body: { error: error.error } };
  }
}

type WhatIfCall = Request & {
  principal: string;
  body: {
    properties: {
      mode: 'Incremental' | 'Complete';
      whatIfSettings?: { resultFormat?: 'ResourceIdOnly' | 'FullResourcePayloads' | undefined } | undefined;
    };
  };
};

/** A template that cannot be analysed is a result too: the status of what-if is then `Failed`. */
function whatIfBody(world: ArmWorld, call: WhatIfCall): unknown {
  const { mode, whatIfSettings } = call.body.properties;
  const resultFormat = whatIfSettings?.resultFormat ?? 'FullResourcePayloads';
  try {
    const { changes, diagnostics } = whatIf(world, sourceOf(world, call), { mode, resultFormat });
    return {
      status: 'Succeeded',
      properties: { changes, ...(diagnostics.length > 0 && { diagnostics }) },
    };
  } catch (error) {
    if (error instanceof DeploymentProblem && error.status !== 400) throw error;
    return { status: 'Failed', error: errorOf(error) };
  }
}

function operationNotFound(id: string): DeploymentProblem {
  const message = `The operation '${id}' could not be found.`;
  return new DeploymentProblem({ code: 'OperationNotFound', message }, 404);
}
