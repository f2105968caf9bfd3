import { join, resolve } from 'node:path';
import { compileProgram } from '../processes/compile-program.ts';
import { AppLifecycle } from './app-lifecycle.ts';
import { type Clock, systemClock } from './clock.ts';
import { type HostSettings, readHostSettings } from './host-settings.ts';
import { createAdminRoutes } from './http/admin-routes.ts';
import type { SandboxUsers } from './http/easy-auth.ts';
import type { FunctionKeys } from './http/keys.ts';
import { type HttpServer, startHttpServer } from './http/server.ts';
import { createInvoker } from './invoker.ts';
import type { AppSettings } from './local-settings.ts';
import { type Connections, createConnections } from './service-bus/connections.ts';
import { writeOutputs } from './service-bus/outputs.ts';
import { fileStatusStore, memoryStatusStore } from './timer/status-store.ts';
import { watchFolder } from './watch-folder.ts';
import { WorkerKeeper } from './worker-keeper.ts';

export interface FunctionsHostOptions {
  /** The deployable folder: package.json with `main`, host.json, code. */
  appFolder: string;
  /** Default 0: a free one. */
  port?: number;
  /** Win over the environment of this process, which the app gets as well. */
  settings?: AppSettings;
  /** Without them every function can be called, as in Core Tools. */
  keys?: FunctionKeys;
  /** Without them App Service authentication is off. */
  users?: SandboxUsers;
  /** Where timers are remembered; without it they are forgotten. */
  stateFolder?: string;
  /** Loads the app anew when its files change. */
  isWatching?: boolean;
  /** How long a stop waits for running functions; default 8 s. */
  drainBoundInMs?: number;
  /** The compiled worker program; compiled when not given. */
  workerFile?: string;
  clock?: Clock;
  /** One line for each invocation, and what the app writes; default standard error. */
  log?: (line: string) => void;
}

export interface FunctionsHost {
  port: number;
  /** Names of the functions that are hosted. */
  functions: string[];
  /** Functions that are refused, and why. */
  errors(): string[];
  /** Process id of the worker that runs the app now. */
  workerPid(): Promise<number>;
  /** Stops listening, waits for what runs, runs the app's appTerminate hooks, ends the worker. */
  stop(): Promise<void>;
}

const defaultDrainBoundInMs = 8_000;

/**
 * Hosts what an app registers through `@azure/functions`: HTTP, Service Bus and timer functions.
 *
 * @throws Error when host.json cannot be used, the port is taken or, unless watching, the app cannot be loaded
 */
export async function startFunctionsHost(options: FunctionsHostOptions): Promise<FunctionsHost> {
  const appFolder = resolve(options.appFolder);
  const hostSettings = readHostSettings(appFolder);
  const workerFile = options.workerFile ?? (await compileProgram(join(__dirname, 'worker', 'program.ts')));
  const http = await startHttpServer(options.port ?? 0);
  const parts = assemble({ ...options, appFolder }, { http, hostSettings, workerFile });
  const stopWatching = options.isWatching ? watchFolder(appFolder, () => void parts.app.reload()) : () => {};
  const stop = async () => {
    stopWatching();
    await stopAll(parts, options.drainBoundInMs ?? defaultDrainBoundInMs);
  };
  const loaded = await parts.app.app().catch(async (error: unknown) => {
    if (options.isWatching) return undefined;
    await stop();
    throw error;
  });
  return {
    port: http.port,
    functions: loaded?.functions.map(({ name }) => name) ?? [],
    errors: () => parts.app.errors(),
    workerPid: async () => (await parts.worker.current()).pid,
    stop,
  };
}

interface Foundation {
  http: HttpServer;
  hostSettings: HostSettings;
  workerFile: string;
}

interface Parts {
  http: HttpServer;
  worker: WorkerKeeper;
  connections: Connections;
  app: AppLifecycle;
}

function assemble(options: FunctionsHostOptions, { http, hostSettings, workerFile }: Foundation): Parts {
  const log = options.log ?? ((line: string) => void process.stderr.write(`${line}\n`));
  const settings = appEnvironment(options, http.port);
  const worker = new WorkerKeeper({ file: workerFile, appFolder: options.appFolder, env: settings, log });
  const connections = createConnections(settings);
  const invoker = createInvoker({
    worker,
    functionTimeoutInMs: hostSettings.functionTimeoutInMs,
    writeOutputs: (definition, response) => writeOutputs(connections, definition, response),
    log,
  });
  const statusStore =
    options.stateFolder === undefined ? memoryStatusStore() : fileStatusStore(options.stateFolder);
  const clock = options.clock ?? systemClock;
  const app = new AppLifecycle({
    worker,
    invoker,
    connections,
    hostSettings,
    settings,
    statusStore,
    clock,
    log,
  });
  http.serve({
    router: async () => (await app.app()).router,
    invoker,
    admin: createAdminRoutes(app, invoker),
    keys: options.keys,
    users: options.users,
  });
  return { http, worker, connections, app };
}

/** What the platform sets for a function app, as far as an app may look at it. */
function appEnvironment(options: FunctionsHostOptions, port: number): Record<string, string | undefined> {
  return {
    FUNCTIONS_WORKER_RUNTIME: 'node',
    AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
    ...process.env,
    ...options.settings,
    AzureWebJobsScriptRoot: options.appFolder,
    WEBSITE_HOSTNAME: `127.0.0.1:${port}`,
    WEBSITE_AUTH_ENABLED: options.users ? 'true' : 'false',
  };
}

async function stopAll({ http, connections, app }: Parts, drainBoundInMs: number): Promise<void> {
  const closed = http.close();
  await app.stop(drainBoundInMs);
  http.closeByForce();
  await closed;
  await connections.close();
}
