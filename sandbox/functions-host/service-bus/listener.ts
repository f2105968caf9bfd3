import { listenToBatches } from './batch-listener.ts';
import { createDispatch, type Listener, type ListenerOptions } from './dispatch.ts';
import { listenToSessions } from './session-listener.ts';
import { listenToMessages } from './single-listener.ts';

/** Starts to listen. Trouble with the broker is logged and tried again for as long as the listener lives. */
export function startListener(options: ListenerOptions): Listener {
  const dispatch = createDispatch(options);
  if (options.trigger.isSessionsEnabled) return listenToSessions(dispatch);
  return options.trigger.isBatch ? listenToBatches(dispatch) : listenToMessages(dispatch);
}
