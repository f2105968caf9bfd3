import { describe, expect, test } from '@jest/globals';
import type { Clock } from '../../../sandbox/functions-host/clock.ts';
import type {
  FunctionDefinition,
  TimerTrigger,
} from '../../../sandbox/functions-host/function-definition.ts';
import type { Invoker } from '../../../sandbox/functions-host/invoker.ts';
import type { RetryPolicy } from '../../../sandbox/functions-host/retry-policy.ts';
import { startTimer, type TimerListener } from '../../../sandbox/functions-host/timer/listener.ts';
import { parseSchedule } from '../../../sandbox/functions-host/timer/schedule.ts';
import { memoryStatusStore, type StatusStore } from '../../../sandbox/functions-host/timer/status-store.ts';
import type { RpcInvocationRequest } from '../../../sandbox/functions-host/worker/core-types.ts';

const start = Date.parse('2026-11-22T10:00:00Z');

function nextRuns(expression: string, count: number): string[] {
  const schedule = parseSchedule(expression);
  const runs: string[] = [];
  let time: number | undefined = start;
  while (runs.length < count) {
    time = schedule.next(time ?? 0);
    if (time === undefined) break;
    runs.push(new Date(time).toISOString().replace('.000Z', ''));
  }
  return runs;
}

describe('a schedule', () => {
  test.each([
    ['*/20 * * * * *', ['2026-11-22T10:00:20', '2026-11-22T10:00:40', '2026-11-22T10:01:00']],
    ['0 */15 * * * *', ['2026-11-22T10:15:00', '2026-11-22T10:30:00']],
    ['5/25 * * * * *', ['2026-11-22T10:00:05', '2026-11-22T10:00:30', '2026-11-22T10:00:55']],
    ['*/5 * * * *', ['2026-11-22T10:05:00', '2026-11-22T10:10:00']],
    ['0 30 9 * JAN MON-TUE', ['2027-01-04T09:30:00', '2027-01-05T09:30:00', '2027-01-11T09:30:00']],
    ['0 0 0 * * 0', ['2026-11-29T00:00:00']],
    ['00:10:00', ['2026-11-22T10:10:00', '2026-11-22T10:20:00']],
  ])('%s', (expression, expected) => {
    expect(nextRuns(expression, expected.length)).toEqual(expected);
  });

  test('with day and day-of-week runs only where both fit', () => {
    expect(nextRuns('0 0 0 13 * 5', 2)).toEqual(['2027-08-13T00:00:00', '2028-10-13T00:00:00']);
  });

  test.each([
    '0 0 0 * * 7',
    '0 0 0 * *  1-7',
    '* * * * * * *',
    '@daily',
    '0 0 0 L * *',
    '0 0 0 ? * *',
    '61 * * * * *',
    '',
  ])('that the host refuses is refused: %s', (expression) => {
    expect(() => parseSchedule(expression)).toThrow();
  });
});

/** Virtual time: `advance` fires what falls due, in order, and lets what follows from it happen. */
function virtualClock(): Clock & { advance(byInMs: number): Promise<void>; set(now: number): void } {
  let now = start;
  const due = new Map<object, { at: number; callback: () => void }>();
  const nextDue = (until: number) =>
    [...due].filter(([, { at }]) => at <= until).sort(([, first], [, second]) => first.at - second.at)[0];
  return {
    now: () => now,
    set: (time) => {
      now = time;
    },
    after: (pauseInMs, callback) => {
      const key = {};
      due.set(key, { at: now + pauseInMs, callback });
      return () => due.delete(key);
    },
    advance: async (byInMs) => {
      const until = now + byInMs;
      for (let next = nextDue(until); next; next = nextDue(until)) {
        due.delete(next[0]);
        now = next[1].at;
        next[1].callback();
        await new Promise((resolve) => setImmediate(resolve));
      }
      now = until;
    },
  };
}

interface Scene {
  clock: ReturnType<typeof virtualClock>;
  timer: TimerListener;
  /** What the function got: the timer's payload, and when it began. */
  calls: { at: string; payload: Record<string, unknown>; retry: RpcInvocationRequest['retryContext'] }[];
  store: StatusStore;
}

interface SceneOptions {
  trigger?: Partial<TimerTrigger>;
  retry?: RetryPolicy;
  store?: StatusStore;
  /** Called for every invocation. */
  invoke?: (clock: Clock) => Promise<void>;
}

