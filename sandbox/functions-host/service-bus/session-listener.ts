import { isServiceBusError, type ServiceBusSessionReceiver } from '@azure/service-bus';
import type { Dispatch, Listener } from './dispatch.ts';
import { acceptSession, repeat } from './receiving.ts';

/**
 * Up to `maxConcurrentSessions` sessions at once, each in order, one invocation at a time. A session is given back
 * when it has been idle; with batches, when it is empty.
 */
export function listenToSessions(dispatch: Dispatch): Listener {
  const abort = new AbortController();
  const { signal } = abort;
  const log = (line: string) => dispatch.log(`Listener of '${dispatch.definition.name}': ${line}`);
  // With batches the real host takes one session after the other.
  const count = dispatch.trigger.isBatch ? 1 : dispatch.settings.maxConcurrentSessions;
  const isExpected = (error: unknown) => isServiceBusError(error) && error.code === 'ServiceTimeout';
  const loops = Array.from({ length: count }, () =>
    repeat(async () => handleSession(dispatch, await acceptSession(dispatch, signal), signal), {
      signal,
      log,
      isExpected: (error) => isExpected(error instanceof AggregateError ? error.errors.at(-1) : error),
    }),
  );
  return {
    stop: async () => {
      abort.abort();
      await Promise.all(loops);
    },
  };
}

async function handleSession(
  dispatch: Dispatch,
  session: ServiceBusSessionReceiver,
  abortSignal: AbortSignal,
): Promise<void> {
  const { trigger, settings } = dispatch;
  const size = trigger.isBatch ? settings.maxMessageBatchSize : 1;
  const maxWaitTimeInMs = trigger.isBatch ? 1_000 : settings.sessionIdleTimeoutInMs;
  try {
    while (!abortSignal.aborted) {
      const messages = await session.receiveMessages(size, { maxWaitTimeInMs, abortSignal });
      if (messages.length === 0) return;
      await dispatch.handle(session, messages);
    }
  } finally {
    await session.close();
  }
}
