import type { Json } from '../release/canonical-json.ts';
import type { Effect } from '../release/effects.ts';
import type { EnvironmentEvent, RunEvent } from '../release/events.ts';
import type { Environment, Instant, Run } from '../release/model.ts';

/** Time. In tests it is virtual. */
export interface Clock {
  now(): Instant;
  /** Resolves after the time has passed, or at once when `signal` aborts. */
  sleep(timeInMs: number, signal?: AbortSignal): Promise<void>;
}

/** An effect that was committed but may not have been sent yet. */
export interface OutboxRow {
  /** Unique in the project and the same on every delivery: the message id. */
  readonly id: string;
  readonly effect: Effect;
}

/** Version marks of the rows that a decision was made from; opaque. */
export interface Tags {
  readonly run: string | null;
  readonly environments: ReadonlyMap<string, string>;
}

/** A run as stored, the environments of its project, and what of it is still to be sent. */
export interface Loaded {
  readonly run: Run | null;
  readonly environments: ReadonlyMap<string, Environment>;
  readonly outbox: readonly OutboxRow[];
  readonly tags: Tags;
}

/** One transition: everything of it is written, or nothing. */
export interface Commit {
  readonly project: string;
  /** The run, or null when only an environment changes. */
  readonly run: Run | null;
  readonly environments: readonly Environment[];
  /** What happened, for the audit log. */
  readonly event: RunEvent | EnvironmentEvent;
  readonly effects: readonly Effect[];
  /** Marks of what the decision saw; a row that changed since makes the commit a conflict. */
  readonly tags: Tags;
}

/** State: one transaction a transition, guarded by the marks of what it was decided from. */
export interface Store {
  load(project: string, run: string): Promise<Loaded>;
  /** @returns what is stored now, or `conflict` when another transition was faster: nothing was written then. */
  commit(commit: Commit): Promise<Loaded | 'conflict'>;
  /** Forgets rows that were sent. Rows that are gone already are no error. */
  clearOutbox(project: string, ids: readonly string[]): Promise<void>;
}

/** A line of the audit log: one transition. */
export interface EventRow {
  /** Run id, or `environment.NAME`. */
  readonly subject: string;
  readonly version: number;
  readonly event: RunEvent | EnvironmentEvent;
}

/** A run in a list. */
export interface RunSummary {
  readonly id: string;
  readonly kind: Run['kind'];
  readonly status: Run['status'];
  readonly release: string;
  readonly createdAt: Instant;
  readonly endedAt: Instant | null;
  readonly stages: readonly { readonly name: string; readonly status: string }[];
}

/** What people and the safety net read. */
export interface Records {
  /** Newest first. */
  listRuns(project: string, most: number): Promise<RunSummary[]>;
  activeRuns(project: string): Promise<string[]>;
  events(project: string, subject: string): Promise<EventRow[]>;
  environments(project: string): Promise<Environment[]>;
  /** Ids of runs (and `environment.NAME`) that have effects which were not sent. */
  unsent(project: string): Promise<string[]>;
}

/** A project as it was registered. */
export interface RegisteredProject {
  readonly name: string;
  /** What the registrant gave; the store does not look into it. */
  readonly settings: Json;
  /** Version mark of this registration; opaque. */
  readonly tag: string;
}

/** The projects that Slipway serves. */
export interface Projects {
  /**
   * Writes a registration.
   * @param tag mark of the registration that this one replaces; null when there should be none yet.
   * @returns the new mark, or `conflict` when somebody else was faster: nothing was written then.
   */
  registerProject(name: string, settings: Json, tag: string | null): Promise<string | 'conflict'>;
  readProject(name: string): Promise<RegisteredProject | null>;
  /** By name. */
  listProjects(): Promise<RegisteredProject[]>;
}

/** One webhook that came for a project, and what was made of it. */
export interface Delivery {
  /** Unique among the deliveries of its millisecond. */
  readonly id: string;
  readonly at: Instant;
  readonly source: 'azure-devops' | 'github';
  /** As the source names it, e.g. `build.complete`. */
  readonly eventType: string;
  readonly outcome: 'queued' | 'ignored' | 'unreadable';
  /** One sentence for people. */
  readonly why: string;
  readonly run: string | null;
  /** Size of the payload. */
  readonly bytes: number;
  /** Of the payload in the content store; null when it is not kept. */
  readonly contentDigest: string | null;
}

/** What came by webhook, for finding out why nothing happened. */
export interface Deliveries {
  /** Writing the same delivery again changes nothing. */
  recordDelivery(project: string, delivery: Delivery): Promise<void>;
  /** Newest first. */
  listDeliveries(project: string, most: number): Promise<Delivery[]>;
}

export type QueueName = 'release-events' | 'steps' | 'records';

export interface Outgoing {
  /** The queue drops a message whose id it has seen within its window. */
  readonly id: string;
  /** JSON text. */
  readonly body: string;
  readonly notBefore: Instant | null;
  readonly traceparent: string;
}

export interface Bus {
  /** Resolves when the queue has taken all of them. */
  send(queue: QueueName, messages: readonly Outgoing[]): Promise<void>;
}

/** Content by its SHA-256 (lower-case hexadecimal). Nothing in it is ever changed. */
export interface ContentStore {
  put(content: Uint8Array | string): Promise<string>;
  /** @throws UnreadableInput when there is no such content. */
  get(digest: string): Promise<Uint8Array>;
  has(digest: string): Promise<boolean>;
}

/** A release as it was taken in: one build's content, and nothing that can change. */
export interface ReleaseRecord {
  readonly name: string;
  readonly order: number;
  /** Digest of the manifest (path, size, SHA-256 of every file), in the content store. */
  readonly manifest: string;
  readonly takenInAt: Instant;
  /** Where it came from, for people: build number, branch, commit. */
  readonly source: Readonly<Record<string, string>>;
}

/** Releases of all projects. Adding one that is there already changes nothing. */
export interface Releases {
  add(project: string, release: ReleaseRecord): Promise<void>;
  find(project: string, name: string): Promise<ReleaseRecord | null>;
  /** Newest (highest order) first. */
  list(project: string, most: number): Promise<ReleaseRecord[]>;
}

/** What a log line is about. */
export type LogFields = Readonly<Record<string, string | number | null>>;

export interface Log {
  info(text: string, fields: LogFields): void;
  warn(text: string, fields: LogFields): void;
  error(text: string, fields: LogFields): void;
}
