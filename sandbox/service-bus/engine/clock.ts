/** Time as the engine sees it: milliseconds since 1970 and a way to be called later. */
export interface Clock {
  nowInMs(): number;
  /** Calls `run` once, no earlier than `timeInMs` on this clock; returns a function that calls it off. */
  at(timeInMs: number, run: () => void): () => void;
}

const longestTimerInMs = 2 ** 31 - 1;

/**
 * The wall clock. Its timers never keep the process alive. Node fires timers beyond 2^31-1 ms at once and
 * others up to 1 ms early, so a timer that wakes before its time sleeps again.
 */
export function systemClock(): Clock {
  return {
    nowInMs: () => Date.now(),
    at(timeInMs, run) {
      let timer: NodeJS.Timeout;
      const arm = (): void => {
        const delayInMs = Math.min(Math.max(timeInMs - Date.now(), 1), longestTimerInMs);
        timer = setTimeout(wake, delayInMs);
        timer.unref();
      };
      const wake = (): void => (Date.now() >= timeInMs ? run() : arm());
      arm();
      return () => clearTimeout(timer);
    },
  };
}
