import type { Ports } from '../engine/engine-ports.ts';
import { sendIntake } from '../engine/intake-message.ts';
import type { Log } from '../engine/ports.ts';
import { messageOf } from '../errors.ts';
import type { WebhookCredentials } from './credentials.ts';
import { isAuthentic } from './credentials.ts';
import type { Envelope } from './payload.ts';
import { readPayload, subscriptionOf } from './payload.ts';

/** An HTTP request as far as it matters here. */
export interface WebhookRequest {
  readonly authorization: string | null;
  readonly subscription: string | null;
  readonly traceparent: string | null;
  readonly body: string;
}

export interface WebhookRules {
  readonly credentials: WebhookCredentials;
  /** Ids of the service hook subscriptions that are ours, lower case; empty: every one that knows the password. */
  readonly subscriptions: readonly string[];
  /** Ids of the organisations whose events count, lower case; empty: every one that knows the password. */
  readonly accounts: readonly string[];
}

/** Azure DevOps documents 2 MB as its largest event. */
export const LARGEST_BODY = 2 * 1024 * 1024;

/**
 * Answers a service hook: 202 once the event is in the queue, 503 when it could not be put there.
 *
 * One answer of 400, 404, 413, 429 or 500 puts a subscription on probation, and all its events of the next twenty
 * minutes are lost; 503 is sent again within three minutes. So an authenticated caller gets nothing else, whatever it
 * sends. A wrong password of one of our own subscriptions is most likely a rotation under way: 503 and a loud log
 * line give it three minutes to be mended; nothing of the event is believed. Strangers get 401.
 */
export async function receiveWebhook(
  ports: Pick<Ports, 'bus' | 'content' | 'clock' | 'log'>,
  rules: WebhookRules,
  request: WebhookRequest,
): Promise<401 | 202 | 503> {
  const subscription = subscriptionOf(request.body, request.subscription);
  if (!isAuthentic(request.authorization, rules.credentials)) {
    const known = subscription !== null && rules.subscriptions.includes(subscription);
    ports.log.error(
      `a service hook came with a wrong password${known ? ' from a subscription of ours' : ''}`,
      { subscription },
    );
    return known ? 503 : 401;
  }
  try {
    await sendIntake(ports, { ...read(request.body, rules, subscription), traceparent: request.traceparent });
    return 202;
  } catch (error) {
    ports.log.error(`a service hook could not be queued: ${messageOf(error)}`, { subscription });
    return 503;
  }
}

/**
 * Runs the handler of the webhook. Whatever it throws, a wrong setting above all, is logged and answered 503: a 500
 * would lose the events of twenty minutes.
 */
export async function orUnavailable(
  log: Pick<Log, 'error'>,
  handler: () => Promise<number>,
): Promise<{ readonly status: number }> {
  try {
    return { status: await handler() };
  } catch (error) {
    log.error(`a service hook could not be received: ${messageOf(error)}`, {});
    return { status: 503 };
  }
}

type Received = Omit<Parameters<typeof sendIntake>[1], 'traceparent'>;

function read(body: string, rules: WebhookRules, subscription: string | null): Received {
  const { envelope, ...payload } = payloadIn(body);
  const read = whyNotOurs(rules, { subscription, envelope }) ?? payload;
  const id = envelope?.id ?? null;
  return { source: 'azure-devops', id, eventType: envelope?.eventType ?? 'unknown', body, read };
}

function payloadIn(body: string): ReturnType<typeof readPayload> {
  const bytes = Buffer.byteLength(body);
  if (bytes <= LARGEST_BODY) return readPayload(body);
  return { unreadable: `the body has ${bytes} bytes, more than 2 MB`, envelope: null };
}

/** Why an event does not count, whoever sent it knows the password; null: it does. */
function whyNotOurs(
  { subscriptions, accounts }: WebhookRules,
  { subscription, envelope }: { readonly subscription: string | null; readonly envelope: Envelope | null },
): { readonly ignored: string } | null {
  if (subscriptions.length > 0 && (subscription === null || !subscriptions.includes(subscription)))
    return {
      ignored:
        subscription === null
          ? 'the event does not say of which subscription it is, and only some are ours'
          : `subscription ${subscription} is not one of ours`,
    };
  if (accounts.length === 0 || envelope === null) return null;
  const account = envelope.resourceContainers.account?.id;
  if (account !== undefined && accounts.includes(account.toLowerCase())) return null;
  return {
    ignored:
      account === undefined
        ? 'the event does not say of which organisation it is, and only some are ours'
        : `organisation ${account} is not one of ours`,
  };
}
