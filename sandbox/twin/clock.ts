/** Time as a twin sees it. A simulator passes its own; `now` is in milliseconds since 1970. */
export interface Clock {
  now(): number;
  sleep(durationInMs: number): Promise<void>;
}

/** Wall-clock time. */
export const realClock: Clock = {
  now: () => Date.now(),
  sleep: (durationInMs) => new Promise((resolve) => setTimeout(resolve, durationInMs)),
};
