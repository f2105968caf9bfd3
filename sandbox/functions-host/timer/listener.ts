import type { Clock } from '../clock.ts';
import type { FunctionDefinition, TimerTrigger } from '../function-definition.ts';
import type { Invoker } from '../invoker.ts';
import { pauseBeforeRetry } from '../retry-policy.ts';
import { childTrace } from '../trace-context.ts';
import type { RpcRetryContext } from '../worker/core-types.ts';
import { parseSchedule, type Schedule } from './schedule.ts';
import type { ScheduleStatus, StatusStore } from './status-store.ts';

export interface TimerOptions {
  definition: FunctionDefinition;
  trigger: TimerTrigger;
  invoker: Invoker;
  store: StatusStore;
  clock: Clock;
  log: (line: string) => void;
}

export interface TimerListener {
  /** Runs the function now, beside its schedule. */
  runNow(): Promise<void>;
  /** No further run; resolves when a run that is under way has ended. */
  stop(): Promise<void>;
}

/** What a .NET date is before it is set. */
const neverRan = '0001-01-01T00:00:00';

/**
 * Runs a function on its schedule. The next time is computed when a run has ended, so runs never overlap; a run that
 * fails does not stop the schedule. A timer that fell due while the host was down runs at once, `isPastDue`.
 *
 * @throws Error when the schedule cannot be read
 */
export function startTimer(options: TimerOptions): TimerListener {
  const schedule = parseSchedule(options.trigger.schedule);
  const isMonitored = options.trigger.useMonitor && !schedule.isFrequent;
  let stopped = false;
  let cancel = () => {};
  let running: Promise<void> = Promise.resolve();

  const run = async (isPastDue: boolean, status: ScheduleStatus | undefined) => {
    await runWithRetries(options, payload(isPastDue, status), () => stopped);
    if (isMonitored) await remember(options, schedule, isoTime(options.clock.now()));
  };
  const arm = (status: ScheduleStatus | undefined) => {
    const now = options.clock.now();
    const next = schedule.next(now);
    if (stopped || next === undefined) return;
    cancel = options.clock.after(next - now, () => {
      running = run(false, status).then(() => armFromStore());
    });
  };
  const armFromStore = async () =>
    arm(isMonitored ? await options.store.read(options.definition.name) : undefined);
  const begin = async () => {
    const kept = isMonitored ? await options.store.read(options.definition.name) : undefined;
    const isPastDue = kept !== undefined && Date.parse(kept.next) < options.clock.now();
    if (isPastDue || options.trigger.runOnStartup) await run(isPastDue, kept);
    else if (isMonitored && !kept) await remember(options, schedule, neverRan);
    await armFromStore();
  };
  running = begin();
  return {
    runNow: () => runWithRetries(options, payload(false, undefined), () => stopped),
    stop: async () => {
      stopped = true;
      cancel();
      await running;
    },
  };
}

async function remember(
  { definition, store, clock }: TimerOptions,
  schedule: Schedule,
  last: string,
): Promise<void> {
  const now = clock.now();
  const next = schedule.next(now);
  if (next === undefined) return;
  await store.write(definition.name, {
    last,
    next: isoTime(next),
    lastUpdated: last === neverRan ? isoTime(now) : last,
  });
}

function isoTime(timeInMs: number): string {
  return new Date(timeInMs).toISOString();
}

function payload(isPastDue: boolean, status: ScheduleStatus | undefined): string {
  const scheduleStatus = status && { Last: status.last, LastUpdated: status.lastUpdated, Next: status.next };
  return JSON.stringify({
    Schedule: { AdjustForDST: true },
    ScheduleStatus: scheduleStatus ?? null,
    IsPastDue: isPastDue,
  });
}

/** Timers are one of the few triggers that honour the retry policy of a function. Never throws. */
async function runWithRetries(options: TimerOptions, json: string, isStopped: () => boolean): Promise<void> {
  const policy = options.definition.retry;
  for (let retryCount = 0; ; retryCount++) {
    const context =
      policy && retryCount > 0 ? { retryCount, maxRetryCount: policy.maxRetryCount } : undefined;
    if (await succeeds(options, json, context)) return;
    const isLast = !policy || (policy.maxRetryCount >= 0 && retryCount >= policy.maxRetryCount);
    if (isLast || isStopped()) return;
    const pauseInMs = pauseBeforeRetry(policy, retryCount + 1);
    options.log(`Waiting for ${pauseInMs} ms before retrying '${options.definition.name}'.`);
    await new Promise<void>((resolve) => options.clock.after(pauseInMs, resolve));
  }
}

async function succeeds(
  { definition, trigger, invoker }: TimerOptions,
  json: string,
  retryContext: RpcRetryContext | undefined,
): Promise<boolean> {
  const request = {
    inputData: [{ name: trigger.bindingName, data: { json } }],
    triggerMetadata: {},
    traceContext: childTrace(undefined, undefined),
    ...(retryContext ? { retryContext } : {}),
  };
  return invoker.invoke(definition, request).then(
    () => true,
    () => false,
  );
}