async function scene(options: SceneOptions = {}): Promise<Scene> {
  const clock = virtualClock();
  const calls: Scene['calls'] = [];
  const store = options.store ?? memoryStatusStore();
  const trigger: TimerTrigger = {
    type: 'timer',
    bindingName: 'timer',
    schedule: '0 */5 * * * *',
    runOnStartup: false,
    useMonitor: true,
    ...options.trigger,
  };
  const definition: FunctionDefinition = {
    name: 'tick',
    trigger,
    outputs: [],
    retry: options.retry,
    warnings: [],
  };
  const invoker: Invoker = {
    running: () => 0,
    drained: async () => true,
    invoke: async (_definition, { inputData, retryContext }) => {
      const at = new Date(clock.now()).toISOString().slice(11, 19);
      calls.push({ at, payload: JSON.parse(inputData[0]?.data.json ?? '{}'), retry: retryContext });
      await options.invoke?.(clock);
      return {};
    },
  };
  const timer = startTimer({ definition, trigger, invoker, store, clock, log: () => {} });
  await new Promise((resolve) => setImmediate(resolve));
  return { clock, timer, calls, store };
}

const times = ({ calls }: Scene) => calls.map(({ at }) => at);

describe('a timer', () => {
  test('runs on its schedule, not at its start', async () => {
    const one = await scene();
    expect(times(one)).toEqual([]);
    await one.clock.advance(11 * 60_000);
    expect(times(one)).toEqual(['10:05:00', '10:10:00']);
    expect(one.calls[0]?.payload).toMatchObject({ Schedule: { AdjustForDST: true }, IsPastDue: false });
  });

  test('knows its last and next run', async () => {
    const one = await scene();
    await one.clock.advance(11 * 60_000);
    expect(one.calls[1]?.payload.ScheduleStatus).toEqual({
      Last: '2026-11-22T10:05:00.000Z',
      LastUpdated: '2026-11-22T10:05:00.000Z',
      Next: '2026-11-22T10:10:00.000Z',
    });
  });

  test('has no status when it is not monitored or runs more than once a minute', async () => {
    const unmonitored = await scene({ trigger: { useMonitor: false } });
    await unmonitored.clock.advance(5 * 60_000);
    const frequent = await scene({ trigger: { schedule: '*/30 * * * * *' } });
    await frequent.clock.advance(30_000);
    expect([unmonitored, frequent].map(({ calls }) => calls[0]?.payload.ScheduleStatus)).toEqual([
      null,
      null,
    ]);
    expect(await frequent.store.read('tick')).toBeUndefined();
  });

  test('never overlaps itself: what falls due meanwhile is left out', async () => {
    let running = 0;
    let most = 0;
    const one = await scene({
      invoke: async (clock) => {
        running += 1;
        most = Math.max(most, running);
        await new Promise<void>((resolve) => clock.after(7 * 60_000, resolve));
        running -= 1;
      },
    });
    await one.clock.advance(31 * 60_000);
    expect(most).toBe(1);
    expect(times(one)).toEqual(['10:05:00', '10:15:00', '10:25:00']);
  });

  test('goes on after a run that failed', async () => {
    const one = await scene({ invoke: () => Promise.reject(new Error('no')) });
    await one.clock.advance(11 * 60_000);
    expect(times(one)).toEqual(['10:05:00', '10:10:00']);
  });

  test('that fell due while the host was down runs at once, and says so', async () => {
    const store = memoryStatusStore();
    const missed = {
      last: '2026-11-22T08:00:00.000Z',
      next: '2026-11-22T08:05:00.000Z',
      lastUpdated: '2026-11-22T08:00:00.000Z',
    };
    await store.write('tick', missed);
    const one = await scene({ store });
    expect(times(one)).toEqual(['10:00:00']);
    expect(one.calls[0]?.payload).toMatchObject({ IsPastDue: true, ScheduleStatus: { Next: missed.next } });
    await one.clock.advance(5 * 60_000);
    expect(one.calls[1]?.payload.IsPastDue).toBe(false);
  });

  test('with runOnStartup runs at its start', async () => {
    const one = await scene({ trigger: { runOnStartup: true } });
    expect(times(one)).toEqual(['10:00:00']);
    expect(one.calls[0]?.payload.IsPastDue).toBe(false);
  });

  test('with a retry policy is tried again after its pause, up to its count', async () => {
    const retry: RetryPolicy = {
      maxRetryCount: 2,
      strategy: 'fixedDelay',
      minimumPauseInMs: 1_000,
      maximumPauseInMs: 1_000,
    };
    const one = await scene({ retry, invoke: () => Promise.reject(new Error('no')) });
    await one.clock.advance(6 * 60_000);
    expect(times(one)).toEqual(['10:05:00', '10:05:01', '10:05:02']);
    expect(one.calls.map((call) => call.retry?.retryCount)).toEqual([undefined, 1, 2]);
  });

  test('that is stopped runs no more', async () => {
    const one = await scene();
    await one.timer.stop();
    await one.clock.advance(60 * 60_000);
    expect(times(one)).toEqual([]);
  });
});
