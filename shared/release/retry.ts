/** How often a step that failed for a technical reason is tried again, as data in the pipeline. */
export interface RetryPolicy {
  /** Attempts in all, the first one counted. */
  readonly attempts: number;
  readonly firstDelayInMs: number;
  /** Each further delay is this many times the one before. */
  readonly factor: number;
  readonly maxDelayInMs: number;
}

/** Five attempts within about eight minutes. */
export const DEFAULT_RETRY: RetryPolicy = {
  attempts: 5,
  firstDelayInMs: 15_000,
  factor: 3,
  maxDelayInMs: 300_000,
};

/**
 * Delay before the attempt that follows failed attempt number `attempt` (from 1), or null when none follows.
 * The delay is spread by up to a fifth, from `key` alone, so that parallel steps do not come back in step
 * while the same history always gives the same decision.
 */
export function delayAfter(policy: RetryPolicy, attempt: number, key: string): number | null {
  if (attempt >= policy.attempts) return null;
  const full = Math.min(policy.firstDelayInMs * policy.factor ** (attempt - 1), policy.maxDelayInMs);
  return Math.round(full * (0.8 + 0.2 * spread(`${key}#${attempt}`)));
}

/** A number in [0, 1) from a text (FNV-1a, 32 bits). */
function spread(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash / 2 ** 32;
}
