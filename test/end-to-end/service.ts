import type { Stack, StackOptions } from '../../sandbox/stack.ts';
import { startStack } from '../../sandbox/stack.ts';
import type { Delivery } from '../../shared/engine/ports.ts';
import { eventually } from './eventually.ts';
import { SUBSCRIPTION } from './payloads.ts';

export const PASSWORD = 'correct horse battery staple'.replaceAll(' ', '-');
export const NEXT_PASSWORD = 'the-password-after-the-next-rotation';

/** Nothing listens there: whatever the service wants of the outside is refused at once. */
const NOWHERE = 'http://127.0.0.1:9';

/** The service on its stack, cut off from everything outside this machine. */
export function startService(options: StackOptions = {}): Promise<Stack> {
  const settings = {
    WEBHOOK_PASSWORDS: `${PASSWORD} ${NEXT_PASSWORD}`,
    WEBHOOK_SUBSCRIPTIONS: SUBSCRIPTION,
    AZURE_DEVOPS_URL: NOWHERE,
    IDENTITY_ENDPOINT: `${NOWHERE}/msi/token`,
    IDENTITY_HEADER: 'none',
    ...options.settings,
  };
  return startStack({ ...options, settings });
}

/** Who calls the webhook; null: nothing is sent of it. */
interface Caller {
  /** `user:password` of the Basic authorization. */
  readonly credentials?: string | null;
  /** The id that the header says; a body may say one, too. */
  readonly subscription?: string | null;
}

export async function postWebhook(
  { url }: Stack,
  body: string | ReadableStream,
  { credentials = `azure-devops:${PASSWORD}`, subscription = SUBSCRIPTION }: Caller = {},
): Promise<number> {
  const authorization =
    credentials === null ? {} : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
  const sender = subscription === null ? {} : { 'x-vss-subscriptionid': subscription };
  const response = await fetch(`${url}/api/webhooks/azure-devops`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...authorization, ...sender },
    body,
    ...(body instanceof ReadableStream ? { duplex: 'half' as const } : {}),
  });
  await response.arrayBuffer();
  return response.status;
}

/** An answer of the HTTP API, with its JSON body. */
export interface ApiAnswer {
  readonly status: number;
  readonly contentType: string | null;
  readonly body: unknown;
}

/** @param path below `/api/`. */
export async function callApi(
  { url }: Stack,
  path: string,
  request: { readonly method?: string; readonly body?: string } = {},
): Promise<ApiAnswer> {
  const response = await fetch(`${url}/api/${path}`, request);
  const contentType = response.headers.get('content-type');
  return { status: response.status, contentType, body: await response.json() };
}

/** What came for a project, newest first; without one, what came for no registered project. */
export async function deliveriesOf(stack: Stack, project?: string): Promise<readonly Delivery[]> {
  const query = project === undefined ? '' : `?project=${project}`;
  const { body } = await callApi(stack, `deliveries${query}`);
  return (body as { deliveries: Delivery[] }).deliveries;
}

/** Waits for the delivery of an event. */
export function delivered(stack: Stack, event: string, project?: string): Promise<Delivery> {
  return eventually(`delivery ${event}`, async () =>
    (await deliveriesOf(stack, project)).find(({ id }) => id === event),
  );
}

/** Messages of a queue by state, as the emulator counts them. */
export interface QueueCounts {
  readonly active: number;
  readonly locked: number;
  readonly scheduled: number;
  readonly deadLetter: number;
}

export async function countMessages({
  serviceBusUrl,
}: Stack): Promise<Readonly<Record<string, QueueCounts>>> {
  const response = await fetch(`${serviceBusUrl}/queues`);
  return (await response.json()) as Record<string, QueueCounts>;
}

/** Ends the stack. What its functions wait for will not come, so the host is not asked to wait for them. */
export async function endService(stack: Stack): Promise<void> {
  await stack.host.kill();
  await stack.stop();
}
