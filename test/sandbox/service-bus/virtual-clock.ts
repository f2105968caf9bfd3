import type { Clock } from '../../../sandbox/service-bus/engine/clock.ts';

interface Alarm {
  readonly timeInMs: number;
  readonly run: () => void;
}

/** A clock that stands still until it is told to go on. */
export function virtualClock(startInMs = 1_000_000) {
  let nowInMs = startInMs;
  const alarms = new Set<Alarm>();
  const nextDue = (untilInMs: number): Alarm | undefined =>
    [...alarms].filter(({ timeInMs }) => timeInMs <= untilInMs).sort((a, b) => a.timeInMs - b.timeInMs)[0];
  const clock: Clock & { pass(durationInMs: number): void } = {
    nowInMs: () => nowInMs,
    at(timeInMs, run) {
      const alarm = { timeInMs, run };
      alarms.add(alarm);
      return () => alarms.delete(alarm);
    },
    /** Lets time pass; alarms ring in order, each at its own time. */
    pass(durationInMs) {
      const untilInMs = nowInMs + durationInMs;
      for (let alarm = nextDue(untilInMs); alarm !== undefined; alarm = nextDue(untilInMs)) {
        alarms.delete(alarm);
        nowInMs = Math.max(nowInMs, alarm.timeInMs);
        alarm.run();
      }
      nowInMs = untilInMs;
    },
  };
  return clock;
}
