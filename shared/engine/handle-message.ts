import { reportDeadStep } from './dead-letters.ts';
import { readEventMessage, readStepMessage } from './messages.ts';
import type { Ports } from './ports.ts';
import { receive } from './receive.ts';
import { runStep } from './run-step.ts';
import { takeEvent } from './take-event.ts';

/** A message of the queue `release-events`. Returning means: settle it. */
export function handleEventMessage(ports: Ports, body: unknown): Promise<void> {
  const received = { queue: 'release-events', message: readEventMessage(body) } as const;
  return receive(ports, received, (message) => takeEvent(ports, message));
}

/** A message of the queue `steps`. Returning means: settle it. */
export function handleStepMessage(ports: Ports, body: unknown, invocation: string): Promise<void> {
  const received = { queue: 'steps', message: readStepMessage(body) } as const;
  return receive(ports, received, (message) => runStep(ports, message, invocation));
}

/** A message that the queue `steps` has given up. */
export function handleDeadStepMessage(ports: Ports, body: unknown): Promise<void> {
  return reportDeadStep(ports, body);
}
