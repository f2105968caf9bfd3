import type { Json } from './canonical-json.ts';
import type { Instant, Person, RunKind, StepMode } from './model.ts';
import type { Pipeline } from './pipeline.ts';
import type { ChangeCounts } from './plan.ts';

/** Somebody or something wants a run. The id makes it one and the same run, however often it is asked for. */
export interface RunRequested {
  readonly type: 'run-requested';
  readonly project: string;
  readonly at: Instant;
  readonly id: string;
  readonly kind: RunKind;
  /** `order` rises with the builds of a project, so that a newer release is known from an older one. */
  readonly release: { readonly name: string; readonly order: number };
  readonly requestedBy: Person;
  readonly why: string;
  readonly overridesFreeze: boolean;
  readonly pipeline: Pipeline;
  readonly traceparent: string;
  /** Where a person asked for it under a key of theirs: tells a repetition from another request under the same key. */
  readonly asked?: {
    /** SHA-256 of what was asked for. */
    readonly digest: string;
    /** Name of the release that was in the environment then, be it in part. */
    readonly from: string | null;
  };
}

interface AboutStep {
  readonly at: Instant;
  readonly stage: string;
  readonly step: string;
}

/** A function asks for the step that a message named. `after` is the number of claims when the message was made. */
export interface StepClaimed extends AboutStep {
  readonly type: 'step-claimed';
  readonly mode: StepMode;
  readonly after: number;
  /** Who runs it: id of the invocation. */
  readonly by: string;
}

interface Result extends AboutStep {
  readonly claim: number;
}

export interface StepPlanned extends Result {
  readonly type: 'step-planned';
  /** SHA-256 of the changes' canonical JSON, which the content store holds. */
  readonly digest: string;
  readonly changes: ChangeCounts;
  readonly withinApproved: boolean;
}

export interface StepSucceeded extends Result {
  readonly type: 'step-succeeded';
  readonly output: Readonly<Record<string, Json>>;
}

/** The step started something outside and wants to be asked again at `until`. */
export interface StepWaited extends Result {
  readonly type: 'step-waited';
  readonly until: Instant;
  readonly memo: Json;
}

/** The step says no: another attempt would say the same. */
export interface StepRefused extends Result {
  readonly type: 'step-refused';
  readonly reason: string;
  /** The step could not find out what it is for: its no is not one to the release. */
  readonly provesNothing?: true;
}

/** The step could not do its work: another attempt may. */
export interface StepFailed extends Result {
  readonly type: 'step-failed';
  readonly error: string;
}

/** The step's message was delivered as often as the queue allows, and dead-lettered. */
export interface StepAbandoned extends AboutStep {
  readonly type: 'step-abandoned';
  readonly after: number;
  readonly reason: string;
}

export interface ApprovalGiven {
  readonly type: 'approval-granted' | 'approval-rejected';
  readonly at: Instant;
  readonly stage: string;
  /** The plan that the person saw. */
  readonly planHash: string;
  readonly by: Person;
  readonly comment: string;
}

/** The environment's lock was handed to this run, or a freeze or hold of it was lifted. */
export interface EnvironmentFreed {
  readonly type: 'environment-freed';
  readonly at: Instant;
  readonly environment: string;
}

export interface StageSuperseded {
  readonly type: 'stage-superseded';
  readonly at: Instant;
  readonly stage: string;
  /** Name of the newer release. */
  readonly by: string;
}

/** A wake-up (`wake`: the time it was asked for) or the safety-net timer (`wake` null). */
export interface TimePassed {
  readonly type: 'time-passed';
  readonly at: Instant;
  readonly wake: Instant | null;
}

export interface CancelRequested {
  readonly type: 'cancel-requested';
  readonly at: Instant;
  readonly by: Person;
  readonly why: string;
}

export interface RetryRequested {
  readonly type: 'retry-requested';
  readonly at: Instant;
  readonly by: Person;
  readonly why: string;
}

/** What can happen to a run. */
export type RunEvent =
  | RunRequested
  | StepClaimed
  | StepPlanned
  | StepSucceeded
  | StepWaited
  | StepRefused
  | StepFailed
  | StepAbandoned
  | ApprovalGiven
  | EnvironmentFreed
  | StageSuperseded
  | TimePassed
  | CancelRequested
  | RetryRequested;

/** A result of a claimed step. */
export type StepResult = StepPlanned | StepSucceeded | StepWaited | StepRefused | StepFailed;

/** What a person can do to an environment itself. */
export type EnvironmentEvent =
  | {
      readonly type: 'freeze-set';
      readonly at: Instant;
      readonly id: string;
      readonly from: Instant;
      readonly to: Instant;
      readonly why: string;
      readonly by: Person;
    }
  | {
      readonly type: 'freeze-lifted';
      readonly at: Instant;
      readonly id: string;
      readonly why: string;
      readonly by: Person;
    }
  | { readonly type: 'hold-lifted'; readonly at: Instant; readonly why: string; readonly by: Person };
