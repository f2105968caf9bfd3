/** Time as an input, so that timers can be tested without waiting. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back once, not before the pause is over. @returns how to cancel it */
  after(pauseInMs: number, callback: () => void): () => void;
}

/** Node fires a longer timer at once. */
const longestTimerInMs = 2 ** 31 - 1;

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (pauseInMs, callback) => {
    const dueAt = Date.now() + pauseInMs;
    let timer: NodeJS.Timeout;
    const arm = () => {
      const restInMs = dueAt - Date.now();
      timer = setTimeout(
        () => (dueAt > Date.now() ? arm() : callback()),
        Math.min(Math.max(restInMs, 0), longestTimerInMs),
      );
    };
    arm();
    return () => clearTimeout(timer);
  },
};
