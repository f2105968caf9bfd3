import rhea, { type Receiver } from 'rhea';
import { answerDelivery, replyLink, sendSettled } from '../amqp/rhea.ts';
import { types } from '../amqp/values.ts';
import { isValidToken } from '../shared-access-signature.ts';
import type { Broker, Endpoint } from './endpoint.ts';

/** Takes the tokens with which clients ask to use an entity. */
export function cbsEndpoint(broker: Broker, receiver: Receiver): Endpoint {
  receiver.add_credit(100);
  return {
    message(content, delivery) {
      const request = rhea.message.decode(content);
      answerDelivery(delivery);
      receiver.add_credit(1);
      const { type, name } = request.application_properties ?? {};
      const isSignature = type === 'servicebus.windows.net:sastoken';
      const audience = { audience: String(name), nowInMs: broker.namespace.clock.nowInMs() };
      const isValid = isSignature && isValidToken(String(request.body), broker.key, audience);
      const reply = rhea.message.encode({
        correlation_id: request.message_id,
        application_properties: {
          'status-code': types.wrap_int(isValid ? 202 : 401),
          'status-description': isValid
            ? 'Accepted'
            : 'Unauthorized: the token is not signed with the key or expired.',
        },
        body: null,
      });
      const link = replyLink(receiver, String(request.reply_to));
      if (link !== undefined) sendSettled(link, reply);
    },
  };
}
