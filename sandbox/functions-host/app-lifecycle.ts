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

const reloadDrainBoundInMs = 5_000;

/** The app from its loading, which begins at once, to its end, over any number of reloads. */
export class AppLifecycle {
  readonly #options: AppLifecycleOptions;
  #state: HostStatus['state'] = 'Initializing';
  #errors: string[] = [];
  #listeners: Listeners | undefined;
  #app: Promise<LoadedApp>;
  /** Reloads and the stop come one after the other. */
  #turn: Promise<void>;

  constructor(options: AppLifecycleOptions) {
    this.#options = options;
    this.#app = this.#load();
    this.#turn = settled(this.#app);
  }

  /** While the app is loaded: the promise of it. Rejects when it cannot be loaded. */
  app(): Promise<LoadedApp> {
    return this.#app;
  }

  state(): HostStatus['state'] {
    return this.#state;
  }

  /** What is wrong with the app or with single functions. */
  errors(): string[] {
    return this.#errors;
  }

  /** Drains the app and loads it anew. Never rejects; `app` tells. */
  reload(): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      if (this.#state === 'Stopping') return;
      this.#state = 'Initializing';
      this.#app = this.#drain(reloadDrainBoundInMs)
        .then(() => this.#options.worker.replace())
        .then(() => this.#load());
      await settled(this.#app);
    });
    return this.#turn;
  }

  /** Drains the app within the bound, then kills what still runs. */
  async stop(drainBoundInMs: number): Promise<void> {
    this.#state = 'Stopping';
    await this.#turn;
    await this.#drain(drainBoundInMs);
    await this.#options.worker.stop();
  }

  async #load(): Promise<LoadedApp> {
    try {
      const loaded = await this.#host();
      if (this.#state !== 'Stopping') this.#state = 'Running';
      return loaded;
    } catch (error) {
      this.#errors = [error instanceof Error ? error.message : String(error)];
      if (this.#state !== 'Stopping') this.#state = 'Error';
      throw error;
    }
  }

  async #host(): Promise<LoadedApp> {
    const { worker, settings, hostSettings, log } = this.#options;
    const { functions, loadInMs } = await worker.current();
    const loaded = readApp(functions, settings, hostSettings.routePrefix);
    this.#listeners = await startListeners({
      ...this.#options,
      functions: loaded.functions,
      serviceBus: hostSettings.serviceBus,
    });
    this.#errors = [...loaded.errors, ...this.#listeners.errors];
    const warnings = loaded.functions.flatMap((one) => one.warnings);
    for (const line of [...this.#errors, ...warnings]) log(line);
    log(`Loaded ${loaded.functions.length} functions in ${Math.round(loadInMs)} ms.`);
    return loaded;
  }

  async #drain(boundInMs: number): Promise<void> {
    const { worker, invoker, log } = this.#options;
    const stopping = this.#listeners?.stop().catch((error: unknown) => log(String(error)));
    this.#listeners = undefined;
    if (!(await invoker.drained(boundInMs))) {
      const running = await worker.current().catch(() => undefined);
      await running?.kill();
    }
    await stopping;
  }
}

function settled(promise: Promise<unknown>): Promise<void> {
  return promise.then(
    () => {},
    () => {},
  );
}
