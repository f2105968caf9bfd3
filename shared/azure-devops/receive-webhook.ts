import type { Ports } from '../engine/engine-ports.ts';
import { sendIntake } from '../engine/intake-message.ts';
import type { Log } from '../engine/ports.ts';
import { messageOf } from '../errors.ts';
import type { WebhookCredentials } from './credentials.ts';
import { isAuthentic } from './credentials.ts';
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
  /** Ids of the service hook subscriptions that are ours, lower case. */
  readonly subscriptions: readonly string[];
  /** Ids of the organisations whose events count; empty: every one that knows the password. */
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
    await sendIntake(ports, { ...read(request.body, rules), traceparent: request.traceparent });
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

function read(
  body: string,
  { accounts }: WebhookRules,
): Omit<Parameters<typeof sendIntake>[1], 'traceparent'> {
  const source = 'azure-devops' as const;
  const bytes = Buffer.byteLength(body);
  if (bytes > LARGEST_BODY) {
    return {
      source,
      id: null,
      eventType: 'unknown',
      body,
      read: { unreadable: `the body has ${bytes} bytes, more than 2 MB` },
    };
  }
  const { envelope, ...payload } = readPayload(body);
  const id = envelope?.id ?? null;
  const eventType = envelope?.eventType ?? 'unknown';
  const account = envelope?.resourceContainers.account?.id;
  if (accounts.length > 0 && account !== undefined && !accounts.includes(account)) {
    return { source, id, eventType, body, read: { ignored: `organisation ${account} is not one of ours` } };
  }
  return { source, id, eventType, body, read: payload };
}
