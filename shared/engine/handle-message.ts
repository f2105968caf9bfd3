import type { Ports } from './engine-ports.ts';
import { isIntake, readIntakeMessage } from './intake-message.ts';
import { readEventMessage, readStepMessage } from './messages.ts';
import type { Deliveries } from './ports.ts';
import { receive } from './receive.ts';
import { runStep } from './run-step.ts';
import { takeEvent } from './take-event.ts';
import type { Directory } from './take-intake.ts';
import { takeIntake } from './take-intake.ts';

/** What the queue `release-events` needs besides: webhooks come through it too. */
export type ReleaseEventPorts = Ports & { readonly directory: Directory; readonly deliveries: Deliveries };

/** A message of the queue `release-events`: a webhook, or an event of a run. Returning means: settle it. */
export function handleReleaseEvent(ports: ReleaseEventPorts, body: unknown): Promise<void> {
  if (!isIntake(body)) return handleEventMessage(ports, body);
  const webhook = { queue: 'release-events', message: readIntakeMessage(body) } as const;
  return receive(ports, webhook, (message) => takeIntake(ports, message));
}

/** An event of a run. */
export function handleEventMessage(ports: Ports, body: unknown): Promise<void> {
  const received = { queue: 'release-events', message: readEventMessage(body) } as const;
  return receive(ports, received, (message) => takeEvent(ports, message));
}

/** A message of the queue `steps`. Returning means: settle it. */
export function handleStepMessage(ports: Ports, body: unknown, invocation: string): Promise<void> {
  const received = { queue: 'steps', message: readStepMessage(body) } as const;
  return receive(ports, received, (message) => runStep(ports, message, invocation));
}
