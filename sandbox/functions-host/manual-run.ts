import type { FunctionDefinition } from './function-definition.ts';
import { childTrace } from './trace-context.ts';
import type { RpcInvocationRequest } from './worker/core-types.ts';

/**
 * What a function gets when it is run by hand through the admin route: the input in the place of its trigger's data.
 *
 * @returns undefined for functions that HTTP requests trigger
 */
export function manualRequest(
  { trigger }: FunctionDefinition,
  input: string,
): RpcInvocationRequest | undefined {
  if (trigger.type === 'http') return undefined;
  const timer = { Schedule: { AdjustForDST: true }, ScheduleStatus: null, IsPastDue: false };
  const data = trigger.type === 'timer' ? { json: JSON.stringify(timer) } : { string: input };
  return {
    inputData: [{ name: trigger.bindingName, data }],
    triggerMetadata: {},
    traceContext: childTrace(undefined, undefined),
  };
}
