import type { z } from 'zod';
import { empty, json } from '../../twin/exchange.ts';
import { type Route, route } from '../../twin/route.ts';
import type { Context } from '../context.ts';
import * as table from '../contract/hooks-table.ts';
import { list } from '../page.ts';
import { callerOf } from '../people.ts';
import { checkOrganization } from '../projects.ts';
import { invalid, missing } from '../refusals.ts';
import { confidentialInputs, MASK, problemWith } from './consumer-inputs.ts';
import { renderSubscription } from './render-subscription.ts';
import { abandonProbe, endProbation } from './retry-policy.ts';
import type { Subscription } from './rows.ts';

type Given = z.infer<typeof table.createSubscription.body>;

/** Subscriptions are not idempotent: two equal requests make two, and every event is delivered twice. */
export function subscriptionRoutes(context: Context): Route[] {
  const { state } = context;
  const render = (subscription: Subscription) => renderSubscription(context, subscription);
  return [
    route(table.createSubscription, (call) => {
      checkOrganization(context, call);
      const subscription = newSubscription(context, call.body, callerOf(context, call.principal).id);
      state.subscriptions.set(subscription.id, subscription);
      return json(render(subscription));
    }),
    route(table.replaceSubscription, (call) => {
      const subscription = subscriptionOf(context, call);
      replace(context, subscription, { given: call.body, callerId: callerOf(context, call.principal).id });
      return json(render(subscription));
    }),
    route(table.getSubscription, (call) => json(render(subscriptionOf(context, call)))),
    route(table.deleteSubscription, (call) => {
      const { id } = subscriptionOf(context, call);
      state.subscriptions.delete(id);
      return empty(204);
    }),
    route(table.listSubscriptions, (call) => {
      checkOrganization(context, call);
      return list([...state.subscriptions.values()].filter((its) => fits(its, call.query)).map(render));
    }),
    route(table.querySubscriptions, (call) => {
      checkOrganization(context, call);
      const { publisherInputFilters, consumerInputFilters } = call.body;
      const results = [...state.subscriptions.values()].filter(
        (its) =>
          fits(its, call.body) &&
          passes(its.publisherInputs, publisherInputFilters) &&
          passes(its.consumerInputs, consumerInputFilters),
      );
      return json({ ...call.body, results: results.map(render) });
    }),
  ];
}

function newSubscription(context: Context, given: Given, callerId: string): Subscription {
  const now = context.clock.now();
  return {
    ...read(given, {}),
    id: context.chance.uuid(),
    status: given.status ?? 'enabled',
    probationRetries: 0,
    createdById: callerId,
    createdAt: now,
    changedById: callerId,
    changedAt: now,
    lastNotificationId: 0,
  };
}

/** A replaced subscription that is set to enabled is out of its probation. */
function replace(
  context: Context,
  subscription: Subscription,
  { given, callerId }: { given: Given; callerId: string },
): void {
  Object.assign(subscription, read(given, subscription.consumerInputs));
  Object.assign(subscription, { changedById: callerId, changedAt: context.clock.now() });
  if (given.status === 'enabled') endProbation(context, subscription);
  else if (given.status) {
    subscription.status = given.status;
    abandonProbe(context, subscription);
  }
}

/** Refuses inputs that the consumer cannot work with. A masked secret keeps its value. */
function read(given: Given, known: Record<string, string>) {
  const { publisherId, eventType, consumerId, consumerActionId } = given;
  const confidential = confidentialInputs(consumerId);
  const consumerInputs = Object.fromEntries(
    Object.entries(given.consumerInputs ?? {}).map(([name, value]) => [
      name,
      confidential.includes(name) && value === MASK ? (known[name] ?? '') : value,
    ]),
  );
  const problem = problemWith({ publisherId, eventType, consumerId, consumerActionId, consumerInputs });
  if (problem) throw invalid(problem, 'SubscriptionInputException');
  const resourceVersion = given.resourceVersion ?? null;
  const publisherInputs = given.publisherInputs ?? {};
  return {
    publisherId,
    eventType,
    resourceVersion,
    consumerId,
    consumerActionId,
    publisherInputs,
    consumerInputs,
  };
}

/** The subscription that a path names; refuses an unknown one. */
export function subscriptionOf(context: Context, call: { param(name: string): string }): Subscription {
  checkOrganization(context, call);
  const id = call.param('subscriptionId');
  const subscription = context.state.subscriptions.get(id.toLowerCase());
  if (subscription) return subscription;
  throw missing('SubscriptionNotFoundException', `The subscription ${id} does not exist.`);
}

type Wanted = Partial<
  Record<'publisherId' | 'eventType' | 'consumerId' | 'consumerActionId', string | undefined>
>;

function fits(its: Subscription, wanted: Wanted): boolean {
  const names = ['publisherId', 'eventType', 'consumerId', 'consumerActionId'] as const;
  return names.every((name) => !wanted[name] || its[name] === wanted[name]);
}

type Filters = z.infer<typeof table.querySubscriptions.body>['publisherInputFilters'];

/** One filter must pass, with all of its conditions. */
function passes(inputs: Record<string, string>, filters: Filters): boolean {
  if (!filters || filters.length === 0) return true;
  return filters.some(({ conditions = [] }) =>
    conditions.every(({ inputId = '', inputValue = '', operator = 'equals' }) => {
      const isEqual = (inputs[inputId] ?? '').toLowerCase() === inputValue.toLowerCase();
      return operator === 'equals' ? isEqual : !isEqual;
    }),
  );
}
