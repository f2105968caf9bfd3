import { randomUUID } from 'node:crypto';
import type { FunctionDefinition } from './function-definition.ts';
import type { RpcInvocationRequest, RpcInvocationResponse } from './worker/core-types.ts';
import type { WorkerKeeper } from './worker-keeper.ts';

/** Runs functions for the listeners. */
export interface Invoker {
  /**
   * One invocation, its output bindings written.
   *
   * @throws what the function threw; or Error when it ran longer than functionTimeout, when its worker ended, or
   *   when an output binding could not be written
   */
  invoke(definition: FunctionDefinition, request: RpcInvocationRequest): Promise<RpcInvocationResponse>;
  /** How many invocations are under way. */
  running(): number;
  /** Resolves when nothing runs, or after the bound: true when nothing runs. */
  drained(boundInMs: number): Promise<boolean>;
}

export interface InvokerOptions {
  worker: WorkerKeeper;
  functionTimeoutInMs: number | undefined;
  writeOutputs: (definition: FunctionDefinition, response: RpcInvocationResponse) => Promise<void>;
  log: (line: string) => void;
}

export function createInvoker(options: InvokerOptions): Invoker {
  const running = new Set<Promise<unknown>>();
  return {
    invoke: (definition, request) => {
      const invocation = runLogged(options, definition, request);
      running.add(invocation);
      const forget = () => running.delete(invocation);
      invocation.then(forget, forget);
      return invocation;
    },
    running: () => running.size,
    drained: async (boundInMs) => {
      const { promise: bound, cancel } = timer(boundInMs);
      await Promise.race([Promise.allSettled(running), bound]);
      cancel();
      return running.size === 0;
    },
  };
}

async function runLogged(
  options: InvokerOptions,
  definition: FunctionDefinition,
  request: RpcInvocationRequest,
): Promise<RpcInvocationResponse> {
  const invocationId = randomUUID();
  const start = performance.now();
  const logEnd = (how: string) => {
    const durationInMs = Math.round(performance.now() - start);
    options.log(`Executed '${definition.name}' (${how}, Id=${invocationId}, Duration=${durationInMs}ms)`);
  };
  try {
    const worker = await options.worker.current();
    const result = worker.invoke(invocationId, definition.name, request);
    const response = await withinTimeout(options, definition.name, result);
    await options.writeOutputs(definition, response);
    logEnd('Succeeded');
    return response;
  } catch (error) {
    logEnd('Failed');
    options.log(error instanceof Error ? (error.stack ?? error.message) : String(error));
    throw error;
  }
}

/**
 * The real host cannot stop a function in its worker either: it restarts the whole worker, and everything else that
 * runs there fails with it.
 */
async function withinTimeout<T>(options: InvokerOptions, name: string, result: Promise<T>): Promise<T> {
  if (options.functionTimeoutInMs === undefined) return result;
  const timeoutInMs = options.functionTimeoutInMs;
  const { promise, cancel } = timer(timeoutInMs);
  const timedOut = promise.then(() => {
    options.log(
      `Timeout value of ${timeoutInMs} ms exceeded by function '${name}': the worker is restarted.`,
    );
    options.worker.replaceByForce();
    throw new Error(`Timeout value of ${timeoutInMs} ms was exceeded by function: ${name}`);
  });
  try {
    return await Promise.race([result, timedOut]);
  } finally {
    cancel();
    result.catch(() => {}); // rejects when its worker is killed; the timeout has been reported
  }
}

function timer(pauseInMs: number): { promise: Promise<void>; cancel: () => void } {
  let cancel = () => {};
  const promise = new Promise<void>((resolve) => {
    const timeout = setTimeout(resolve, pauseInMs);
    cancel = () => clearTimeout(timeout);
  });
  return { promise, cancel };
}
