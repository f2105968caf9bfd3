import type { Receiver } from 'rhea';
import { batchFormat, readBatch, readMessage } from '../amqp/message-reader.ts';
import { answerDelivery } from '../amqp/rhea.ts';
import { messageTooLarge } from '../engine/queue-error.ts';
import type { Queue } from '../engine/queue-model.ts';
import { send } from '../engine/sending.ts';
import { type Broker, type Endpoint, errorFor, serverBusy } from './endpoint.ts';

const creditWindow = 1000;

/** Takes messages for a queue. Each transfer, a message or a batch, is stored as a whole before it is accepted. */
export function sendEndpoint(broker: Broker, receiver: Receiver, queue: Queue): Endpoint {
  let credit = creditWindow;
  receiver.add_credit(creditWindow);
  return {
    message(content, delivery, format) {
      credit--;
      if (credit <= creditWindow / 2) {
        receiver.add_credit(creditWindow - credit);
        credit = creditWindow;
      }
      if (broker.faults.strikes('server-busy', queue.address)) {
        answerDelivery(delivery, serverBusy);
        return;
      }
      try {
        accept(broker, queue, { content, format });
      } catch (error) {
        answerDelivery(delivery, errorFor(broker, error));
        return;
      }
      answerDelivery(delivery);
    },
  };
}

function accept(broker: Broker, queue: Queue, transfer: { content: Buffer; format: number }): void {
  const { length } = transfer.content;
  if (length > broker.maxMessageSizeInBytes) throw messageTooLarge(length, broker.maxMessageSizeInBytes);
  const contents = transfer.format === batchFormat ? readBatch(transfer.content) : [transfer.content];
  const messages = contents.map((content) => readMessage(content, broker.newMessageId));
  broker.namespace.transact(() => send(queue, messages));
}
