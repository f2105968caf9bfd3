import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { compileProgram } from './compile-program.ts';

/** A program of the sandbox and how long to wait for it. */
export interface ProgramOptions {
  /** Names the program in errors. */
  name: string;
  /** Absolute path: a `.ts` file is compiled first, a `.js` file is run as it is. */
  file: string;
  args?: readonly string[];
  /** Added to the environment of this process; an undefined value takes a variable away. */
  env?: Record<string, string | undefined>;
  /** Default 20 s. */
  readyDeadlineInMs?: number;
  /** From SIGTERM to SIGKILL; default 10 s. */
  stopDeadlineInMs?: number;
  /** Gets every line the program writes, but its ready line. Without it the lines are dropped. */
  onLine?: (line: string) => void;
}

/** How a program ended: an exit code or a signal, as Node reports them. */
export interface ProgramExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A program that has said it is ready. */
export interface RunningProgram {
  name: string;
  pid: number;
  /** The ready line. Its shape is the program's own; the starter checks it. */
  ready: Record<string, unknown>;
  /** Resolves when the program has ended, however that came. */
  exited: Promise<ProgramExit>;
  /** SIGTERM, and SIGKILL when the program does not end in time. */
  stop(): Promise<ProgramExit>;
  /** SIGKILL: what a crash of the machine would do. */
  kill(): Promise<ProgramExit>;
}

const running = new Set<ChildProcess>();
const linesInError = 20;

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * Starts a program and waits for its ready line. It ends when this process ends, also when that is killed: its
 * standard input is a pipe which closes then (see `runAsProgram`).
 *
 * @throws Error with the program's last lines when it ends or stays silent before it is ready
 */
export async function startProgram(options: ProgramOptions): Promise<RunningProgram> {
  const file = await compileProgram(options.file);
  const child = spawn(process.execPath, [file, ...(options.args ?? [])], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
  });
  running.add(child);
  const exited = whenExited(child).finally(() => running.delete(child));
  const ready = await whenReady(child, options).catch(async (error: unknown) => {
    child.kill('SIGKILL');
    await exited;
    throw error;
  });
  return {
    name: options.name,
    pid: child.pid ?? -1,
    ready,
    exited,
    stop: () => stop({ child, exited, deadlineInMs: options.stopDeadlineInMs ?? 10_000 }),
    kill: () => {
      child.kill('SIGKILL');
      return exited;
    },
  };
}

function whenExited(child: ChildProcess): Promise<ProgramExit> {
  return new Promise((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: null, signal: null }));
  });
}

function whenReady(child: ChildProcess, options: ProgramOptions): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const deadlineInMs = options.readyDeadlineInMs ?? 20_000;
    const last: string[] = [];
    const fail = (why: string) => reject(new Error([`${options.name} ${why}`, ...last].join('\n  ')));
    const timer = setTimeout(() => fail(`was not ready after ${deadlineInMs} ms`), deadlineInMs);
    const onLine = (line: string) => {
      const ready = readReadyLine(line);
      if (ready) {
        clearTimeout(timer);
        resolve(ready);
        return;
      }
      last.push(line);
      if (last.length > linesInError) last.shift();
      options.onLine?.(line);
    };
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', onLine);
    }
    child.stdin?.on('error', () => {}); // closed by a child that ended: `close` tells
    child.once('error', (error) => fail(`could not be started: ${error.message}`));
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      fail(`ended before it was ready (${signal ?? `exit code ${code}`})`);
    });
  });
}

/** @returns the ready line's content, or undefined when the line is something else */
export function readReadyLine(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    const isReady = typeof value === 'object' && value !== null && 'ready' in value && value.ready === true;
    return isReady ? Object.fromEntries(Object.entries(value)) : undefined;
  } catch {
    return undefined;
  }
}

interface StopOptions {
  child: ChildProcess;
  exited: Promise<ProgramExit>;
  deadlineInMs: number;
}

async function stop({ child, exited, deadlineInMs }: StopOptions): Promise<ProgramExit> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), deadlineInMs);
  try {
    return await exited;
  } finally {
    clearTimeout(timer);
  }
}
