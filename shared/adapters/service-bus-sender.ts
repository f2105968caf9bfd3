import type { TokenCredential } from '@azure/core-auth';
import type {
  ServiceBusSender as Sender,
  ServiceBusMessage,
  ServiceBusMessageBatch,
} from '@azure/service-bus';
import { RetryMode, ServiceBusClient } from '@azure/service-bus';
import type { Bus, Outgoing, QueueName } from '../engine/ports.ts';
import { messageOf, TransientFailure, UnreadableInput } from '../errors.ts';
import { sha256 } from '../release/canonical-json.ts';

/** A namespace: a connection string, or its host name `NAMESPACE.servicebus.windows.net` with a credential. */
export type ServiceBusAccess =
  | { readonly connectionString: string }
  | { readonly fullyQualifiedNamespace: string; readonly credential: TokenCredential };

/** How sending is tried again, within the two minutes that a function may take. */
export interface SendRetries {
  /** After a refusal such as `server busy`; the SDK's own default would wait 30 s each time. */
  readonly maxRetries: number;
  readonly retryDelayInMs: number;
  /** For an answer, refusals and their retries included. */
  readonly timeoutInMs: number;
}

const RETRIES: SendRetries = { maxRetries: 3, retryDelayInMs: 300, timeoutInMs: 8_000 };
const LONGEST_RETRY_DELAY_IN_MS = 2_000;
const MOST_TIMEOUTS = 3;
/** Service Bus takes no longer message id; a digest tells duplicates as well. */
const LONGEST_ID = 128;

/** Queues of one Service Bus namespace. The connection is opened by the first send and kept. */
export class ServiceBusSender implements Bus {
  private readonly access: ServiceBusAccess;
  private readonly retries: SendRetries;
  private readonly senders = new Map<QueueName, Sender>();
  private client: ServiceBusClient | null = null;

  constructor(access: ServiceBusAccess, retries = RETRIES) {
    this.access = access;
    this.retries = retries;
  }

  /**
   * Sends messages in batches as large as the queue takes; a batch is taken whole or not at all.
   * @throws UnreadableInput when a message is larger than the queue takes; nothing was sent then.
   * @throws TransientFailure when the queue was busy, full or out of reach; some may have been sent then.
   */
  async send(queue: QueueName, messages: readonly Outgoing[]): Promise<void> {
    for (let attempt = 1; messages.length > 0; attempt += 1) {
      try {
        return await this.sendOnce(queue, messages);
      } catch (error) {
        if (!isTimeout(error) || attempt === MOST_TIMEOUTS) throw readable(error, queue);
      }
    }
  }

  /** Ends the connection. A later send opens another one. */
  async close(): Promise<void> {
    const { client } = this;
    this.client = null;
    this.senders.clear();
    await client?.close();
  }

  /**
   * A connection that breaks between a message and its answer leaves the SDK waiting, so the wait is cut short and
   * the messages are sent again: the queue knows their ids and takes each of them once.
   */
  private async sendOnce(queue: QueueName, messages: readonly Outgoing[]): Promise<void> {
    const abortSignal = AbortSignal.timeout(this.retries.timeoutInMs);
    const sender = this.senderOf(queue);
    const batches = await inBatches(() => sender.createMessageBatch({ abortSignal }), messages);
    for (const batch of batches) await sender.sendMessages(batch, { abortSignal });
  }

  private senderOf(queue: QueueName): Sender {
    const open = this.senders.get(queue);
    if (open !== undefined && !open.isClosed) return open;
    this.client ??= connect(this.access, this.retries);
    const sender = this.client.createSender(queue);
    this.senders.set(queue, sender);
    return sender;
  }
}

function connect(access: ServiceBusAccess, { maxRetries, retryDelayInMs }: SendRetries): ServiceBusClient {
  const retryOptions = {
    maxRetries,
    retryDelayInMs,
    maxRetryDelayInMs: LONGEST_RETRY_DELAY_IN_MS,
    mode: RetryMode.Exponential,
  };
  if ('connectionString' in access) return new ServiceBusClient(access.connectionString, { retryOptions });
  return new ServiceBusClient(access.fullyQualifiedNamespace, access.credential, { retryOptions });
}

async function inBatches(
  newBatch: () => Promise<ServiceBusMessageBatch>,
  messages: readonly Outgoing[],
): Promise<ServiceBusMessageBatch[]> {
  const batches: ServiceBusMessageBatch[] = [];
  for (const message of messages) {
    const last = batches.at(-1);
    if (last?.tryAddMessage(toServiceBus(message))) continue;
    const batch = await newBatch();
    if (!batch.tryAddMessage(toServiceBus(message))) throw tooLarge(message, batch);
    batches.push(batch);
  }
  return batches;
}

/** The trace travels under both names: `Diagnostic-Id` is what the Functions host and older SDKs read. */
function toServiceBus({ id, body, notBefore, traceparent }: Outgoing): ServiceBusMessage {
  return {
    messageId: id.length > LONGEST_ID ? sha256(id) : id,
    body: Buffer.from(body),
    contentType: 'application/json',
    ...(notBefore === null ? {} : { scheduledEnqueueTimeUtc: new Date(notBefore) }),
    ...(traceparent === '' ? {} : { applicationProperties: { traceparent, 'Diagnostic-Id': traceparent } }),
  };
}

function tooLarge({ id, body }: Outgoing, { maxSizeInBytes }: ServiceBusMessageBatch): UnreadableInput {
  const size = Buffer.byteLength(body);
  return new UnreadableInput(
    `message ${id} of ${size} bytes is larger than the ${maxSizeInBytes} its queue takes`,
  );
}

/** After retries the SDK throws an AggregateError without text or code: its last error tells. */
function readable(error: unknown, queue: QueueName): unknown {
  if (error instanceof AggregateError && error.errors.length > 0) return readable(error.errors.at(-1), queue);
  if (!(error instanceof Error) || error instanceof UnreadableInput) return error;
  const text = `could not send to ${queue}: ${messageOf(error)}`;
  return isTransient(error)
    ? new TransientFailure(text, { cause: error })
    : new Error(text, { cause: error });
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** Besides what the SDK takes for that: a full queue, a host that cannot be reached. */
function isTransient(error: Error): boolean {
  const isRetryable = 'retryable' in error && error.retryable === true;
  const code = 'code' in error ? String(error.code) : '';
  const isOfSystem = 'syscall' in error && typeof error.syscall === 'string';
  return isRetryable || isOfSystem || isTimeout(error) || /Quota|Timeout|Busy/.test(code);
}
