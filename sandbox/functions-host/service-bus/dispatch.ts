import type { ServiceBusClient, ServiceBusReceivedMessage, ServiceBusReceiver } from '@azure/service-bus';
import type { FunctionDefinition, ServiceBusTrigger } from '../function-definition.ts';
import type { ServiceBusSettings } from '../host-settings.ts';
import type { Invoker } from '../invoker.ts';
import type { RpcInvocationRequest } from '../worker/core-types.ts';
import { toBatchRequest, toRequest } from './invocation-request.ts';
import { createSettler } from './settler.ts';

/** What carries messages from an entity to a function. */
export interface Listener {
  /** Takes no further message, lets running functions end and settles what they had. */
  stop(): Promise<void>;
}

export interface ListenerOptions {
  client: ServiceBusClient;
  definition: FunctionDefinition;
  trigger: ServiceBusTrigger;
  settings: ServiceBusSettings;
  invoker: Invoker;
  log: (line: string) => void;
}

/** What the kinds of listeners share. */
export interface Dispatch extends ListenerOptions {
  /** Runs the function on these messages and settles them. Never throws. */
  handle(receiver: ServiceBusReceiver, messages: ServiceBusReceivedMessage[]): Promise<void>;
}

/** @returns the options together with what handles messages */
export function createDispatch(options: ListenerOptions): Dispatch {
  return { ...options, handle: createHandler(options) };
}

/**
 * A function that ends well has its messages completed, unless it or host.json says otherwise: then their locks run
 * out and they come again. One that throws has them abandoned in either case: they come again at once, and it is the
 * broker that dead-letters them in the end.
 */
function createHandler({
  trigger,
  settings,
  definition,
  invoker,
  client,
  log,
}: ListenerOptions): Dispatch['handle'] {
  const autoComplete = trigger.autoCompleteMessages ?? settings.autoCompleteMessages;
  const settlers = new WeakMap<ServiceBusReceiver, ReturnType<typeof createSettler>>();
  const requestFor = (messages: ServiceBusReceivedMessage[]): RpcInvocationRequest => {
    const [first] = messages;
    const isSingle = !trigger.isBatch && first !== undefined;
    const namespace = client.fullyQualifiedNamespace;
    return isSingle ? toRequest(trigger, first, namespace) : toBatchRequest(trigger, messages, namespace);
  };
  return async (receiver, messages) => {
    const settler = settlers.get(receiver) ?? createSettler(receiver, log);
    settlers.set(receiver, settler);
    try {
      await invoker.invoke(definition, requestFor(messages));
    } catch {
      await Promise.all(messages.map((message) => settler.abandon(message)));
      return;
    }
    if (autoComplete) await Promise.all(messages.map((message) => settler.complete(message)));
  };
}
