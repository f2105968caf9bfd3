import type { App, CoreInvocationContext, Handler, InvocationState, ProgrammingModel } from './app.ts';
import type { LogCategory, LogLevel, RpcInvocationRequest, RpcInvocationResponse } from './core-types.ts';
import { readOnly, withHookData } from './hook-context.ts';

export interface Invocation {
  invocationId: string;
  functionName: string;
  request: RpcInvocationRequest;
}

/**
 * Runs one invocation in the worker's order: arguments, preInvocation hooks, handler, postInvocation hooks, response.
 * Hooks may replace inputs, handler, result and error.
 *
 * @throws what the handler or a hook threw
 */
export async function invoke(app: App, invocation: Invocation): Promise<RpcInvocationResponse> {
  const registered = app.functions.get(invocation.functionName);
  if (!registered || !app.model) {
    throw new Error(`Function code for '${invocation.functionName}' is not loaded and cannot be invoked.`);
  }
  return run(app, app.model, { ...invocation, ...registered });
}

type Found = Invocation & { metadata: CoreInvocationContext['metadata']; handler: Handler };

async function run(
  app: App,
  programmingModel: ProgrammingModel,
  found: Found,
): Promise<RpcInvocationResponse> {
  const core = createContext(app, found);
  const model = await programmingModel.getInvocationModel(core);
  const { context, inputs } = await model.getArguments();
  core.reveal(context);
  const hookData = {};
  const before = withHookData(hookData, app.appHookData, { inputs, functionCallback: found.handler });
  Object.defineProperty(before, 'invocationContext', readOnly('invocationContext', context));
  await inState(core, 'preInvocationHooks', () => app.hooks.run('preInvocation', before));

  const outcome: { inputs: unknown[]; result: unknown; error: unknown } = {
    inputs: before.inputs,
    result: null,
    error: null,
  };
  const after = withHookData(hookData, app.appHookData, outcome);
  Object.defineProperty(after, 'invocationContext', readOnly('invocationContext', context));
  await inState(core, 'invocation', async () => {
    try {
      after.result = await model.invokeFunction(context, before.inputs, before.functionCallback);
    } catch (error) {
      after.error = error ?? new Error('The function threw nothing.');
    }
  });
  await inState(core, 'postInvocationHooks', () => app.hooks.run('postInvocation', after));
  if (after.error) throw after.error;
  return model.getResponse(context, after.result);
}

async function inState(
  core: CoreInvocationContext,
  state: InvocationState,
  action: () => Promise<void>,
): Promise<void> {
  core.state = state;
  try {
    await action();
  } finally {
    core.state = undefined;
  }
}

/** `reveal` tells the context that log hooks are shown, which exists only after the model made it. */
function createContext(app: App, found: Found): CoreInvocationContext & { reveal(context: unknown): void } {
  const { invocationId, functionName, request, metadata } = found;
  let invocationContext: unknown;
  return {
    invocationId,
    request: { ...request, invocationId, functionId: functionName },
    metadata,
    state: undefined,
    reveal: (context) => {
      invocationContext = context;
    },
    log: (level: LogLevel, category: LogCategory, message: string) => {
      const line = withHookData({}, app.appHookData, { level, message, category, invocationContext });
      if (category === 'user') app.hooks.runAtOnce('log', line);
      app.log({ level: line.level, category, message: line.message, functionName });
    },
  };
}
