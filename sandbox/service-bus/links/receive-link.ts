import type { Delivery, Sender, Typed } from 'rhea';
import { lockTokenOf, tagOf } from '../amqp/lock-token.ts';
import { writeMessage } from '../amqp/message-writer.ts';
import {
  answerDelivery,
  answerEveryDrain,
  canSend,
  dropDelivery,
  freeCredit,
  outcomeFields,
  transfer,
} from '../amqp/rhea.ts';
import { encodeTyped, listFields, mapEntries, plain, text } from '../amqp/values.ts';
import { pump } from '../engine/delivery.ts';
import type { AddedProperties, Consumer, Lane, Queue } from '../engine/queue-model.ts';
import { type Settlement, settle } from '../engine/settlement.ts';
import { type Broker, type Endpoint, errorFor, type OutcomeKind } from './endpoint.ts';

const settledBySender = 1;

/**
 * Gives the messages of a lane to a client for as long as it has credit, and takes its settlements. When the
 * link goes its messages stay locked.
 */
export function receiveEndpoint(
  broker: Broker,
  sender: Sender,
  source: { queue: Queue; lane: Lane },
): Endpoint {
  const { queue, lane } = source;
  // Counted here: rhea's own count falls only when frames are written.
  let credit = 0;
  const consumer: Consumer = {
    deletes: sender.snd_settle_mode === settledBySender,
    credit: () => (canSend(sender) ? credit : 0),
    deliver(message) {
      credit--;
      const tag = tagOf(message.lock?.token ?? broker.newMessageId());
      transfer(sender, writeMessage(message), { tag, settled: this.deletes });
    },
  };
  const pumpLane = (): void => broker.namespace.transact(() => pump(queue, lane));
  answerEveryDrain(sender);
  lane.consumers.push(consumer);
  return {
    credit() {
      credit = freeCredit(sender);
      pumpLane();
    },
    drain() {
      credit = 0;
      sender.set_drained(true);
    },
    outcome: (delivery, kind) => takeOutcome(broker, queue, { delivery, kind }),
    gone() {
      const index = lane.consumers.indexOf(consumer);
      if (index >= 0) lane.consumers.splice(index, 1);
    },
  };
}

function takeOutcome(broker: Broker, queue: Queue, outcome: { delivery: Delivery; kind: OutcomeKind }): void {
  const { delivery, kind } = outcome;
  if (broker.faults.strikes('lose-settlement', queue.address)) {
    dropDelivery(delivery);
    return;
  }
  const token = lockTokenOf(Buffer.from(delivery.tag));
  try {
    broker.namespace.transact(() => settle(queue, token, settlementOf(kind, outcomeFields(delivery))));
  } catch (error) {
    answerDelivery(delivery, errorFor(broker, error));
    return;
  }
  if (broker.faults.strikes('lose-answer', queue.address)) dropDelivery(delivery);
  else answerDelivery(delivery);
}

/** `modified` is either abandon or defer; only undeliverable-here tells them apart. */
function settlementOf(kind: OutcomeKind, fields: readonly (Typed | undefined)[]): Settlement {
  if (kind === 'accepted') return { kind: 'complete' };
  if (kind === 'released') return { kind: 'release' };
  if (kind === 'modified') {
    const properties = encodedEntries(mapEntries(fields[2]));
    return { kind: fields[1]?.value === true ? 'defer' : 'abandon', properties };
  }
  const [, , info] = fields[0] == null ? [] : listFields(fields[0]);
  return deadLetterSettlement(mapEntries(info));
}

/** The reason and the description stand among the properties that the client adds. */
export function deadLetterSettlement(info: readonly [string, Typed][]): Settlement {
  const named = (name: string): string | undefined => text(plain(info.find(([key]) => key === name)?.[1]));
  const others = info.filter(([key]) => key !== 'DeadLetterReason' && key !== 'DeadLetterErrorDescription');
  return {
    kind: 'dead-letter',
    reason: { reason: named('DeadLetterReason'), description: named('DeadLetterErrorDescription') },
    properties: encodedEntries(others),
  };
}

export function encodedEntries(entries: readonly [string, Typed][]): AddedProperties {
  return Object.fromEntries(entries.map(([name, value]) => [name, encodeTyped(value)]));
}
