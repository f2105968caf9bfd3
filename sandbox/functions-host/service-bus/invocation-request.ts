import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import type { ServiceBusTrigger } from '../function-definition.ts';
import { childTrace } from '../trace-context.ts';
import type { RpcInvocationRequest, RpcTypedData } from '../worker/core-types.ts';
import { applyBodyProperties } from './body-properties.ts';
import { bodyAsBytes, bodyAsText } from './message-body.ts';
import { batchMetadataOf, metadataOf } from './metadata.ts';

/**
 * What the .NET host sends for one message. The text of a body goes as `string`, which the library parses as JSON
 * whenever that works: "123" reaches the function as a number, and so do ids that look like one.
 *
 * @param namespace host name of the Service Bus namespace
 * @throws Error when the body cannot be bound
 */
export function toRequest(
  trigger: ServiceBusTrigger,
  message: ServiceBusReceivedMessage,
  namespace: string,
): RpcInvocationRequest {
  const own = { ...metadataOf(message), ...extensionObjects(trigger, namespace) };
  const traceContext = childTrace(message.applicationProperties?.['Diagnostic-Id'], undefined);
  const inputOf = (data: RpcTypedData) => [{ name: trigger.bindingName, data }];
  if (trigger.isBinary) {
    return { inputData: inputOf({ bytes: bodyAsBytes(message) }), triggerMetadata: own, traceContext };
  }
  const text = bodyAsText(message);
  return {
    inputData: inputOf({ string: text }),
    triggerMetadata: applyBodyProperties(own, text),
    traceContext,
  };
}

/** What the .NET host sends for a batch. Empty bodies are dropped, as empty metadata texts are. */
export function toBatchRequest(
  trigger: ServiceBusTrigger,
  messages: readonly ServiceBusReceivedMessage[],
  namespace: string,
): RpcInvocationRequest {
  const data: RpcTypedData = trigger.isBinary
    ? { collectionBytes: { bytes: messages.map(bodyAsBytes).filter((bytes) => bytes.length > 0) } }
    : { collectionString: { string: messages.map(bodyAsText).filter((text) => text !== '') } };
  const triggerMetadata = { ...batchMetadataOf(messages), ...extensionObjects(trigger, namespace) };
  return {
    inputData: [{ name: trigger.bindingName, data }],
    triggerMetadata,
    traceContext: childTrace(undefined, undefined),
  };
}

/** .NET objects that the extension offers to .NET functions; here only their serialized remains can be seen. */
function extensionObjects(trigger: ServiceBusTrigger, namespace: string): Record<string, RpcTypedData> {
  const empty = { json: '{}' };
  return {
    MessageActions: empty,
    ReceiveActions: empty,
    MessageReceiver: empty,
    ...(trigger.isSessionsEnabled ? { SessionActions: empty, MessageSession: empty } : {}),
    Client: {
      json: JSON.stringify({ FullyQualifiedNamespace: namespace, IsClosed: false, TransportType: 0 }),
    },
  };
}
