import type {
  LogCategory,
  LogLevel,
  RegisteredFunction,
  RpcInvocationRequest,
  RpcInvocationResponse,
} from './core-types.ts';

/** What the host says to its worker process. */
export type HostMessage =
  | { type: 'load'; appFolder: string }
  | { type: 'invoke'; invocationId: string; functionName: string; request: RpcInvocationRequest }
  | { type: 'terminate' };

/** What the worker process says to its host. */
export type WorkerMessage =
  | { type: 'loaded'; functions: RegisteredFunction[]; loadInMs: number; loadCpuInMs: number }
  | { type: 'load-failed'; error: RemoteError }
  | { type: 'invoked'; invocationId: string; response: RpcInvocationResponse }
  | { type: 'invocation-failed'; invocationId: string; error: RemoteError }
  | { type: 'log'; level: LogLevel; category: LogCategory; message: string; functionName?: string };

/** An error of the app, as far as it survives leaving the process. */
export interface RemoteError {
  message: string;
  stack?: string;
}

/** Host and worker are built together, so a message with a type is one of ours. */
export function isMessage(value: unknown): value is HostMessage | WorkerMessage {
  return typeof value === 'object' && value !== null && 'type' in value;
}

export function toRemoteError(error: unknown): RemoteError {
  if (!(error instanceof Error)) return { message: String(error) };
  return error.stack === undefined
    ? { message: error.message }
    : { message: error.message, stack: error.stack };
}
