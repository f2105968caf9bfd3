import type { ArmError } from './errors.ts';
import type { Value, ValueObject } from './expressions/value.ts';

/** A resource group; names compare without case. */
export interface ResourceGroup {
  subscriptionId: string;
  name: string;
  location: string;
  tags?: Record<string, string>;
}

/** A resource as it was deployed last. */
export interface StoredResource {
  id: string;
  type: string;
  /** All names from the top down, joined by slashes. */
  name: string;
  apiVersion: string;
  /** What the template said: `location`, `tags`, `sku`, `properties` and so on. */
  body: ValueObject;
  /** What the provider adds, by the same fields; never part of a difference. */
  added: ValueObject;
}

/** A parameter of a deployment: its type in the words of answers, and its value. */
export interface ResolvedParameter {
  type: string;
  value: Value;
}

/** One resource of a deployment on its way. */
export interface DeploymentStep {
  id: string;
  type: string;
  name: string;
  apiVersion: string;
  operationId: string;
  definition: ValueObject;
  loops: Record<string, number>;
  dependsOn: string[];
  state: 'Waiting' | 'Running' | 'Succeeded' | 'Failed' | 'Canceled';
  startedAt?: number;
  /** When it will end, or ended; absent while a nested deployment runs. */
  endsAt?: number;
  error?: ArmError;
}

/** Where a deployment stands, in the words of ARM. */
export type ProvisioningState = 'Accepted' | 'Running' | 'Succeeded' | 'Failed' | 'Canceled';

/** A deployment: its history entry and what it still has to do. Times are in milliseconds since 1970. */
export interface DeploymentRecord {
  id: string;
  name: string;
  subscriptionId: string;
  resourceGroup: string;
  location?: string;
  tags?: Record<string, string>;
  correlationId: string;
  /** Names the status that `Azure-AsyncOperation` points to. */
  statusId: string;
  mode: 'Incremental' | 'Complete';
  template: ValueObject;
  templateHash: string;
  parameters: Record<string, ResolvedParameter>;
  /** Id of the deployment that this one is nested in. */
  parentId?: string;
  /** Its expressions see the parameters and variables of its parent. */
  outerScope: boolean;
  state: ProvisioningState;
  acceptedAt: number;
  startsAt: number;
  endedAt?: number;
  steps: DeploymentStep[];
  outputs?: Record<string, { type: string; value?: Value }>;
  error?: ArmError;
}

/** What goes wrong with resources on demand; `match` is a type or an id, `*` for any text. */
export type ResourceFault = {
  match: string;
  /** How many resources it hits; without it, every one. */
  times?: number | undefined;
} & ({ kind: 'fail'; code: string; message: string } | { kind: 'delay'; delayInMs: number });

/** An answer that is ready at a time, behind a `Location` header. */
export interface PendingResult {
  readyAt: number;
  status: number;
  body?: unknown;
}

/** All that the twin remembers; keys are ids in lower case. */
export interface ArmState {
  resourceGroups: Map<string, ResourceGroup>;
  resources: Map<string, StoredResource>;
  deployments: Map<string, DeploymentRecord>;
  results: Map<string, PendingResult>;
  resourceFaults: ResourceFault[];
}
