import type { Context } from '../context.ts';
import type { Notification, Subscription } from './rows.ts';

/** Resends after a transient failure wait so long, one after the other. */
const TRANSIENT_DELAYS_IN_SECONDS = [1, 2, 4, 8, 16, 32, 60, 60];

/** A subscription on probation is tried again after so long, one after the other. */
const PROBATION_DELAYS_IN_MINUTES = [20, 40, 80, 160, 320, 640, 900];

const TRANSIENT_STATUSES: readonly (number | string)[] = [408, 502, 503, 504];

/**
 * What an outcome means, by the documented rules of service hooks: any 2xx is success, 410 disables at once,
 * 408, 502, 503 and 504 are sent again soon, and every other failure puts the subscription on probation.
 */
export function settle(context: Context, { notification, subscription, outcome }: Delivery): void {
  notification.changedAt = context.clock.now();
  delete notification.dueAt;
  if (isSuccess(outcome)) return succeed(context, notification, subscription);
  if (outcome === 410) return disable(context, notification, subscription);
  if (notification.isProbe) return failProbe(context, notification, subscription);
  const delay = TRANSIENT_DELAYS_IN_SECONDS[notification.transientRetries];
  if (TRANSIENT_STATUSES.includes(outcome) && delay !== undefined) {
    notification.transientRetries++;
    notification.dueAt = context.clock.now() + delay * 1000;
    return;
  }
  failForLong(context, notification, subscription);
}

/** One attempt and what came of it: a status, or why there was none. */
export interface Delivery {
  notification: Notification;
  subscription: Subscription;
  outcome: number | string;
}

function isSuccess(outcome: number | string): boolean {
  return typeof outcome === 'number' && outcome >= 200 && outcome < 300;
}

/** One success ends a probation. */
function succeed(context: Context, notification: Notification, subscription: Subscription): void {
  complete(notification, 'succeeded');
  if (subscription.status === 'onProbation') endProbation(context, subscription);
}

/** Takes a subscription back into service; nothing is tried for its probation any more. */
export function endProbation(context: Context, subscription: Subscription): void {
  subscription.status = 'enabled';
  subscription.probationRetries = 0;
  delete subscription.lastProbationRetryAt;
  abandonProbe(context, subscription);
}

/** Gives up the notification that the subscription was tried with. */
export function abandonProbe({ state }: Context, { id }: Subscription): void {
  const probe = state.notifications.find((its) => its.subscriptionId === id && its.isProbe);
  if (!probe) return;
  probe.isProbe = false;
  delete probe.dueAt;
}

/** The first enduring failure starts the probation; its notification is what the subscription is tried with. */
function failForLong(context: Context, notification: Notification, subscription: Subscription): void {
  complete(notification, 'failed');
  if (subscription.status !== 'enabled') return;
  subscription.status = 'onProbation';
  subscription.probationRetries = 0;
  notification.isProbe = true;
  notification.dueAt = context.clock.now() + minutes(PROBATION_DELAYS_IN_MINUTES[0]);
}

function failProbe(context: Context, notification: Notification, subscription: Subscription): void {
  subscription.probationRetries++;
  subscription.lastProbationRetryAt = context.clock.now();
  const delay = PROBATION_DELAYS_IN_MINUTES[subscription.probationRetries];
  if (delay === undefined) return disable(context, notification, subscription);
  notification.dueAt = context.clock.now() + minutes(delay);
}

function disable(context: Context, notification: Notification, subscription: Subscription): void {
  complete(notification, 'failed');
  subscription.status = 'disabledBySystem';
  abandonProbe(context, subscription);
}

function complete(notification: Notification, result: 'succeeded' | 'failed'): void {
  notification.status = 'completed';
  notification.result = result;
}

function minutes(count = 0): number {
  return count * 60_000;
}
