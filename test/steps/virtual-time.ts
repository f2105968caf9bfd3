import { VirtualClock } from '../engine/simulator/virtual-clock.ts';

const START_AT = Date.UTC(2026, 10, 23, 9, 0, 0);
const LONGEST_IN_MS = 24 * 60 * 60_000;
/** Turns of the event loop without a timer after which it gets time to breathe, and after which nothing will happen. */
const MOST_BUSY_TURNS = 1_000;
const MOST_IDLE_TURNS = 10_000;

/** A clock that starts on a Monday morning. */
export function newClock(): VirtualClock {
  return new VirtualClock(START_AT);
}

/**
 * Moves virtual time until the work is over, and gives its result.
 * Packing and unpacking an archive needs no virtual time but turns of the event loop and other threads, so some of
 * them are waited for.
 */
export async function underVirtualTime<Result>(clock: VirtualClock, work: Promise<Result>): Promise<Result> {
  let over = false;
  const end = () => {
    over = true;
  };
  work.then(end, end);
  const limit = clock.now() + LONGEST_IN_MS;
  for (let idle = 0; !over; idle += 1) {
    const before = clock.now();
    await clock.runUntil(() => over, limit);
    if (clock.now() > before) idle = 0;
    if (idle > MOST_BUSY_TURNS) await new Promise((resolve) => setTimeout(resolve, 1));
    if (idle > MOST_IDLE_TURNS) throw new Error('the work waits for something that will never come');
  }
  return work;
}
