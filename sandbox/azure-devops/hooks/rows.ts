/** A service-hook subscription. */
export interface Subscription {
  id: string;
  publisherId: string;
  eventType: string;
  resourceVersion: string | null;
  consumerId: string;
  consumerActionId: string;
  publisherInputs: Record<string, string>;
  consumerInputs: Record<string, string>;
  status: SubscriptionStatus;
  /** Failed re-sends since the subscription came on probation. */
  probationRetries: number;
  lastProbationRetryAt?: number;
  createdById: string;
  createdAt: number;
  changedById: string;
  changedAt: number;
  /** Number of the newest notification; notifications count per subscription. */
  lastNotificationId: number;
}

export type SubscriptionStatus =
  | 'enabled'
  | 'onProbation'
  | 'disabledByUser'
  | 'disabledBySystem'
  | 'disabledByInactiveIdentity';

/** What an event is about; it is looked up when the event is rendered, which may be later. */
export type Subject =
  | { kind: 'build'; buildId: number }
  | { kind: 'stage'; buildId: number; stageName: string }
  | { kind: 'approval'; approvalId: string }
  | { kind: 'pull-request'; pullRequestId: number; actorId: string; verb: string };

/** Something that happened, before it is known who wants to hear of it. */
export interface HookEvent {
  id: string;
  eventType: string;
  publisherId: string;
  projectId: string;
  subject: Subject;
  /** What `notificationType` or `mergeResult` of a subscription is compared with. */
  detail?: string;
  createdAt: number;
}

/** One event on its way to one subscription. */
export interface Notification {
  id: number;
  subscriptionId: string;
  event: HookEvent;
  status: 'queued' | 'completed';
  result: 'pending' | 'succeeded' | 'failed';
  /** The body, from the first attempt on: re-sends repeat it. */
  body?: string;
  createdAt: number;
  changedAt: number;
  /** When it is sent, or sent again; absent when nothing more will be tried. */
  dueAt?: number;
  /** Resends used up after transient failures. */
  transientRetries: number;
  /** Whether this is the notification that a subscription on probation is tried with. */
  isProbe: boolean;
  /** How often each attempt is sent; more than one is a duplicate delivery. */
  copies: number;
  attempts: Attempt[];
}

/** One delivery and what came back: a status, or why there was none. */
export interface Attempt {
  at: number;
  outcome: string;
}

/** Trouble ordered for deliveries to come. */
export interface Disturbance {
  /** An event type, `*` for any text. */
  match: string;
  /** Notifications it still hits. */
  times: number;
  /** Deliveries of each, default 1. */
  copies: number;
  /** Lateness of the first delivery; events behind it overtake. */
  delayInMs: number;
  /** The notification never comes to be. */
  lost: boolean;
}

/** An event's resource and the text about it. */
export interface Rendering {
  resource: Record<string, unknown>;
  text: string;
  detailedText?: string;
}
