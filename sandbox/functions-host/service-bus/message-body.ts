import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import { readDataContractString } from './data-contract.ts';

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * The body as text, as the .NET extension binds it: UTF-8; if it is none, the text of a .NET serialized string; else
 * UTF-8 with replacement characters.
 *
 * @throws Error for a sequence body or a value that is no text, which cannot be bound to a string
 */
export function bodyAsText(message: ServiceBusReceivedMessage): string {
  const { bodyType } = message._rawAmqpMessage;
  const body: unknown = message.body;
  if (bodyType === 'value') {
    if (typeof body === 'string') return body;
    throw new Error(`A message with a body of type ${typeof body} cannot be bound to a string.`);
  }
  if (bodyType === 'sequence') throw new Error('A sequence body message cannot be bound to a string.');
  const bytes = bytesOf(body);
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return readDataContractString(bytes) ?? Buffer.from(bytes).toString('utf8');
  }
}

/** The body's bytes: for functions that ask for binary data. */
export function bodyAsBytes(message: ServiceBusReceivedMessage): Uint8Array {
  return bytesOf(message.body);
}

function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  return Buffer.from(typeof body === 'string' ? body : '');
}
