import type { z } from 'zod';
import { json } from '../../twin/exchange.ts';
import { type Route, route } from '../../twin/route.ts';
import { type Context, dateOf } from '../context.ts';
import * as table from '../contract/hooks-table.ts';
import { list } from '../page.ts';
import { checkOrganization } from '../projects.ts';
import { missing } from '../refusals.ts';
import { maskedInputs } from './render-subscription.ts';
import type { Notification } from './rows.ts';
import { subscriptionOf } from './subscription-routes.ts';

/** The history of deliveries goes back so far. */
const KEPT_FOR_IN_MS = 7 * 24 * 60 * 60 * 1000;

/** Notifications that were made. Events that a subscription on probation missed are not among them. */
export function notificationRoutes(context: Context): Route[] {
  return [
    route(table.queryNotifications, (call) => {
      checkOrganization(context, call);
      const found = select(context, call.body);
      const results = found.map((its) => renderNotification(context, its, call.body.includeDetails ?? false));
      return json({ ...call.body, results, summary: summaryOf(found) });
    }),
    route(table.listNotifications, (call) => {
      const subscriptionIds = [subscriptionOf(context, call).id];
      const { maxResults, status, result } = call.query;
      const found = select(context, { subscriptionIds, maxResults, status, resultType: result });
      return list(found.map((its) => renderNotification(context, its, false)));
    }),
    route(table.getNotification, (call) => {
      const { id } = subscriptionOf(context, call);
      const found = keptNotifications(context).find(
        (its) => its.subscriptionId === id && its.id === Number(call.param('notificationId')),
      );
      if (found) return json(renderNotification(context, found, true));
      throw missing('NotificationNotFoundException', 'The notification does not exist.');
    }),
  ];
}

type Query = {
  [Name in keyof z.infer<typeof table.queryNotifications.body>]?:
    | z.infer<typeof table.queryNotifications.body>[Name]
    | undefined;
};

/** The notifications that a query asks for, newest first. */
function select(context: Context, query: Query): Notification[] {
  const { subscriptionIds, publisherId, resultType, status, maxResults = 1000 } = query;
  const from = Date.parse(query.minCreatedDate ?? '1970-01-01');
  const to = Date.parse(query.maxCreatedDate ?? '9999-01-01');
  const perSubscription = new Map<string, number>();
  return keptNotifications(context)
    .filter(
      (its) =>
        (!subscriptionIds || subscriptionIds.includes(its.subscriptionId)) &&
        (!publisherId || its.event.publisherId === publisherId) &&
        (!resultType || its.result === resultType) &&
        (!status || its.status === status) &&
        its.createdAt >= from &&
        its.createdAt <= to,
    )
    .reverse()
    .filter(({ subscriptionId }) => {
      const before = perSubscription.get(subscriptionId) ?? 0;
      perSubscription.set(subscriptionId, before + 1);
      return before < (query.maxResultsPerSubscription ?? 1000);
    })
    .slice(0, maxResults);
}

function keptNotifications({ state, clock }: Context): Notification[] {
  return state.notifications.filter(({ createdAt }) => createdAt >= clock.now() - KEPT_FOR_IN_MS);
}

function summaryOf(found: readonly Notification[]) {
  const ids = [...new Set(found.map(({ subscriptionId }) => subscriptionId))];
  return ids.map((subscriptionId) => {
    const results = found.filter((its) => its.subscriptionId === subscriptionId).map(({ result }) => result);
    const kinds = [...new Set(results)];
    const counts = kinds.map((result) => ({
      result,
      notificationCount: results.filter((its) => its === result).length,
    }));
    return { subscriptionId, results: counts };
  });
}

function renderNotification(context: Context, notification: Notification, includeDetails: boolean) {
  const { id, subscriptionId, event, status, result, createdAt, changedAt } = notification;
  const details = includeDetails ? detailsOf(context, notification) : undefined;
  return {
    id,
    subscriptionId,
    eventId: event.id,
    status,
    result,
    createdDate: dateOf(createdAt),
    modifiedDate: dateOf(changedAt),
    ...(details ? { details } : {}),
  };
}

function detailsOf({ state }: Context, notification: Notification) {
  const { event, body, attempts, status, createdAt, changedAt } = notification;
  const subscription = state.subscriptions.get(notification.subscriptionId);
  if (!subscription) return undefined;
  const { consumerId, consumerActionId, publisherInputs } = subscription;
  const outcome = attempts.at(-1)?.outcome ?? '';
  return {
    eventType: event.eventType,
    publisherId: event.publisherId,
    consumerId,
    consumerActionId,
    publisherInputs,
    consumerInputs: maskedInputs(subscription),
    ...(body === undefined ? {} : { event: JSON.parse(body) }),
    queuedDate: dateOf(createdAt),
    ...(status === 'completed' ? { completedDate: dateOf(changedAt) } : {}),
    requestAttempts: attempts.length,
    request: body === undefined ? '' : `POST ${body}`,
    response: outcome,
    errorMessage: /^2\d\d$/.test(outcome) ? '' : outcome,
  };
}
