import { startWorkerProcess, type WorkerProcess, type WorkerProcessOptions } from './worker-process.ts';

const terminateBoundInMs = 5_000;
const firstPauseInMs = 100;
const longestPauseInMs = 10_000;
const healthyAfterInMs = 10_000;

/**
 * Sees to it that there is always one worker, or one on its way: when a worker ends by itself, another one starts.
 * Workers that keep ending soon after their start follow each other after growing pauses. One that cannot load the
 * app is not tried again before `replace`.
 */
export class WorkerKeeper {
  readonly #options: WorkerProcessOptions;
  #isStopped = false;
  #pauseInMs = 0;
  #worker: Promise<WorkerProcess>;

  constructor(options: WorkerProcessOptions) {
    this.#options = options;
    this.#worker = this.#start();
  }

  /** The worker that takes invocations; while one starts, the promise of it. Rejects when the app cannot be loaded. */
  current(): Promise<WorkerProcess> {
    return this.#worker;
  }

  /** Kills the worker with everything in flight and starts another, as the real host does on a timeout. */
  replaceByForce(): void {
    this.#follow(this.#worker.then((old) => old.kill()));
  }

  /** Lets the worker end in its own way and starts another: for hot reload. */
  replace(): Promise<WorkerProcess> {
    this.#follow(this.#worker.then((old) => old.terminate(terminateBoundInMs)));
    return this.#worker;
  }

  /** Lets the worker end in its own way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const last = await this.#worker.catch(() => undefined);
    await last?.terminate(terminateBoundInMs);
  }

  #start(): Promise<WorkerProcess> {
    const starting = startWorkerProcess(this.#options);
    const watch = async () => {
      const { exited } = await starting;
      const startedAt = performance.now();
      await exited;
      if (!this.#isStopped && this.#worker === starting) this.#replaceEnded(performance.now() - startedAt);
    };
    watch().catch(() => {}); // whoever asks for the worker gets the error
    return starting;
  }

  #replaceEnded(livedInMs: number): void {
    const hasEndedSoon = livedInMs < healthyAfterInMs;
    this.#pauseInMs = hasEndedSoon ? Math.min(longestPauseInMs, this.#pauseInMs * 2 || firstPauseInMs) : 0;
    this.#options.log(`The worker process ended; another one starts in ${this.#pauseInMs} ms.`);
    this.#follow(after(this.#pauseInMs));
  }

  /** The next worker, once the previous one is out of the way or has turned out never to have started. */
  #follow(previousIsGone: Promise<unknown>): void {
    const startNext = () => {
      if (this.#isStopped) throw new Error('The host is stopping.');
      const started = this.#start();
      if (this.#worker === next) this.#worker = started;
      return started;
    };
    const next: Promise<WorkerProcess> = previousIsGone.then(startNext, startNext);
    next.catch(() => {}); // as above
    this.#worker = next;
  }
}

function after(pauseInMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, pauseInMs));
}
