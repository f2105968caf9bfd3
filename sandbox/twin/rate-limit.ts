import { z } from 'zod';
import { matchesPattern } from './pattern.ts';

/** A limit that is answered with 429: requests per second as a token bucket, requests in flight, or both. */
export const limitShape = z.strictObject({
  /** An operation's name or a path, `*` for any text; matching requests share the limit. */
  match: z.string().default('*'),
  requestsPerSecond: z.number().positive().optional(),
  /** How many may come at once after a quiet time; the requests of one second when absent. */
  burst: z.int().positive().optional(),
  inFlight: z.int().positive().optional(),
});

export type Limit = z.input<typeof limitShape>;

/** Admits requests; `release` must be called when an admitted request has ended. */
export interface RateLimits {
  admit(request: { operation: string; path: string }): Admission;
  /** Whole requests that the first matching limit would admit now; `undefined` when none matches. */
  remaining(request: { operation: string; path: string }): number | undefined;
  list(): readonly Limit[];
  /** Replaces all limits; buckets start full. */
  replace(limits: readonly Limit[]): void;
}

export type Admission = { ok: true; release(): void } | { ok: false; retryAfterInSeconds: number };

interface Bucket {
  limit: Limit;
  tokens: number;
  filledAt: number;
  inFlight: number;
}

export function createRateLimits(limits: readonly Limit[], now: () => number): RateLimits {
  let buckets = limits.map((limit) => newBucket(limit, now()));
  return {
    admit: (request) => {
      const matching = buckets.filter((bucket) => matchesPattern(bucket.limit.match ?? '*', request));
      for (const bucket of matching) fill(bucket, now());
      const wait = Math.max(0, ...matching.map(waitInSeconds));
      if (wait > 0) return { ok: false, retryAfterInSeconds: Math.ceil(wait) };
      for (const bucket of matching) take(bucket);
      return { ok: true, release: () => matching.forEach(give) };
    },
    remaining: (request) => {
      const bucket = buckets.find(({ limit }) => matchesPattern(limit.match ?? '*', request));
      if (bucket) fill(bucket, now());
      return bucket && Math.floor(bucket.tokens);
    },
    list: () => buckets.map((bucket) => bucket.limit),
    replace: (next) => {
      buckets = next.map((limit) => newBucket(limit, now()));
    },
  };
}

function newBucket(limit: Limit, filledAt: number): Bucket {
  return { limit, tokens: burstOf(limit), filledAt, inFlight: 0 };
}

function burstOf(limit: Limit): number {
  return limit.burst ?? Math.max(1, Math.ceil(limit.requestsPerSecond ?? 1));
}

function fill(bucket: Bucket, now: number): void {
  const gained = ((now - bucket.filledAt) / 1000) * (bucket.limit.requestsPerSecond ?? 0);
  bucket.tokens = Math.min(burstOf(bucket.limit), bucket.tokens + gained);
  bucket.filledAt = now;
}

function waitInSeconds(bucket: Bucket): number {
  const { inFlight, requestsPerSecond } = bucket.limit;
  if (inFlight !== undefined && bucket.inFlight >= inFlight) return 1;
  if (requestsPerSecond === undefined || bucket.tokens >= 1) return 0;
  return (1 - bucket.tokens) / requestsPerSecond;
}

function take(bucket: Bucket): void {
  bucket.tokens -= bucket.limit.requestsPerSecond === undefined ? 0 : 1;
  bucket.inFlight++;
}

function give(bucket: Bucket): void {
  bucket.inFlight--;
}
