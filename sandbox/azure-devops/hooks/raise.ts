import { type Context, nextNumber } from '../context.ts';
import { factsOf, projectIdOf } from './event-facts.ts';
import { publisherOf } from './event-types.ts';
import type { Disturbance, HookEvent, Notification, Subscription } from './rows.ts';

/**
 * Says that something happened: every enabled subscription that wants it gets a notification.
 * A subscription on probation, or a disabled one, gets none, and never will: the event is lost to it.
 */
export function raise(context: Context, what: Pick<HookEvent, 'eventType' | 'subject' | 'detail'>): void {
  const event: HookEvent = {
    ...what,
    id: context.chance.uuid(),
    publisherId: publisherOf(what.eventType),
    projectId: projectIdOf(context, what.subject),
    createdAt: context.clock.now(),
  };
  const facts = factsOf(context, event);
  for (const subscription of context.state.subscriptions.values()) {
    if (subscription.status === 'enabled' && wants(subscription, event, facts))
      notify(context, subscription, event);
  }
}

/** Makes a notification of an event for one subscription, unless it was ordered to get lost. */
export function notify(
  context: Context,
  subscription: Subscription,
  event: HookEvent,
): Notification | undefined {
  const disturbance = takeDisturbance(context, event);
  if (disturbance?.lost) return undefined;
  const now = context.clock.now();
  subscription.lastNotificationId = nextNumber(context.state, `notification ${subscription.id}`);
  const notification: Notification = {
    id: subscription.lastNotificationId,
    subscriptionId: subscription.id,
    event,
    status: 'queued',
    result: 'pending',
    createdAt: now,
    changedAt: now,
    dueAt: now + (disturbance?.delayInMs ?? 0),
    transientRetries: 0,
    isProbe: false,
    copies: disturbance?.copies ?? 1,
    attempts: [],
  };
  context.state.notifications.push(notification);
  context.wake();
  return notification;
}

function wants(subscription: Subscription, event: HookEvent, facts: ReadonlyMap<string, string[]>): boolean {
  if (subscription.publisherId !== event.publisherId || subscription.eventType !== event.eventType)
    return false;
  return Object.entries(subscription.publisherInputs).every(([name, value]) => {
    const its = facts.get(name);
    return value === '' || its === undefined || its.some((one) => one.toLowerCase() === value.toLowerCase());
  });
}

function takeDisturbance({ state }: Context, event: HookEvent): Disturbance | undefined {
  const found = state.disturbances.find(({ match }) => match === '*' || match === event.eventType);
  if (found) found.times--;
  state.disturbances = state.disturbances.filter(({ times }) => times > 0);
  return found;
}
