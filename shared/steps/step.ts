import type { Clients } from '../engine/clients.ts';
import type { Clock, ContentStore, Log, Releases } from '../engine/ports.ts';
import type { Json } from '../release/canonical-json.ts';
import type { Instant, Inventory, RunKind } from '../release/model.ts';
import type { Change } from '../release/plan.ts';

/** What a step knows of its run, and what it works with. */
export interface StepContext {
  readonly project: string;
  readonly run: { readonly id: string; readonly kind: RunKind; readonly release: string };
  readonly stage: string;
  readonly environment: string | null;
  readonly step: string;
  /** `run/stage/step`: the same on every attempt. To be passed to the outside as idempotency token or name. */
  readonly key: string;
  readonly attempt: number;
  /** What the step asked to be told when it last returned `waiting`, in an earlier attempt too; null before. */
  readonly memo: Json;
  /** From the pipeline: what this step is configured with. */
  readonly input: Readonly<Record<string, unknown>>;
  /** Outputs of the run's steps that have succeeded, by `stage/step`. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  /** What this step has put into the environment so far; null for a stage without one. */
  readonly inventory: Inventory | null;
  /** The same of all steps of the environment, by step name; empty for a stage without one. */
  readonly inventories: Readonly<Record<string, Inventory>>;
  /** The steps of later stages, each as it would be told if it planned now: for looking ahead. */
  readonly upcoming: () => readonly UpcomingStep[];
  readonly clients: Clients;
  readonly releases: Releases;
  /** Aborts when the run is cancelled. A step checks it between changes. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly content: ContentStore;
  readonly log: Log;
}

/** A step of a later stage: name of its kind, and what it would be told. */
export interface UpcomingStep {
  readonly kind: string;
  /** The run goes on without it: a failure is allowed, or it is for a run that has failed. */
  readonly mayFail: boolean;
  readonly context: StepContext;
}

/** How one call of `apply` ended. Throwing means a technical failure, which another attempt may mend. */
export type StepOutcome =
  | { readonly done: Readonly<Record<string, Json>> }
  | { readonly waiting: { readonly until: Instant; readonly memo: Json } }
  | {
      readonly refused: string;
      /** The step could not find out what it is for, so its no says nothing about the release. */
      readonly provesNothing?: true;
    };

/** One kind of thing that a stage can do. */
export interface StepKind {
  readonly name: string;
  readonly summary: string;
  /**
   * Says what `apply` would change: reads only, the same answer for the same world.
   * A kind without it cannot say so and always applies.
   * @throws Refusal when it can tell that applying would fail.
   */
  plan?(context: StepContext): Promise<Change[]>;
  /**
   * What would keep the step from being applied and its plan does not see, such as a missing permission or a quota.
   * Reads only. Asked for all environments before the first write of a run.
   * @param changes the plan that was just made; none for a kind that does not plan.
   * @returns one sentence a problem: cause and next step.
   * @throws Refusal for a problem that is found so.
   */
  check?(context: StepContext, changes: readonly Change[]): Promise<readonly string[]>;
  /** Makes the changes. Every call may be the repetition of one whose answer was lost. */
  apply(context: StepContext, changes: readonly Change[]): Promise<StepOutcome>;
  /**
   * Stops what `apply` started outside and waits for. Without a memo nobody knows whether it started anything: look for
   * it by its name or mark; what is not there is fine.
   */
  cancel?(context: StepContext): Promise<StepOutcome>;
}
