import type {
  ServiceBusReceiver,
  ServiceBusReceiverOptions,
  ServiceBusSessionReceiver,
} from '@azure/service-bus';
import type { Dispatch } from './dispatch.ts';

/** The body goes to the function's library as it is, which parses it once more. */
const asReceived = { skipParsingBodyAsJson: true } as const;

/** @param options of the receiver, e.g. how long locks are renewed */
export function openReceiver(
  { client, trigger }: Dispatch,
  options: ServiceBusReceiverOptions,
): ServiceBusReceiver {
  const { entity } = trigger;
  const all: ServiceBusReceiverOptions = { ...asReceived, ...options };
  if ('queue' in entity) return client.createReceiver(entity.queue, all);
  return client.createReceiver(entity.topic, entity.subscription, all);
}

/** Waits for a session that has messages. @throws ServiceBusError `ServiceTimeout` when none comes */
export function acceptSession(
  { client, trigger, settings }: Dispatch,
  abortSignal: AbortSignal,
): Promise<ServiceBusSessionReceiver> {
  const { entity } = trigger;
  const maxAutoLockRenewalDurationInMs = trigger.isBatch ? 0 : settings.maxAutoLockRenewalDurationInMs;
  const options = { ...asReceived, maxAutoLockRenewalDurationInMs, abortSignal };
  if ('queue' in entity) return client.acceptNextSession(entity.queue, options);
  return client.acceptNextSession(entity.topic, entity.subscription, options);
}

const pauseAfterErrorInMs = 1_000;

/**
 * Repeats an action until the signal says stop. An error is logged, and after a pause the action runs again.
 *
 * @param isExpected errors that are no news
 */
export async function repeat(
  action: () => Promise<void>,
  options: { signal: AbortSignal; log: (line: string) => void; isExpected?: (error: unknown) => boolean },
): Promise<void> {
  const { signal, log, isExpected } = options;
  while (!signal.aborted) {
    try {
      await action();
    } catch (error) {
      if (signal.aborted) return;
      if (isExpected?.(error)) continue;
      log(describeError(error));
      await pause(pauseAfterErrorInMs, signal);
    }
  }
}

/** After its retries the library throws an AggregateError without text: the last of its errors tells. */
export function describeError(error: unknown): string {
  const last = error instanceof AggregateError ? error.errors.at(-1) : error;
  return last instanceof Error ? `${last.name}: ${last.message}` : String(last);
}

function pause(pauseInMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, pauseInMs);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
