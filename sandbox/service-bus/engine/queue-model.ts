import type { Clock } from './clock.ts';
import type { DueList } from './due-list.ts';
import type { QueueError } from './queue-error.ts';
import type { SequenceList } from './sequence-list.ts';

/** A message as its sender gave it. The engine never looks into the content: it is the whole encoded message. */
export interface SentMessage {
  /** What duplicate detection compares. */
  readonly messageId: string;
  readonly sessionId: string | undefined;
  /** Infinity when the sender set none. */
  readonly timeToLiveInMs: number;
  readonly scheduledForInMs: number | undefined;
  readonly content: Buffer;
}

export type MessageState = 'active' | 'deferred' | 'scheduled';

/** Encoded values that settling a message adds to its application properties, by name. */
export type AddedProperties = Readonly<Record<string, Buffer>>;

export interface DeadLetterReason {
  readonly reason: string | undefined;
  readonly description: string | undefined;
}

export interface MessageLock {
  readonly token: string;
  untilInMs: number;
  /** The session whose lock covers the message, in a queue with sessions. */
  readonly session: MessageSession | undefined;
}

export interface QueueMessage {
  readonly sequenceNumber: number;
  /** The number it had before it was activated or forwarded, else 0. */
  readonly enqueueSequenceNumber: number;
  readonly enqueuedAtInMs: number;
  readonly expiresAtInMs: number;
  readonly sent: SentMessage;
  /** A message that was scheduled still says so when it is received. */
  readonly wasScheduled: boolean;
  /** The queue that it was dead-lettered in, once it was forwarded from there. */
  readonly deadLetterSource: string | undefined;
  deadLetter: DeadLetterReason | undefined;
  state: MessageState;
  /** Deliveries that failed. */
  deliveryCount: number;
  addedProperties: AddedProperties;
  lock: MessageLock | undefined;
}

/** Someone who takes messages. `deliver` must take the message as soon as it is called. */
export interface Consumer {
  /** Receive-and-delete: the message is gone once it is delivered. */
  readonly deletes: boolean;
  credit(): number;
  deliver(message: QueueMessage): void;
}

/** Messages waiting in order, and who takes them in turn. A plain queue has one lane, a session has its own. */
export interface Lane {
  readonly ready: SequenceList<QueueMessage>;
  readonly consumers: Consumer[];
  session: MessageSession | undefined;
}

export interface SessionHolder {
  /** Called when the lock of the session ran out. */
  lost(error: QueueError): void;
}

export interface MessageSession {
  readonly id: string;
  readonly lane: Lane;
  readonly locked: Set<QueueMessage>;
  holder: SessionHolder | undefined;
  lockedUntilInMs: number;
  state: Buffer | undefined;
}

/** Someone who waits for any session that has messages. */
export interface SessionWaiter {
  readonly holder: SessionHolder;
  granted(session: MessageSession): void;
  refused(error: QueueError): void;
}

export interface QueueSettings {
  readonly name: string;
  readonly lockDurationInMs: number;
  readonly maxDeliveryCount: number;
  /** Infinity for none. */
  readonly defaultTimeToLiveInMs: number;
  readonly deadLettersExpired: boolean;
  /** 0 where duplicates are not detected. */
  readonly duplicateWindowInMs: number;
  readonly requiresSession: boolean;
  readonly forwardTo: string | undefined;
  readonly forwardDeadLettersTo: string | undefined;
}

/** One change of what must survive a restart. `queue` is the address, also of a dead-letter queue. */
export type Change =
  | { readonly kind: 'put'; readonly queue: string; readonly message: QueueMessage }
  | { readonly kind: 'update'; readonly queue: string; readonly message: QueueMessage }
  | { readonly kind: 'remove'; readonly queue: string; readonly sequenceNumber: number }
  | { readonly kind: 'seen'; readonly queue: string; readonly messageId: string; readonly untilInMs: number }
  | { readonly kind: 'number'; readonly queue: string; readonly sequenceNumber: number }
  | {
      readonly kind: 'session-state';
      readonly queue: string;
      readonly sessionId: string;
      readonly state: Buffer | undefined;
    };

/** What a delivery suffers on demand. */
export interface DeliveryFault {
  readonly delayInMs: number;
  readonly duplicated: boolean;
}

export const noDeliveryFault: DeliveryFault = { delayInMs: 0, duplicated: false };

/** What a queue needs of the world around it. */
export interface Surroundings {
  readonly clock: Clock;
  newLockToken(): string;
  record(change: Change): void;
  /** Puts a message into another queue; the name comes from the settings and is known to exist. */
  forward(queueName: string, sent: SentMessage, origin: Origin): void;
  /** Asked once before each delivery. */
  deliveryFault(queueName: string): DeliveryFault;
}

/** Where a forwarded message comes from. */
export interface Origin {
  readonly enqueueSequenceNumber: number;
  readonly addedProperties: AddedProperties;
  readonly deadLetter: DeadLetterReason | undefined;
  readonly deadLetterSource: string | undefined;
}

export interface Queue {
  /** The name, or the name and `/$DeadLetterQueue`. */
  readonly address: string;
  readonly settings: QueueSettings;
  readonly around: Surroundings;
  /** Undefined in a dead-letter queue. */
  readonly deadLetters: Queue | undefined;
  readonly all: SequenceList<QueueMessage>;
  readonly lane: Lane;
  readonly locked: Map<string, QueueMessage>;
  readonly lockExpiry: DueList<QueueMessage>;
  readonly expiry: DueList<QueueMessage>;
  readonly activation: DueList<QueueMessage>;
  /** Messages that a fault keeps back for a while. */
  readonly held: DueList<QueueMessage>;
  readonly seen: DueList<string>;
  readonly sessions: Map<string, MessageSession>;
  readonly sessionExpiry: DueList<MessageSession>;
  readonly waiters: Set<SessionWaiter>;
  readonly waiterExpiry: DueList<SessionWaiter>;
  lastSequenceNumber: number;
}

/** Only the queue itself has sessions; its dead-letter queue is a plain one. */
export function hasSessions(queue: Queue): boolean {
  return queue.settings.requiresSession && queue.deadLetters !== undefined;
}
