import { join } from 'node:path';
import { compileProgram } from '../processes/compile-program.ts';
import { type RunningProgram, startProgram } from '../processes/start-program.ts';

export interface FunctionsHostProcessOptions {
  /** The deployable folder. */
  appFolder: string;
  /** Default 0: a free one. */
  port?: number;
  /** App settings; they win over the environment of this process. */
  settings?: Record<string, string>;
  /** Path of a local.settings.json. */
  settingsFile?: string;
  /** Path of a file with access keys. */
  keysFile?: string;
  /** Path of a file with users of the sandbox. */
  usersFile?: string;
  stateFolder?: string;
  isWatching?: boolean;
  /** Gets every line of the host's log. */
  onLine?: (line: string) => void;
}

/** A functions host in a process of its own, which can be killed without losing anything else. */
export interface FunctionsHostProcess extends RunningProgram {
  port: number;
  functions: string[];
  /** Functions that are refused, and why. */
  errors: string[];
}

const stopDeadlineInMs = 20_000;

const hostFile = join(__dirname, 'command.ts');

/** Compiles the host and its worker. A start does so, too; who has other things to wait for does it meanwhile. */
export async function compileFunctionsHost(): Promise<{ workerFile: string }> {
  const [workerFile] = await Promise.all([
    compileProgram(join(__dirname, 'worker', 'program.ts')),
    compileProgram(hostFile),
  ]);
  return { workerFile };
}

/** @throws Error with the host's last lines when it does not come up */
export async function startFunctionsHostProcess(
  options: FunctionsHostProcessOptions,
): Promise<FunctionsHostProcess> {
  const { workerFile } = await compileFunctionsHost();
  const program = await startProgram({
    name: 'functions host',
    file: hostFile,
    args: argumentsOf(options, workerFile),
    stopDeadlineInMs,
    ...(options.settings ? { env: options.settings } : {}),
    ...(options.onLine ? { onLine: options.onLine } : {}),
  });
  const { port, functions, errors } = program.ready;
  return { ...program, port: Number(port), functions: listOf(functions), errors: listOf(errors) };
}

function argumentsOf(options: FunctionsHostProcessOptions, workerFile: string): string[] {
  const named: Record<string, string | undefined> = {
    app: options.appFolder,
    port: String(options.port ?? 0),
    worker: workerFile,
    settings: options.settingsFile,
    keys: options.keysFile,
    users: options.usersFile,
    state: options.stateFolder,
  };
  const pairs = Object.entries(named).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value],
  );
  return options.isWatching ? [...pairs, '--watch'] : pairs;
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
