import type { Chance } from '../twin/chance.ts';
import type { Clock } from '../twin/clock.ts';
import type { State } from './state.ts';

/** Where the organisation and the content of its artifacts are reached; no slash at the end. */
export interface Origins {
  /** Without the organisation, e.g. `https://dev.azure.com`. */
  service: string;
  content: string;
}

/** What every part of the twin works with. */
export interface Context {
  organization: string;
  state: State;
  clock: Clock;
  chance: Chance;
  origins: Origins;
  /** Called when there is a notification to deliver. */
  wake(): void;
}

/** The next number of a kind, counting from `first`. */
export function nextNumber(state: State, kind: string, first = 1): number {
  const number = (state.counters.get(kind) ?? first - 1) + 1;
  state.counters.set(kind, number);
  return number;
}

/** A time as REST answers it. */
export function dateOf(time: number): string {
  return new Date(time).toISOString();
}

/** A time as events carry it: with seven digits of a second. */
export function preciseDateOf(time: number): string {
  return dateOf(time).replace('Z', '0000Z');
}

/** Base URL of the organisation. */
export function organizationUrl({ origins, organization }: Context): string {
  return `${origins.service}/${organization}`;
}
