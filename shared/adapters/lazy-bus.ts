import type { Bus } from '../engine/ports.ts';
import type { ServiceBusAccess } from './service-bus-sender.ts';

/** The queues, without what it costs to load their client before the first message is sent. */
export function lazyBus(access: ServiceBusAccess): Bus {
  let loaded: Promise<Bus> | null = null;
  return {
    async send(queue, messages) {
      loaded ??= import('./service-bus-sender.ts').then(
        ({ ServiceBusSender }) => new ServiceBusSender(access),
      );
      await (await loaded).send(queue, messages);
    },
  };
}
