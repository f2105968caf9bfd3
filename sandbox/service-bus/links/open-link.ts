import type { Receiver, Sender } from 'rhea';
import { answerAttach, refuse, sessionFilter } from '../amqp/rhea.ts';
import { hasSessions, type Queue } from '../engine/queue-model.ts';
import { type EntityAddress, parseAddress } from '../entity-address.ts';
import { cbsEndpoint } from './cbs-link.ts';
import {
  type Broker,
  type Endpoint,
  entityNotFound,
  sessionNotSupported,
  sessionRequired,
} from './endpoint.ts';
import { managementEndpoint } from './management-link.ts';
import { receiveEndpoint } from './receive-link.ts';
import { sendEndpoint } from './send-link.ts';
import { sessionEndpoint } from './session-link.ts';

/** Answers the attach of a link on which the client sends. Refused ones have no endpoint. */
export function openForSending(broker: Broker, receiver: Receiver): Endpoint | undefined {
  const target = receiver.target?.address ?? '';
  const address = parseAddress(target);
  const echo = { source: { address: receiver.source?.address ?? '' }, target: { address: target } };
  if (address.kind === 'cbs') {
    answerAttach(receiver, echo);
    return cbsEndpoint(broker, receiver);
  }
  const queue = findQueue(broker, address);
  // Nobody sends to a dead-letter queue.
  if (queue === undefined || (address.kind === 'queue' && address.isDeadLetter)) {
    refuse(receiver, entityNotFound(receiver.connection.hostname ?? '', target));
    return undefined;
  }
  answerAttach(receiver, { ...echo, maxMessageSizeInBytes: broker.maxMessageSizeInBytes });
  const endpoint = address.kind === 'management' ? managementEndpoint : sendEndpoint;
  return endpoint(broker, receiver, queue);
}

/** Answers the attach of a link on which the client receives: messages, or replies to its requests. */
export function openForReceiving(broker: Broker, sender: Sender): Endpoint | undefined {
  const source = sender.source?.address ?? '';
  const address = parseAddress(source);
  const queue = address.kind === 'cbs' ? undefined : findQueue(broker, address);
  if (address.kind !== 'cbs' && queue === undefined) {
    refuse(sender, entityNotFound(sender.connection.hostname ?? '', source));
    return undefined;
  }
  if (queue === undefined || address.kind !== 'queue') {
    answerAttach(sender, { source: { address: source }, target: { address: sender.target?.address ?? '' } });
    return {};
  }
  return openQueue(broker, sender, queue);
}

function openQueue(broker: Broker, sender: Sender, queue: Queue): Endpoint | undefined {
  const sessionId = sessionFilter(sender);
  if (hasSessions(queue) !== (sessionId !== undefined)) {
    refuse(sender, hasSessions(queue) ? sessionRequired : sessionNotSupported);
    return undefined;
  }
  if (sessionId !== undefined) return sessionEndpoint(broker, sender, { queue, sessionId });
  answerAttach(sender, {
    source: { address: sender.source.address ?? '' },
    target: { address: sender.target?.address ?? '' },
  });
  return receiveEndpoint(broker, sender, { queue, lane: queue.lane });
}

function findQueue(broker: Broker, address: Exclude<EntityAddress, { kind: 'cbs' }>): Queue | undefined {
  const queue = broker.namespace.find(address.name);
  return address.isDeadLetter ? queue?.deadLetters : queue;
}
