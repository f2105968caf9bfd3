import type { Dispatch, Listener } from './dispatch.ts';
import { describeError, openReceiver } from './receiving.ts';

/** One message for each invocation, up to `maxConcurrentCalls` at once; locks are renewed while the function runs. */
export function listenToMessages(dispatch: Dispatch): Listener {
  const { settings, definition, log } = dispatch;
  const running = new Set<Promise<void>>();
  const receiver = openReceiver(dispatch, {
    maxAutoLockRenewalDurationInMs: settings.maxAutoLockRenewalDurationInMs,
  });
  const subscription = receiver.subscribe(
    {
      processMessage: async (message) => {
        const handling = dispatch.handle(receiver, [message]);
        running.add(handling);
        await handling;
        running.delete(handling);
      },
      processError: async ({ error }) => log(`Listener of '${definition.name}': ${describeError(error)}`),
    },
    { autoCompleteMessages: false, maxConcurrentCalls: settings.maxConcurrentCalls },
  );
  return {
    stop: async () => {
      await subscription.close();
      await Promise.all(running);
      await receiver.close();
    },
  };
}
