import * as z from 'zod';
import type { RetryPolicy } from '../release/retry.ts';
import { DEFAULT_RETRY } from '../release/retry.ts';
import { suggestion } from './edit-distance.ts';

/** What nothing else of an environment's turn is built on: it may fail. */
const LAST = ['feature-flags', 'clean-up', 'integration-tests', 'smoke-tests', 'rollout'] as const;
/** What an environment's turn consists of: the steps that deploy, tests, the rollout of flags. */
const PARTS = [
  'infrastructure',
  'unity-catalog',
  'wheel',
  'notebooks',
  'databricks-config',
  ...LAST,
] as const;

const part = z.enum(PARTS, { error: ({ input }) => unknownPart(input) });
const mayFail = z.enum(LAST, {
  error: ({ input }) =>
    PARTS.some((name) => name === input)
      ? `"${input}" may not fail, since later steps are built on it: allowed are ${LAST.join(', ')}`
      : unknownPart(input),
});

function unknownPart(name: unknown): string {
  return `there is no step or stage "${name}"${suggestion(String(name), PARTS) || `: there are ${PARTS.join(', ')}`}`;
}

/** When an environment has its turn in a release, and with what. */
export const conditions = {
  /** Environments whose turns must be over, tests included; none: right after the intake; left out: the one before. */
  after: z.array(z.string()).optional(),
  /** How those must have ended. `failed` is for what helps after a failure: no tests and no rollout follow. */
  when: z.enum(['succeeded', 'failed', 'always']).default('succeeded'),
  skip: z.array(part).default([]),
  /** The release goes on although these fail. */
  allowFailure: z.array(mayFail).default([]),
};

const pause = z
  .string()
  .regex(/^\d+ (seconds?|minutes?)$/, 'a time such as "15 seconds" or "2 minutes"')
  .transform((text) => Number.parseInt(text, 10) * (text.includes('minute') ? 60_000 : 1_000));

/** How often a step that failed for a technical reason is tried, and how long the first pause is. */
export const retries = z.strictObject({
  attempts: z.int().min(1).max(10).default(DEFAULT_RETRY.attempts),
  firstPause: pause.default(DEFAULT_RETRY.firstDelayInMs),
});

/** Pauses grow threefold, to five minutes or the first one, whichever is longer. */
export function retryPolicy(given: z.infer<typeof retries> | undefined): RetryPolicy {
  if (given === undefined) return DEFAULT_RETRY;
  const { attempts, firstPause } = given;
  const maxDelayInMs = Math.max(firstPause, DEFAULT_RETRY.maxDelayInMs);
  return { ...DEFAULT_RETRY, attempts, firstDelayInMs: firstPause, maxDelayInMs };
}

/** Says of each name in `after` that is wrong where it stands and why. Only environments above may be named. */
export function wrongPlaces(
  environments: Readonly<Record<string, { readonly after?: readonly string[] | undefined }>>,
): { readonly path: (string | number)[]; readonly message: string }[] {
  const all = Object.keys(environments);
  return Object.entries(environments).flatMap(([environment, { after = [] }], place) =>
    after.flatMap((name, index) => {
      const isAbove = all.indexOf(name) !== -1 && all.indexOf(name) < place;
      const message = all.includes(name)
        ? `"${name}" does not stand above ${environment}, so it cannot be waited for`
        : `there is no environment "${name}"${suggestion(name, all)}`;
      return isAbove ? [] : [{ path: [environment, 'after', index], message }];
    }),
  );
}
