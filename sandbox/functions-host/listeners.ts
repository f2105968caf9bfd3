import type { Clock } from './clock.ts';
import type { FunctionDefinition } from './function-definition.ts';
import type { ServiceBusSettings } from './host-settings.ts';
import type { Invoker } from './invoker.ts';
import type { Connections } from './service-bus/connections.ts';
import { startListener } from './service-bus/listener.ts';
import { startTimer } from './timer/listener.ts';
import type { StatusStore } from './timer/status-store.ts';

export interface ListenersOptions {
  functions: FunctionDefinition[];
  connections: Connections;
  serviceBus: ServiceBusSettings;
  invoker: Invoker;
  statusStore: StatusStore;
  clock: Clock;
  log: (line: string) => void;
}

/** Everything that starts functions by itself: queues and timers. */
export interface Listeners {
  /** Why a function's listener could not start. */
  errors: string[];
  stop(): Promise<void>;
}

/** A listener that cannot start leaves the others running, as in the real host. */
export async function startListeners(options: ListenersOptions): Promise<Listeners> {
  const errors: string[] = [];
  const started: { stop(): Promise<void> }[] = [];
  for (const definition of options.functions) {
    try {
      const listener = await startOne(options, definition);
      if (listener) started.push(listener);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      errors.push(`The listener for function '${definition.name}' was unable to start: ${why}`);
    }
  }
  return {
    errors,
    stop: async () => {
      await Promise.all(started.map((listener) => listener.stop()));
    },
  };
}

async function startOne(
  options: ListenersOptions,
  definition: FunctionDefinition,
): Promise<{ stop(): Promise<void> } | undefined> {
  const { trigger } = definition;
  const { invoker, clock, log, statusStore: store } = options;
  for (const { connection } of definition.outputs) await options.connections.client(connection);
  if (trigger.type === 'timer') return startTimer({ definition, trigger, invoker, store, clock, log });
  if (trigger.type !== 'service-bus') return undefined;
  const { client: plain, sessionClient } = options.connections;
  const client = await (trigger.isSessionsEnabled ? sessionClient : plain)(trigger.connection);
  return startListener({ client, definition, trigger, settings: options.serviceBus, invoker, log });
}
