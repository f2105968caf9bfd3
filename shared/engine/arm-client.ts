import type { Json } from '../release/canonical-json.ts';

/** A deployment by its name in a resource group. The name has at most 64 of the characters `-_.()`, letters, digits. */
export interface DeploymentPlace {
  readonly resourceGroup: string;
  readonly name: string;
}

/** What a deployment makes of its resource group, always in incremental mode. */
export interface DeploymentSource {
  /** A compiled template, as JSON. */
  readonly template: Readonly<Record<string, unknown>>;
  /** By name, each `{ value }` or `{ reference }` (a secret in a key vault), as in a parameter file. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** A deployment as the history of its resource group has it. */
export interface Deployment {
  readonly name: string;
  readonly state: 'running' | 'succeeded' | 'failed' | 'canceled';
  readonly tags: Readonly<Record<string, string>>;
  /** Values by name, once it has succeeded; secure outputs are never told. */
  readonly outputs: Readonly<Record<string, Json>>;
  /** Why it failed, in one line; null when it did not. */
  readonly error: string | null;
}

/** One difference of a property. Children's paths are relative; those of an `Array` are indexes. */
export interface PropertyDifference {
  readonly path: string;
  /** `Create`, `Delete`, `Modify`, `Array` or `NoEffect`. */
  readonly propertyChangeType: string;
  readonly before?: unknown;
  readonly after?: unknown;
  readonly children?: readonly PropertyDifference[] | null | undefined;
}

/** What a deployment would do to one resource. */
export interface ResourceDifference {
  readonly resourceId: string;
  /** `Create`, `Delete`, `Ignore`, `Deploy`, `NoChange`, `Modify` or `Unsupported`. */
  readonly changeType: string;
  readonly after?: unknown;
  readonly delta?: readonly PropertyDifference[] | null | undefined;
}

/** The answer of what-if, or where and when to ask for it again. */
export type WhatIf =
  | { readonly differences: readonly ResourceDifference[] }
  | { readonly pending: string; readonly pauseInMs: number };

/**
 * Azure Resource Manager in one subscription, as far as a release needs it.
 *
 * Every call may throw
 * - `Refusal` when the answer is no and would be no again: no permission, an invalid template
 * - `TransientFailure` when it could not answer this time, after the retries of one HTTP call
 */
export interface ArmClient {
  readonly subscription: string;
  /** Asks what a deployment would change; null when there is no such resource group. */
  startWhatIf(place: DeploymentPlace, source: DeploymentSource): Promise<WhatIf | null>;
  /** @param pending of the answer before. */
  whatIfResult(pending: string): Promise<WhatIf>;
  /**
   * Asks whether Azure would take a deployment, and waits for the answer: the template, what the providers say of its
   * resources (names, kinds, quotas), the right to write each of them.
   * @throws Refusal when it would not.
   */
  validate(place: DeploymentPlace, source: DeploymentSource): Promise<void>;
  /** Null when there is none of this name. */
  deployment(place: DeploymentPlace): Promise<Deployment | null>;
  /**
   * Starts a deployment and does not wait for it. When the answer is lost, or one of this name is active, that one
   * is returned: look at its tags to see whose it is.
   */
  startDeployment(
    place: DeploymentPlace,
    source: DeploymentSource,
    tags: Readonly<Record<string, string>>,
  ): Promise<Deployment>;
  /** What failed in a deployment and those nested in it: one line a resource. */
  failures(place: DeploymentPlace): Promise<readonly string[]>;
  /** Stops a deployment; one that is over, or was never there, is fine. */
  cancelDeployment(place: DeploymentPlace): Promise<void>;
}
