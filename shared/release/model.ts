import type { Json } from './canonical-json.ts';
import type { Pipeline } from './pipeline.ts';
import type { ChangeCounts } from './plan.ts';

/** Shape of the stored run. Rows of an older number are upgraded when they are read (`schema.ts`). */
export const RUN_SCHEMA = 2;

/** Instants are milliseconds since 1970, UTC. They come with events; the core never asks a clock. */
export type Instant = number;

export type RunKind = 'release' | 'pull-request' | 'redeploy' | 'rollback';

export type StageStatus =
  | 'queued'
  | 'planning'
  | 'waiting-for-approval'
  | 'waiting-for-environment'
  | 'applying'
  | 'verifying'
  | StageEnd;

export type StageEnd =
  | 'succeeded'
  | 'failed'
  | 'rejected'
  | 'timed-out'
  | 'superseded'
  | 'cancelled'
  | 'skipped';

export type RunStatus = 'running' | Exclude<StageEnd, 'skipped'>;

/**
 * - `idle`: not asked for in this phase yet; `pending`: a message asks for it; `claimed`: a function runs it
 * - `waiting`: it started something outside and is asked again later
 * - `planned`: its changes are known; `unchanged`: nothing to do
 */
export type StepStatus =
  | 'idle'
  | 'pending'
  | 'claimed'
  | 'waiting'
  | 'planned'
  | 'unchanged'
  | 'succeeded'
  | 'failed';

/** `cancel` stops what the step started outside. */
export type StepMode = 'plan' | 'apply' | 'cancel';

/** Somebody who asked for something or decided something; `policy` for Slipway itself. */
export interface Person {
  /** Object id of the directory, or another id that the edge has authenticated. */
  id: string;
  name: string;
}

export interface StepState {
  name: string;
  status: StepStatus;
  mode: StepMode;
  /** Number of the attempt in this mode, from 1; 0 before the first. It never falls, so that keys made of it are new. */
  attempt: number;
  /** Technical failures in this mode since the last look at what it started that went well. */
  failures: number;
  /** How many claims were given, or lost with their message. A result counts only with the number of the newest. */
  claim: number;
  /** Id of the invocation that holds the newest claim. */
  claimedBy: string | null;
  /** When it may be claimed (`pending`, `waiting`), or when its lease ends (`claimed`). */
  dueAt: Instant;
  /** What the step wants to be told again when it is asked next. */
  memo: Json;
  plan: { digest: string; changes: ChangeCounts } | null;
  /** In a retry: whether all changes of the new plan were approved before. */
  withinApproved: boolean;
  output: Record<string, Json>;
  error: string | null;
}

export interface StagePlan {
  hash: string;
  changes: ChangeCounts;
  /** When planning began, and the environment's generation then; null while another run was applying. */
  begunAt: Instant;
  generation: number | null;
}

export interface Approval {
  by: Person;
  at: Instant;
  comment: string;
}

/** Why a stage fails. `definite`: a step said no; otherwise it only could not do its work. */
export interface Failure {
  step: string;
  phase: 'plan' | 'apply' | 'verify';
  definite: boolean;
  reason: string;
}

export interface StageState {
  name: string;
  status: StageStatus;
  /** 0 at first, one more with each retry by a person. */
  round: number;
  steps: StepState[];
  startedAt: Instant | null;
  endedAt: Instant | null;
  /** Whether stages after this one may go on. Null until the end. */
  ok: boolean | null;
  plan: StagePlan | null;
  /** The environment's generation once the stage had begun to apply; null before, and without an environment. */
  appliedGeneration: number | null;
  /** First claim of an applying step in this round: a freeze that begins later lets the stage finish. */
  applyBegunAt: Instant | null;
  /** Whether the planning under way, or the last one, is the one under the lock. */
  underLock: boolean;
  gateOpenedAt: Instant | null;
  approvals: Approval[];
  /** The plan that passed the gate: digests by step. Null before, and for good where no approval was needed. */
  approved: { hash: string; digests: Record<string, string> } | null;
  /** The approved plan that a later planning made stale, for showing the difference. */
  stalePlanHash: string | null;
  failure: Failure | null;
  /** One sentence on how it ended or what it waits for, where the status alone does not say it. */
  note: string | null;
}

export interface Run {
  schema: number;
  project: string;
  id: string;
  kind: RunKind;
  /** Number of transitions so far; each has one event row. */
  version: number;
  status: RunStatus;
  release: { name: string; order: number };
  requestedBy: Person;
  why: string;
  overridesFreeze: boolean;
  createdAt: Instant;
  endedAt: Instant | null;
  cancelled: { by: Person; at: Instant; why: string } | null;
  /** When the next wake-up message arrives; null when none is under way. */
  wakeAt: Instant | null;
  /** W3C trace context of the request that started the run. */
  traceparent: string;
  pipeline: Pipeline;
  stages: StageState[];
}

/** A run in the queue of an environment. */
export interface WaitingRun {
  run: string;
  stage: string;
  kind: RunKind;
  release: string;
  order: number;
  overridesFreeze: boolean;
  since: Instant;
  waitsFor: 'approval' | 'environment';
}

export interface LiveRelease {
  release: string;
  order: number;
  run: string;
  at: Instant;
  /** A verification of it failed for good, so nothing is rolled back to it. */
  bad: boolean;
}

/** No stage begins to apply from `from` (inclusive) to `to` (exclusive). */
export interface Freeze {
  id: string;
  from: Instant;
  to: Instant;
  why: string;
  by: Person;
}

/**
 * What a step has put into an environment. `digest` names the content that lists it (null: nothing yet);
 * `uncertain` are digests of plans whose application began and was not reported as done: what they touch may
 * be old or new.
 */
export interface Inventory {
  digest: string | null;
  uncertain: string[];
}

export interface Environment {
  schema: number;
  name: string;
  version: number;
  lock: { run: string; stage: string; order: number; since: Instant } | null;
  waiting: WaitingRun[];
  live: LiveRelease | null;
  /** Earlier live releases that ended well, newest first, at most ten. */
  history: LiveRelease[];
  /** One more each time a deployment begins to apply: tells whether a plan may be out of date. */
  generation: number;
  /**
   * Name of the release that last began to be applied there, be it only in part, and was not undone since: what a
   * rollback undoes. Null: nothing.
   */
  toUndo: string | null;
  /** By step name. */
  inventories: Record<string, Inventory>;
  freezes: Freeze[];
  /** Automatic releases wait while this is set. */
  hold: { why: string; run: string; at: Instant } | null;
}

/** What one decision sees: a run, null before it exists, and the environments of its project. */
export interface State {
  readonly run: Run | null;
  readonly environments: ReadonlyMap<string, Environment>;
}

export function isEnded(status: StageStatus): status is StageEnd {
  return ![
    'queued',
    'planning',
    'waiting-for-approval',
    'waiting-for-environment',
    'applying',
    'verifying',
  ].includes(status);
}

/** An environment that no run has touched yet. */
export function newEnvironment(name: string): Environment {
  return {
    schema: RUN_SCHEMA,
    name,
    version: 0,
    lock: null,
    waiting: [],
    live: null,
    history: [],
    generation: 0,
    toUndo: null,
    inventories: {},
    freezes: [],
    hold: null,
  };
}
