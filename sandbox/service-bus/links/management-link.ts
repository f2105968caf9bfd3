import rhea, { type Receiver, type Typed } from 'rhea';
import { type AmqpError, answerDelivery, replyLink, sendSettled } from '../amqp/rhea.ts';
import { splitSections } from '../amqp/sections.ts';
import { mapEntries, readTyped, types } from '../amqp/values.ts';
import type { Queue } from '../engine/queue-model.ts';
import { type Broker, type Endpoint, errorFor, serverBusy } from './endpoint.ts';
import { type ManagementReply, operations } from './management-operations.ts';

/** Status codes by condition; everything else is 400, or 500 for what the emulator itself did wrong. */
const statusCodes: Readonly<Record<string, number>> = {
  'com.microsoft:message-lock-lost': 410,
  'com.microsoft:session-lock-lost': 410,
  'com.microsoft:message-not-found': 404,
  'com.microsoft:session-cannot-be-locked': 409,
  'com.microsoft:server-busy': 503,
  'amqp:internal-error': 500,
  'amqp:not-implemented': 501,
};

interface Reply {
  readonly statusCode: number;
  readonly description: string;
  readonly condition?: string;
  readonly body: ManagementReply;
}

/** Requests to the queue that are no transfers: peeking, scheduling, renewing and so on. */
export function managementEndpoint(broker: Broker, receiver: Receiver, queue: Queue): Endpoint {
  receiver.add_credit(100);
  return {
    message(content, delivery) {
      const request = rhea.message.decode(content);
      answerDelivery(delivery);
      receiver.add_credit(1);
      const properties = request.application_properties ?? {};
      const reply = perform(broker, queue, { operation: String(properties.operation), content });
      const link = replyLink(receiver, String(request.reply_to));
      if (link === undefined) return;
      const trackingId = properties['com.microsoft:tracking-id'];
      sendSettled(link, encodeReply(reply, { correlation_id: request.message_id, trackingId }));
    },
  };
}

function perform(broker: Broker, queue: Queue, request: { operation: string; content: Buffer }): Reply {
  if (broker.faults.strikes('server-busy', queue.address)) return refusal(serverBusy);
  const operation = operations[request.operation];
  if (operation === undefined) {
    return refusal({
      condition: 'amqp:not-implemented',
      description: `${request.operation} is not supported.`,
    });
  }
  try {
    const fields = bodyFields(request.content);
    const body = broker.namespace.transact(() => operation({ broker, queue, fields }));
    return { statusCode: body === undefined ? 204 : 200, description: 'OK', body };
  } catch (error) {
    return refusal(errorFor(broker, error));
  }
}

function refusal(error: AmqpError): Reply {
  const { condition, description } = error;
  return { statusCode: statusCodes[condition] ?? 400, description, condition, body: undefined };
}

function bodyFields(content: Buffer): Map<string, Typed> {
  const { body } = splitSections(content);
  return new Map(body.length === 0 ? [] : mapEntries(readTyped(body)));
}

function encodeReply(reply: Reply, request: { correlation_id: unknown; trackingId: unknown }): Buffer {
  const { condition, body } = reply;
  return rhea.message.encode({
    correlation_id: request.correlation_id,
    application_properties: {
      statusCode: types.wrap_int(reply.statusCode),
      statusDescription: reply.description,
      ...(condition === undefined ? {} : { errorCondition: types.wrap_symbol(condition) }),
      ...(request.trackingId === undefined ? {} : { 'com.microsoft:tracking-id': request.trackingId }),
    },
    body: body === undefined ? null : types.wrap_map(body),
  });
}
