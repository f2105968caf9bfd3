import type { RunEvent } from '../release/events.ts';
import type { Instant } from '../release/model.ts';
import { advance } from './advance.ts';
import type { Ports } from './engine-ports.ts';
import type { EventMessage } from './messages.ts';

/** Takes one event message into its run. */
export async function takeEvent(ports: Ports, message: EventMessage): Promise<void> {
  const { project, run } = message;
  await advance(ports, { project, run }, { event: stamp(message.event, ports.clock.now()) });
}

/**
 * What a person did happened when they did it; everything else happens when it is taken from the queue, since
 * leases and freezes are judged by the clock of the one who decides.
 */
function stamp(event: RunEvent, now: Instant): RunEvent {
  const byPerson = event.type.startsWith('approval-') || event.type.endsWith('-requested');
  return byPerson && event.at <= now ? event : { ...event, at: now };
}
