import { asDataContractString } from './data-contract.ts';
import type { Subscription } from './rows.ts';

/** How events leave the twin. */
export interface Senders {
  /** Posts to Web Hooks consumers. */
  fetch: typeof fetch;
  /** Puts a message into a queue; rejects when the queue cannot be reached. */
  send(queueName: string, body: Uint8Array, contentType: string): Promise<void>;
}

/** How long a Web Hooks consumer may take; the real limit is not documented. */
const REQUEST_TIMEOUT_IN_MS = 30_000;

/** Delivers one event; answers with the status, or why there was none. */
export function deliver(
  senders: Senders,
  subscription: Subscription,
  body: string,
): Promise<number | string> {
  return subscription.consumerId === 'azureServiceBus'
    ? sendMessage(senders, subscription, body)
    : postHook(senders, subscription, body);
}

async function postHook(
  senders: Senders,
  subscription: Subscription,
  body: string,
): Promise<number | string> {
  try {
    const response = await senders.fetch(subscription.consumerInputs.url ?? '', {
      method: 'POST',
      headers: headersOf(subscription),
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_IN_MS),
    });
    await response.arrayBuffer();
    return response.status;
  } catch (error) {
    return whyOf(error);
  }
}

/** Basic authentication and static headers, one `Key:value` a line, are all that a subscription offers. */
function headersOf({ id, consumerInputs }: Subscription): Record<string, string> {
  const { basicAuthUsername = '', basicAuthPassword = '', httpHeaders = '' } = consumerInputs;
  const own = httpHeaders
    .split(/[\r\n\f]+/)
    .filter((line) => line.includes(':'))
    .map((line) => [line.slice(0, line.indexOf(':')).trim(), line.slice(line.indexOf(':') + 1).trim()]);
  const credentials = Buffer.from(`${basicAuthUsername}:${basicAuthPassword}`).toString('base64');
  return {
    'content-type': 'application/json; charset=utf-8',
    'x-vss-subscriptionid': id,
    ...(basicAuthUsername || basicAuthPassword ? { authorization: `Basic ${credentials}` } : {}),
    ...Object.fromEntries(own),
  };
}

/** The queue takes the message or it does not; there is no status in between. */
async function sendMessage(senders: Senders, { consumerInputs }: Subscription, body: string) {
  const plain = consumerInputs.bypassSerializer?.toLowerCase() === 'true';
  const bytes = plain ? Buffer.from(body) : asDataContractString(body);
  const contentType = plain ? 'application/json' : 'application/xml';
  try {
    await senders.send(consumerInputs.queueName ?? '', bytes, contentType);
    return 200;
  } catch (error) {
    return whyOf(error);
  }
}

function whyOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
