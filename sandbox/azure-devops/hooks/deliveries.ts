import { expireApprovals } from '../approvals/decide-approval.ts';
import type { Context } from '../context.ts';
import { deliver, type Senders } from './consumers.ts';
import { renderEvent } from './render-event.ts';
import { settle } from './retry-policy.ts';
import type { Notification } from './rows.ts';

/** Sends what is due. A simulator calls `deliverDue` itself; `start` does it by the clock until `stop`. */
export interface Deliveries {
  /** Sends everything that is due now, oldest first, and what that makes due. */
  deliverDue(): Promise<void>;
  /** When something is to be sent, or an approval times out, in ms since 1970; `undefined`: nothing is waiting. */
  nextDueAt(): number | undefined;
  start(): void;
  stop(): Promise<void>;
}

/** The longest sleep of the loop, so that a stop does not leave a timer of hours behind. */
const LONGEST_SLEEP_IN_MS = 1000;

export function createDeliveries(context: Context, senders: Senders): Deliveries {
  let running: Promise<void> | undefined;
  let stopped = false;
  let wake = () => {};
  context.wake = () => wake();
  const deliverDue = () => sendAllDue(context, senders);
  const nextDueAt = () => earliestDue(context);
  const loop = async () => {
    while (!stopped) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      await deliverDue();
      const dueAt = nextDueAt();
      const sleep = (ms: number) => context.clock.sleep(Math.min(Math.max(ms, 0), LONGEST_SLEEP_IN_MS));
      await (dueAt === undefined ? woken : Promise.race([woken, sleep(dueAt - context.clock.now())]));
    }
  };
  return {
    deliverDue,
    nextDueAt,
    start: () => {
      stopped = false;
      running ??= loop();
    },
    stop: async () => {
      stopped = true;
      wake();
      await running;
      running = undefined;
    },
  };
}

function earliestDue({ state }: Context): number | undefined {
  const sending = state.notifications.flatMap(({ dueAt }) => (dueAt === undefined ? [] : [dueAt]));
  const open = [...state.approvals.values()].filter(({ status }) => status === 'pending');
  const due = [...sending, ...open.map(({ timesOutAt }) => timesOutAt)];
  return due.length === 0 ? undefined : Math.min(...due);
}

async function sendAllDue(context: Context, senders: Senders): Promise<void> {
  expireApprovals(context);
  for (let next = firstDue(context); next; next = firstDue(context)) await sendOne(context, senders, next);
}

function firstDue({ state, clock }: Context): Notification | undefined {
  const due = state.notifications.filter(({ dueAt }) => dueAt !== undefined && dueAt <= clock.now());
  return due.sort((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0))[0];
}

/** The body is rendered at the first attempt, so a late event shows a newer state. */
async function sendOne(context: Context, senders: Senders, notification: Notification): Promise<void> {
  const subscription = context.state.subscriptions.get(notification.subscriptionId);
  delete notification.dueAt;
  if (!subscription || subscription.status.startsWith('disabled')) {
    Object.assign(notification, { status: 'completed', result: 'failed' });
    return;
  }
  notification.body ??= JSON.stringify(renderEvent(context, notification, subscription));
  for (let copy = 0; copy < notification.copies; copy++) {
    const outcome = await deliver(senders, subscription, notification.body);
    notification.attempts.push({ at: context.clock.now(), outcome: String(outcome) });
    settle(context, { notification, subscription, outcome });
  }
}
