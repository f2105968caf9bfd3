import type { Person } from '../../../shared/release/model.ts';
import type { Pipeline } from '../../../shared/release/pipeline.ts';
import type { Behaviour } from './behaviour.ts';

export const PROJECT = 'parking-sensors';
export const REQUESTER: Person = { id: 'requester', name: 'Riley Requester' };
export const APPROVER: Person = { id: 'approver', name: 'Alex Approver' };
export const OPERATOR: Person = { id: 'operator', name: 'Olga Operator' };
export const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** What somebody does at a time after the start, to a run or to an environment. */
export type Deed = {
  readonly afterInMs: number;
  /** An event without `at`, which is the time of the deed. */
  readonly event: { readonly type: string; readonly [field: string]: unknown };
} & ({ readonly run: string } | { readonly environment: string });

/** What one simulated history consists of. */
export interface Scenario {
  readonly pipeline: Pipeline;
  /** Each of them goes through the same, at the same time. */
  readonly projects: readonly string[];
  /** Ids of release runs, asked for one after the other, `gapInMs` apart: builds 1, 2, 3 … */
  readonly runs: readonly string[];
  readonly gapInMs: number;
  /** How often each webhook comes, as one event with different message ids. */
  readonly webhooks: number;
  readonly behaviour: Behaviour;
  readonly deeds: readonly Deed[];
  /** Whether somebody approves what he saw when he looked before. */
  readonly approves: boolean;
  /** Gates (`run/stage`) that are rejected instead. */
  readonly rejects: readonly string[];
  /** How often at most a person takes each failed run up again. */
  readonly retries: number;
  /** Whether the safety net's timer runs. */
  readonly timer: boolean;
}

/** A scenario with one well-behaved release, unless told otherwise. */
export function scenario(change: Partial<Scenario> & { readonly pipeline: Pipeline }): Scenario {
  return {
    projects: [PROJECT],
    runs: ['release-1'],
    gapInMs: 0,
    webhooks: 1,
    behaviour: [],
    deeds: [],
    approves: true,
    rejects: [],
    retries: 0,
    timer: false,
    ...change,
  };
}
