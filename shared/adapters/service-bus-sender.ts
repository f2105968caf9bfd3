import type { TokenCredential } from '@azure/core-auth';
import type {
  ServiceBusSender as Sender,
  ServiceBusMessage,
  ServiceBusMessageBatch,
} from '@azure/service-bus';
import { RetryMode, ServiceBusClient } from '@azure/service-bus';
import type { Bus, Outgoing, QueueName } from '../engine/ports.ts';
import { messageOf, TransientFailure, UnreadableInput } from '../errors.ts';

/** A namespace: a connection string, or its host name `NAMESPACE.servicebus.windows.net` with a credential. */
export type ServiceBusAccess =
  | { readonly connectionString: string }
  | { readonly fullyQualifiedNamespace: string; readonly credential: TokenCredential };

/** How the SDK tries again; its own default would wait 30 s each time. */
export interface SendRetries {
  readonly maxRetries: number;
  readonly retryDelayInMs: number;
}

const RETRIES: SendRetries = { maxRetries: 3, retryDelayInMs: 300 };
const LONGEST_RETRY_DELAY_IN_MS = 2_000;
/** One send with its retries; below the two minutes that a function may take. */
const LONGEST_SEND_IN_MS = 20_000;

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
    if (messages.length === 0) return;
    const abortSignal = AbortSignal.timeout(LONGEST_SEND_IN_MS);
    try {
      const sender = this.senderOf(queue);
      const batches = await inBatches(() => sender.createMessageBatch({ abortSignal }), messages);
      for (const batch of batches) await sender.sendMessages(batch, { abortSignal });
    } catch (error) {
      throw readable(error, queue);
    }
  }

  /** Ends the connection. A later send opens another one. */
  async close(): Promise<void> {
    const { client } = this;
    this.client = null;
    this.senders.clear();
    await client?.close();
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

function connect(access: ServiceBusAccess, retries: SendRetries): ServiceBusClient {
  const retryOptions = {
    ...retries,
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
    messageId: id,
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

function isTransient(error: Error): boolean {
  const code = 'code' in error ? String(error.code) : '';
  const isRetryable = 'retryable' in error && error.retryable === true;
  return (
    isRetryable || error.name === 'AbortError' || /Quota|Timeout|Busy/.test(code) || /^E[A-Z]+$/.test(code)
  );
}
