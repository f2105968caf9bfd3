import type { Clock } from './clock.ts';
import type { HostSettings } from './host-settings.ts';
import type { HostStatus } from './http/admin.ts';
import type { Invoker } from './invoker.ts';
import { type Listeners, startListeners } from './listeners.ts';
import { type LoadedApp, readApp } from './loaded-app.ts';
import type { Connections } from './service-bus/connections.ts';
import type { StatusStore } from './timer/status-store.ts';
import type { WorkerKeeper } from './worker-keeper.ts';

export interface AppLifecycleOptions {
  worker: WorkerKeeper;
  invoker: Invoker;
  connections: Connections;
  hostSettings: HostSettings;
  /** The environment of the app. */
  settings: Record<string, string | undefined>;
  statusStore: StatusStore;
  clock: Clock;
  log: (line: string) => void;
}

/** The app from its loading to its end, over any number of reloads. */
export interface AppLifecycle {
  /** While the app is loaded: the promise of it. Rejects when it cannot be loaded. */
  app(): Promise<LoadedApp>;
  state(): HostStatus['state'];
  /** What is wrong with the app or with single functions. */
  errors(): string[];
  /** Drains the app and loads it anew. Never rejects; `app` tells. */
  reload(): Promise<void>;
  /** Drains the app within the bound, then kills what still runs. */
  stop(drainBoundInMs: number): Promise<void>;
}

const reloadDrainBoundInMs = 5_000;

/** Loads the app at once. */
export function runApp(options: AppLifecycleOptions): AppLifecycle {
  const { worker, invoker, log } = options;
  let state: HostStatus['state'] = 'Initializing';
  let errors: string[] = [];
  let listeners: Listeners | undefined;
  let app = load();
  let turn: Promise<unknown> = settled(app);

  async function load(): Promise<LoadedApp> {
    try {
      const { functions, loadInMs } = await worker.current();
      const loaded = readApp(functions, options.settings, options.hostSettings.routePrefix);
      listeners = await startListeners({
        ...options,
        functions: loaded.functions,
        serviceBus: options.hostSettings.serviceBus,
      });
      errors = [...loaded.errors, ...listeners.errors];
      const warnings = loaded.functions.flatMap((one) => one.warnings);
      for (const line of [...errors, ...warnings]) log(line);
      log(`Loaded ${loaded.functions.length} functions in ${Math.round(loadInMs)} ms.`);
      if (state !== 'Stopping') state = 'Running';
      return loaded;
    } catch (error) {
      errors = [error instanceof Error ? error.message : String(error)];
      if (state !== 'Stopping') state = 'Error';
      throw error;
    }
  }

  async function drain(boundInMs: number): Promise<void> {
    const stopping = listeners?.stop().catch((error: unknown) => log(String(error)));
    listeners = undefined;
    if (!(await invoker.drained(boundInMs)))
      await worker.current().then(
        (running) => running.kill(),
        () => {},
      );
    await stopping;
  }

  async function reload(): Promise<void> {
    if (state === 'Stopping') return;
    state = 'Initializing';
    const drained = drain(reloadDrainBoundInMs);
    app = drained.then(() => worker.replace()).then(load);
    await settled(app);
  }

  return {
    app: () => app,
    state: () => state,
    errors: () => errors,
    reload: () => {
      turn = turn.then(reload);
      return turn.then(() => {});
    },
    stop: async (drainBoundInMs) => {
      state = 'Stopping';
      await turn;
      await drain(drainBoundInMs);
      await worker.stop();
    },
  };
}

function settled(promise: Promise<unknown>): Promise<void> {
  return promise.then(
    () => {},
    () => {},
  );
}
