import { messageOf } from '../errors.ts';
import type { Run } from '../release/model.ts';
import type { Ports } from './engine-ports.ts';

/** How long a step goes on at most after its run was cancelled, if it checks its signal. */
export const CANCEL_WATCH_IN_MS = 5_000;

/** Looks now and then whether the run is being cancelled, and aborts the step's signal then. */
export function watchForCancel(
  ports: Pick<Ports, 'store' | 'clock' | 'log'>,
  { project, id, cancelled }: Run,
): { readonly signal: AbortSignal; stop(): void } {
  const abort = new AbortController();
  const ended = new AbortController();
  if (cancelled !== null) abort.abort();
  else void watch();
  return { signal: abort.signal, stop: () => ended.abort('the step is over') };

  async function watch(): Promise<void> {
    while (!ended.signal.aborted && !abort.signal.aborted) {
      await ports.clock.sleep(CANCEL_WATCH_IN_MS, ended.signal);
      if (ended.signal.aborted) return;
      try {
        const { run } = await ports.store.load(project, id);
        if (run !== null && run.cancelled !== null) abort.abort();
      } catch (error) {
        ports.log.warn(`could not look for a cancel: ${messageOf(error)}`, { project, run: id });
      }
    }
  }
}
