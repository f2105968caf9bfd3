import type { Answer } from '../twin/exchange.ts';

/** How a caller's use of the service is limited. */
export interface ThrottleSettings {
  /** What one request costs; the service counts in units of its own, not in requests. */
  unitsPerRequest: number;
  /** Units that a caller may use in the window, default 200. */
  limit?: number;
  /** Length of the sliding window, default five minutes. */
  windowInMs?: number;
}

/** Judges requests: `retryAfterInSeconds` says that one is refused. */
export interface Throttle {
  admit(principal: string): { retryAfterInSeconds?: number };
  /** Adds what the service says about the caller's use to an answer. */
  mark(principal: string, answer: Answer): Answer;
}

const DEFAULT_LIMIT = 200;
const DEFAULT_WINDOW_IN_MS = 5 * 60 * 1000;
const LONGEST_DELAY_IN_SECONDS = 30;
/** The headers appear from this share of the limit on. */
const NEAR = 0.8;
/** Over so many times the limit, requests are refused; where the real service draws that line is not documented. */
const FAR_OVER = 2;

/**
 * Limits like those of Azure DevOps: near the limit headers tell so; over it answers are still 200, with
 * `Retry-After` of up to 30 seconds; far over it requests are refused with 429.
 */
export function createThrottle(settings: ThrottleSettings, now: () => number): Throttle {
  const { unitsPerRequest, limit = DEFAULT_LIMIT, windowInMs = DEFAULT_WINDOW_IN_MS } = settings;
  const times = new Map<string, number[]>();
  const recent = (principal: string) => {
    const kept = (times.get(principal) ?? []).filter((time) => time > now() - windowInMs);
    times.set(principal, kept);
    return kept;
  };
  const used = (principal: string) => recent(principal).length * unitsPerRequest;
  const resetAt = (principal: string) => (recent(principal)[0] ?? now()) + windowInMs;
  const secondsToReset = (principal: string) => Math.max(1, Math.ceil((resetAt(principal) - now()) / 1000));
  return {
    admit: (principal) => {
      if (used(principal) >= limit * FAR_OVER) return { retryAfterInSeconds: secondsToReset(principal) };
      recent(principal).push(now());
      return {};
    },
    mark: (principal, answer) => {
      const units = used(principal);
      if (units < limit * NEAR) return answer;
      const delay = Math.min(LONGEST_DELAY_IN_SECONDS, secondsToReset(principal));
      const headers = {
        'x-ratelimit-resource': 'Core',
        'x-ratelimit-limit': String(limit),
        'x-ratelimit-remaining': String(Math.max(0, Math.floor(limit - units))),
        'x-ratelimit-reset': String(Math.ceil(resetAt(principal) / 1000)),
        ...(units > limit ? { 'x-ratelimit-delay': `${delay}`, 'retry-after': String(delay) } : {}),
      };
      return { ...answer, headers: { ...headers, ...answer.headers } };
    },
  };
}
