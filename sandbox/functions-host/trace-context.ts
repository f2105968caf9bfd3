import { randomBytes } from 'node:crypto';
import type { RpcTraceContext } from './worker/core-types.ts';

const traceParentPattern = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})$/;

/**
 * The trace context that a function gets: a span of its own, in the trace of its caller if there is one.
 *
 * @param callerTraceParent W3C `traceparent`: of an HTTP request's header, or a message's `Diagnostic-Id`
 */
export function childTrace(callerTraceParent: unknown, traceState: unknown): RpcTraceContext {
  const match = typeof callerTraceParent === 'string' ? traceParentPattern.exec(callerTraceParent) : null;
  const traceId = match?.[1] ?? randomBytes(16).toString('hex');
  return {
    traceParent: `00-${traceId}-${randomBytes(8).toString('hex')}-${match?.[2] ?? '00'}`,
    traceState: match && typeof traceState === 'string' ? traceState : '',
    attributes: {},
  };
}
