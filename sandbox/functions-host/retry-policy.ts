import { isRecord, numberOf, objectOf } from './json.ts';

/** How often, and after what pause, a failed invocation is tried again. */
export interface RetryPolicy {
  /** -1: without end. */
  maxRetryCount: number;
  strategy: 'fixedDelay' | 'exponentialBackoff';
  /** The pause, or the shortest one. */
  minimumPauseInMs: number;
  maximumPauseInMs: number;
}

/** @param options `retryOptions` as the library sends them: whole seconds */
export function readRetryPolicy(options: unknown): RetryPolicy | undefined {
  if (!isRecord(options)) return undefined;
  const inMs = (value: unknown) => (numberOf(objectOf(value).seconds) ?? 0) * 1000;
  const isFixed = options.retryStrategy === 'fixedDelay';
  return {
    maxRetryCount: numberOf(options.maxRetryCount) ?? 0,
    strategy: isFixed ? 'fixedDelay' : 'exponentialBackoff',
    minimumPauseInMs: inMs(isFixed ? options.delayInterval : options.minimumInterval),
    maximumPauseInMs: inMs(isFixed ? options.delayInterval : options.maximumInterval),
  };
}

/** @param retryCount 1 for the first retry */
export function pauseBeforeRetry(policy: RetryPolicy, retryCount: number): number {
  if (policy.strategy === 'fixedDelay') return policy.minimumPauseInMs;
  return Math.min(policy.maximumPauseInMs, policy.minimumPauseInMs * 2 ** (retryCount - 1));
}
