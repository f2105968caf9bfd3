import type { Environment, Instant } from './model.ts';
import type { EnvironmentDefinition, WeeklyFreeze } from './pipeline.ts';

const MINUTE_IN_MS = 60_000;
const WEEK_IN_MS = 7 * 24 * 60 * MINUTE_IN_MS;
/** 5 January 1970 was a Monday. */
const FIRST_MONDAY = 4 * 24 * 60 * MINUTE_IN_MS;

/** A freeze that is in force: until when, and why. */
export interface FreezeInForce {
  readonly until: Instant;
  readonly why: string;
}

/** The freeze that lasts longest of those in force at `at`, or null. */
export function freezeInForce(
  environment: Environment,
  definition: EnvironmentDefinition,
  at: Instant,
): FreezeInForce | null {
  const inForce: FreezeInForce[] = environment.freezes
    .filter((freeze) => freeze.from <= at && at < freeze.to)
    .map((freeze) => ({ until: freeze.to, why: freeze.why }));
  for (const window of definition.freezeWindows) {
    const until = endOfWeekly(window, at);
    if (until !== null) inForce.push({ until, why: window.why });
  }
  return inForce.reduce<FreezeInForce | null>(
    (longest, freeze) => (longest === null || freeze.until > longest.until ? freeze : longest),
    null,
  );
}

/** When the weekly window that covers `at` ends; null when none does. */
function endOfWeekly(window: WeeklyFreeze, at: Instant): Instant | null {
  const sinceMonday = (((at - FIRST_MONDAY) % WEEK_IN_MS) + WEEK_IN_MS) % WEEK_IN_MS;
  const from = window.from * MINUTE_IN_MS;
  const length = ((((window.to - window.from) * MINUTE_IN_MS) % WEEK_IN_MS) + WEEK_IN_MS) % WEEK_IN_MS;
  const sinceFrom = (sinceMonday - from + WEEK_IN_MS) % WEEK_IN_MS;
  return sinceFrom < length ? at - sinceFrom + length : null;
}
