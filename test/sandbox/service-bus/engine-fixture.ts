import { pump } from '../../../sandbox/service-bus/engine/delivery.ts';
import { createNamespace, type NamespaceOptions } from '../../../sandbox/service-bus/engine/namespace.ts';
import type {
  Consumer,
  Lane,
  Queue,
  QueueMessage,
  QueueSettings,
  SentMessage,
} from '../../../sandbox/service-bus/engine/queue-model.ts';
import { send } from '../../../sandbox/service-bus/engine/sending.ts';
import { virtualClock } from './virtual-clock.ts';

export const plainSettings: QueueSettings = {
  name: 'orders',
  lockDurationInMs: 30_000,
  maxDeliveryCount: 3,
  defaultTimeToLiveInMs: 3_600_000,
  deadLettersExpired: false,
  duplicateWindowInMs: 0,
  requiresSession: false,
  forwardTo: undefined,
  forwardDeadLettersTo: undefined,
};

type Extra = Partial<Omit<NamespaceOptions, 'queues'>>;

/** Queues on a virtual clock; the first is `queue`. Lock tokens are `lock-1`, `lock-2`, … */
export function engine(settings: readonly Partial<QueueSettings>[] = [{}], extra: Extra = {}) {
  const clock = virtualClock();
  let tokens = 0;
  const namespace = createNamespace({
    queues: settings.map((each) => ({ ...plainSettings, ...each })),
    clock,
    newLockToken: () => `lock-${++tokens}`,
    ...extra,
  });
  const [queue] = namespace.queues;
  if (queue?.deadLetters === undefined) throw new Error('the engine needs a queue');
  return { clock, namespace, queue, deadLetters: queue.deadLetters };
}

export function sent(messageId: string, options: Partial<SentMessage> = {}): SentMessage {
  return {
    messageId,
    sessionId: undefined,
    timeToLiveInMs: Number.POSITIVE_INFINITY,
    scheduledForInMs: undefined,
    content: Buffer.from(messageId),
    ...options,
  };
}

export function sendAll(queue: Queue, ...messages: (string | SentMessage)[]): number[] {
  return send(
    queue,
    messages.map((message) => (typeof message === 'string' ? sent(message) : message)),
  );
}

/** Someone who receives and notes what came. */
export function receiver(queue: Queue, options: { credit?: number; deletes?: boolean; lane?: Lane } = {}) {
  const lane = options.lane ?? queue.lane;
  const messages: QueueMessage[] = [];
  let credit = options.credit ?? 100;
  const consumer: Consumer = {
    deletes: options.deletes ?? false,
    credit: () => credit,
    deliver(message) {
      credit--;
      messages.push(message);
    },
  };
  lane.consumers.push(consumer);
  pump(queue, lane);
  return {
    messages,
    ids: () => messages.map((message) => message.sent.messageId),
    last(): QueueMessage {
      const message = messages.at(-1);
      if (message === undefined) throw new Error('nothing was received');
      return message;
    },
    leave: () => lane.consumers.splice(lane.consumers.indexOf(consumer), 1),
    ask(more: number) {
      credit += more;
      pump(queue, lane);
    },
  };
}

/** The token of a message that must be locked. */
export function tokenOf(message: QueueMessage): string {
  if (message.lock === undefined) throw new Error('the message is not locked');
  return message.lock.token;
}

/** Every entry of every structure of a queue: all must be gone when it is empty. */
export function entriesOf(queue: Queue): Record<string, number> {
  const { all, lane, locked, lockExpiry, expiry, activation, held, sessions, sessionExpiry, waiters } = queue;
  const sizes = { locked, lockExpiry, expiry, activation, held, sessions, sessionExpiry, waiters };
  return {
    messages: all.size,
    ready: lane.ready.size,
    consumers: lane.consumers.length,
    ...Object.fromEntries(Object.entries(sizes).map(([name, { size }]) => [name, size])),
  };
}
