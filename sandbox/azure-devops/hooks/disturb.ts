import { z } from 'zod';
import type { Context } from '../context.ts';

/** Trouble for deliveries to come: each hits the next `times` notifications of a matching event type. */
export const disturbingShape = z.strictObject({
  match: z.string().default('*'),
  times: z.int().min(1).default(1),
  copies: z.int().min(1).default(1),
  delayInMs: z.number().min(0).default(0),
  lost: z.boolean().default(false),
});

export type Disturbing = z.input<typeof disturbingShape>;

export function disturb({ state }: Context, disturbing: Disturbing): void {
  state.disturbances.push(disturbingShape.parse(disturbing));
}

/** Sends a notification again with the same ids. Throws when it is unknown. */
export function redeliver(
  context: Context,
  { subscriptionId, notificationId }: { subscriptionId: string; notificationId: number },
): void {
  const notification = context.state.notifications.find(
    (its) => its.subscriptionId === subscriptionId && its.id === notificationId,
  );
  if (!notification) throw new Error(`subscription ${subscriptionId} has no notification ${notificationId}`);
  Object.assign(notification, { status: 'queued', result: 'pending', dueAt: context.clock.now() });
  context.wake();
}
