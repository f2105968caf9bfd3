import { type ChildProcess, fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { RegisteredFunction, RpcInvocationRequest, RpcInvocationResponse } from './worker/core-types.ts';
import { type HostMessage, isMessage, type RemoteError, type WorkerMessage } from './worker/messages.ts';

export interface WorkerProcessOptions {
  /** The compiled worker program. */
  file: string;
  appFolder: string;
  /** The whole environment of the worker: app settings included. */
  env: Record<string, string | undefined>;
  /** Gets what the app logs and what the process writes. */
  log: (line: string) => void;
}

/** The process in which the app is loaded. */
export interface WorkerProcess {
  pid: number;
  functions: RegisteredFunction[];
  /** Milliseconds that loading the app took, inside the worker. */
  loadInMs: number;
  /** Processor time of loading the app, in milliseconds. */
  loadCpuInMs: number;
  /** Rejects with the function's error, or with one that says that the worker ended. */
  invoke(
    invocationId: string,
    functionName: string,
    request: RpcInvocationRequest,
  ): Promise<RpcInvocationResponse>;
  /** Lets the app run its appTerminate hooks, and kills what has not ended after the bound. */
  terminate(boundInMs: number): Promise<void>;
  kill(): Promise<void>;
  exited: Promise<void>;
}

interface Waiting {
  resolve(response: RpcInvocationResponse): void;
  reject(error: Error): void;
}

/**
 * Starts a worker and loads the app in it.
 *
 * @throws Error with the app's own message and stack when it cannot be loaded
 */
export async function startWorkerProcess(options: WorkerProcessOptions): Promise<WorkerProcess> {
  const child = fork(options.file, [], {
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'advanced',
    execArgv: [],
  });
  const killWithHost = () => child.kill('SIGKILL');
  process.on('exit', killWithHost);
  const waiting = new Map<string, Waiting>();
  const exited = whenExited(child).then((how) => {
    process.off('exit', killWithHost);
    for (const { reject } of waiting.values()) reject(new Error(`The worker process ended (${how}).`));
    waiting.clear();
  });
  forwardLines(child, options.log);
  const loaded = await whenLoaded(child, options).catch(async (error: unknown) => {
    child.kill('SIGKILL');
    await exited;
    throw error;
  });
  child.on('message', (message) => settle(waiting, message));
  return {
    pid: child.pid ?? -1,
    functions: loaded.functions,
    loadInMs: loaded.loadInMs,
    loadCpuInMs: loaded.loadCpuInMs,
    exited,
    invoke: (invocationId, functionName, request) =>
      new Promise((resolve, reject) => {
        waiting.set(invocationId, { resolve, reject });
        send(child, { type: 'invoke', invocationId, functionName, request });
      }),
    terminate: (boundInMs) => terminate(child, exited, boundInMs),
    kill: () => {
      child.kill('SIGKILL');
      return exited;
    },
  };
}

/** A message to a worker that just ended is lost on purpose: its end rejects everything that waits for it. */
function send(child: ChildProcess, message: HostMessage): void {
  if (child.connected) child.send(message, () => {});
}

function settle(waiting: Map<string, Waiting>, message: unknown): void {
  if (!isMessage(message)) return;
  if (message.type !== 'invoked' && message.type !== 'invocation-failed') return;
  const caller = waiting.get(message.invocationId);
  waiting.delete(message.invocationId);
  if (message.type === 'invoked') caller?.resolve(message.response);
  else caller?.reject(toError(message.error));
}

function whenLoaded(
  child: ChildProcess,
  { appFolder, log }: WorkerProcessOptions,
): Promise<WorkerMessage & { type: 'loaded' }> {
  return new Promise((resolve, reject) => {
    child.on('message', (message) => {
      if (!isMessage(message)) return;
      if (message.type === 'loaded') resolve(message);
      else if (message.type === 'load-failed') reject(toError(message.error));
      else if (message.type === 'log') logMessage(message, log);
    });
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      reject(new Error(`The worker process ended (${signal ?? `exit code ${code}`}).`)),
    );
    send(child, { type: 'load', appFolder });
  });
}

function logMessage(message: WorkerMessage & { type: 'log' }, log: (line: string) => void): void {
  if (message.category === 'system' && (message.level === 'debug' || message.level === 'trace')) return;
  log(
    `[${message.level}] ${message.functionName === undefined ? '' : `${message.functionName}: `}${message.message}`,
  );
}

function forwardLines(child: ChildProcess, log: (line: string) => void): void {
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on('line', log);
  }
}

async function terminate(child: ChildProcess, exited: Promise<void>, boundInMs: number): Promise<void> {
  send(child, { type: 'terminate' });
  const timer = setTimeout(() => child.kill('SIGKILL'), boundInMs);
  await exited;
  clearTimeout(timer);
}

function whenExited(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
    child.once('error', (error) => resolve(error.message));
  });
}

function toError(remote: RemoteError): Error {
  const error = new Error(remote.message);
  if (remote.stack !== undefined) error.stack = remote.stack;
  return error;
}
