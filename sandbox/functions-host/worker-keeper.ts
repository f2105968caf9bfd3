import { startWorkerProcess, type WorkerProcess, type WorkerProcessOptions } from './worker-process.ts';

/** Sees to it that there is always one worker, or one on its way. */
export interface WorkerKeeper {
  /** The worker that takes invocations; while one starts, the promise of it. Rejects when the app cannot be loaded. */
  current(): Promise<WorkerProcess>;
  /** Kills the worker with everything in flight and starts another, as the real host does on a timeout. */
  replaceByForce(): void;
  /** Lets the worker end in its own way and starts another: for hot reload. */
  replace(): Promise<WorkerProcess>;
  stop(): Promise<void>;
}

const terminateBoundInMs = 5_000;
const firstPauseInMs = 100;
const longestPauseInMs = 10_000;
const healthyAfterInMs = 10_000;

/**
 * Starts a worker, and another whenever it ends by itself. Workers that keep ending soon after their start follow
 * each other after growing pauses. One that cannot load the app is not tried again before `replace`.
 */
export function keepWorker(options: WorkerProcessOptions): WorkerKeeper {
  let stopped = false;
  let pauseInMs = 0;
  let worker = start();

  function start(): Promise<WorkerProcess> {
    const starting = startWorkerProcess(options);
    starting.then(
      async (started) => {
        const startedAt = performance.now();
        await started.exited;
        if (!stopped && worker === starting) replaceEnded(performance.now() - startedAt);
      },
      () => {}, // whoever asks for the worker gets the error
    );
    return starting;
  }

  function replaceEnded(livedInMs: number): void {
    const soon = livedInMs < healthyAfterInMs;
    pauseInMs = soon ? Math.min(longestPauseInMs, pauseInMs * 2 || firstPauseInMs) : 0;
    options.log(`The worker process ended; another one starts in ${pauseInMs} ms.`);
    follow(after(pauseInMs));
  }

  /** The next worker, once the previous one is out of the way. */
  function follow(previousIsGone: Promise<unknown>): void {
    const next: Promise<WorkerProcess> = previousIsGone.then(() => {
      if (stopped) throw new Error('The host is stopping.');
      const started = start();
      if (worker === next) worker = started;
      return started;
    });
    next.catch(() => {});
    worker = next;
  }

  return {
    current: () => worker,
    replaceByForce: () =>
      follow(
        worker.then(
          (old) => old.kill(),
          () => {},
        ),
      ),
    replace: () => {
      follow(
        worker.then(
          (old) => old.terminate(terminateBoundInMs),
          () => {},
        ),
      );
      return worker;
    },
    stop: async () => {
      stopped = true;
      const last = await worker.catch(() => undefined);
      await last?.terminate(terminateBoundInMs);
    },
  };
}

function after(pauseInMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, pauseInMs));
}
