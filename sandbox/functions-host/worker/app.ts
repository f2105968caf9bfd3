import type {
  LogCategory,
  LogLevel,
  RegisteredFunction,
  RpcInvocationRequest,
  RpcInvocationResponse,
} from './core-types.ts';
import { Hooks } from './hooks.ts';

export type Handler = (...parameters: unknown[]) => unknown;
export type InvocationState = 'preInvocationHooks' | 'invocation' | 'postInvocationHooks';

/** What the worker gives to the programming model about one invocation. */
export interface CoreInvocationContext {
  invocationId: string;
  request: RpcInvocationRequest & { invocationId: string; functionId: string };
  metadata: RegisteredFunction;
  /** Undefined between two states: a log line then comes too late, and the library says so. */
  state?: InvocationState | undefined;
  log(level: LogLevel, category: LogCategory, message: string): void;
}

/** How `@azure/functions` runs one invocation. */
export interface InvocationModel {
  getArguments(): Promise<{ context: unknown; inputs: unknown[] }>;
  invokeFunction(context: unknown, inputs: unknown[], handler: Handler): Promise<unknown>;
  getResponse(context: unknown, result: unknown): Promise<RpcInvocationResponse>;
}

/** `@azure/functions` as it presents itself to the worker. */
export interface ProgrammingModel {
  name: string;
  version: string;
  getInvocationModel(context: CoreInvocationContext): InvocationModel | Promise<InvocationModel>;
  getCapabilities?(
    defaults: Record<string, string>,
  ): Promise<Record<string, string>> | Record<string, string>;
}

/** One line of the log; with the function's name when it comes from an invocation. */
export interface LogLine {
  level: LogLevel;
  category: LogCategory;
  message: string;
  functionName?: string;
}

export type Log = (line: LogLine) => void;

/** The app inside this worker: what it registered while it was loaded. */
export interface App {
  hooks: Hooks;
  functions: Map<string, { metadata: RegisteredFunction; handler: Handler }>;
  model?: ProgrammingModel;
  /** Set when loading is over: from then on nothing can be registered. */
  locked: boolean;
  /** Shared by all hooks. */
  appHookData: Record<string, unknown>;
  /** Shared by appStart and appTerminate hooks. */
  appLevelHookData: Record<string, unknown>;
  log: Log;
}

export function createApp(log: Log): App {
  return {
    hooks: new Hooks(),
    functions: new Map(),
    locked: false,
    appHookData: {},
    appLevelHookData: {},
    log,
  };
}
