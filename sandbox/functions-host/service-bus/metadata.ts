import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import type { RpcLong, RpcTypedData } from '../worker/core-types.ts';

type Metadata = Record<string, RpcTypedData>;

/** .NET's latest date: what a message without an end of life has. */
const never = '9999-12-31T23:59:59.9999999';

/** One message's system properties. Those that are undefined are not sent. */
interface Properties {
  text: Record<string, string | undefined>;
  json: Record<string, string>;
}

function propertiesOf(message: ServiceBusReceivedMessage): Properties {
  const applicationProperties = JSON.stringify(message.applicationProperties ?? {});
  const enqueued = dateTime(message.enqueuedTimeUtc);
  const expires = dateTime(message.expiresAtUtc);
  return {
    text: {
      DeadLetterSource: message.deadLetterSource,
      LockToken: message.lockToken,
      MessageId: message.messageId === undefined ? undefined : String(message.messageId),
      ContentType: message.contentType,
      ReplyTo: message.replyTo,
      To: message.to,
      Subject: message.subject,
      Label: message.subject,
      CorrelationId: message.correlationId === undefined ? undefined : String(message.correlationId),
      SessionId: message.sessionId,
      ReplyToSessionId: message.replyToSessionId,
      PartitionKey: message.partitionKey,
    },
    json: {
      // .NET counts the delivery that is under way, the JavaScript library does not.
      DeliveryCount: String((message.deliveryCount ?? 0) + 1),
      SequenceNumber: message.sequenceNumber?.toString() ?? '0',
      // A DateTime of unspecified kind: serialized without the Z that would say that it is UTC.
      EnqueuedTimeUtc: JSON.stringify(enqueued),
      EnqueuedTime: JSON.stringify(`${enqueued}+00:00`),
      ExpiresAtUtc: JSON.stringify(expires),
      ExpiresAt: JSON.stringify(`${expires}+00:00`),
      ApplicationProperties: applicationProperties,
      UserProperties: applicationProperties,
    },
  };
}

/** Newtonsoft's form: no fraction when it is zero, and no zeros at its end. */
function dateTime(date: Date | undefined): string {
  if (!date || Number.isNaN(date.getTime()) || date.getUTCFullYear() > 9999) return never;
  return date.toISOString().replace(/\.?0*Z$/, '');
}

/** Trigger metadata of a single message, before its body gets at it. */
export function metadataOf(message: ServiceBusReceivedMessage): Metadata {
  const { text, json } = propertiesOf(message);
  const metadata: Metadata = {};
  for (const [name, value] of Object.entries(text)) if (value) metadata[name] = { string: value };
  for (const [name, value] of Object.entries(json)) metadata[name] = { json: value };
  return metadata;
}

/**
 * Trigger metadata of a batch: the same names with `Array`. Texts that are missing are dropped, so their arrays do not
 * line up with the messages.
 */
export function batchMetadataOf(messages: readonly ServiceBusReceivedMessage[]): Metadata {
  const all = messages.map(propertiesOf);
  const metadata: Metadata = {};
  for (const name of Object.keys(all[0]?.text ?? {})) {
    const values = all.map(({ text }) => text[name]).filter((value) => value !== undefined && value !== '');
    metadata[`${name}Array`] = { collectionString: { string: values.map(String) } };
  }
  for (const name of Object.keys(all[0]?.json ?? {})) {
    metadata[`${name}Array`] = { json: `[${all.map(({ json }) => json[name]).join(',')}]` };
  }
  metadata.SequenceNumberArray = { collectionSint64: { sint64: messages.map(sequenceNumber) } };
  return metadata;
}

function sequenceNumber(message: ServiceBusReceivedMessage): RpcLong {
  const value = BigInt(message.sequenceNumber?.toString() ?? '0');
  return {
    low: Number(BigInt.asIntN(32, value)),
    high: Number(BigInt.asIntN(32, value >> 32n)),
    unsigned: false,
  };
}
