import type { ServiceBusReceivedMessage, ServiceBusReceiver } from '@azure/service-bus';
import type { Dispatch, Listener } from './dispatch.ts';
import { openReceiver, repeat } from './receiving.ts';

const maxWaitTimeInMs = 60_000;

/** One batch at a time. Its locks are not renewed, as in the real host. */
export function listenToBatches(dispatch: Dispatch): Listener {
  const abort = new AbortController();
  const receiver = openReceiver(dispatch, { maxAutoLockRenewalDurationInMs: 0 });
  const loop = repeat(
    async () => {
      const messages = await receiveBatch(dispatch, receiver, abort.signal);
      if (messages.length > 0) await dispatch.handle(receiver, messages);
    },
    {
      signal: abort.signal,
      log: (line) => dispatch.log(`Listener of '${dispatch.definition.name}': ${line}`),
    },
  );
  return {
    stop: async () => {
      abort.abort();
      await loop;
      await receiver.close();
    },
  };
}

/** Waits for a first message, then, up to `maxBatchWaitTime`, until there are `minMessageBatchSize`. */
async function receiveBatch(
  { settings }: Dispatch,
  receiver: ServiceBusReceiver,
  abortSignal: AbortSignal,
): Promise<ServiceBusReceivedMessage[]> {
  const { maxMessageBatchSize, minMessageBatchSize, maxBatchWaitTimeInMs } = settings;
  const messages = await receiver.receiveMessages(maxMessageBatchSize, { maxWaitTimeInMs, abortSignal });
  const until = performance.now() + maxBatchWaitTimeInMs;
  while (messages.length > 0 && messages.length < minMessageBatchSize) {
    const restInMs = until - performance.now();
    if (restInMs <= 0) break;
    const room = maxMessageBatchSize - messages.length;
    messages.push(...(await receiver.receiveMessages(room, { maxWaitTimeInMs: restInMs, abortSignal })));
  }
  return messages;
}
