import { messageOf, UnreadableInput } from '../errors.ts';
import type { Ports } from './engine-ports.ts';
import { MESSAGE_SCHEMA, readStepMessage } from './messages.ts';
import type { QueueName } from './ports.ts';

type DeadLetterPorts = Pick<Ports, 'bus' | 'content' | 'log'>;

/**
 * A dead-lettered message. A step's message becomes the event `step-abandoned`, so that its run fails with a reason
 * instead of waiting for ever; then the body is kept as content and named in the log, so nothing is lost. While the
 * storage does not answer the message stays where it is: a dead-letter queue gives it back until it is kept.
 */
export async function handleDeadMessage(
  ports: DeadLetterPorts,
  queue: QueueName,
  body: unknown,
): Promise<void> {
  if (queue === 'steps') await reportDeadStep(ports, body);
  const kept = await ports.content.put(typeof body === 'string' ? body : JSON.stringify(body));
  ports.log.error(`a message of ${queue} was dead-lettered; its body is content ${kept}`, { queue });
}

/** Tells the run of a dead-lettered step message. */
async function reportDeadStep(ports: Pick<Ports, 'bus' | 'log'>, body: unknown): Promise<void> {
  try {
    const { project, run, stage, step, after, traceparent } = readStepMessage(body);
    const reason = 'its message could not be processed and was dead-lettered';
    const event = { type: 'step-abandoned', stage, step, after, reason };
    ports.log.error(`a message of step ${step} was dead-lettered`, { project, run, stage, step });
    const text = JSON.stringify({ schema: MESSAGE_SCHEMA, project, run, putOff: 0, traceparent, event });
    const id = `${project}.${run}.${stage}.${step}.${after}.abandoned`;
    await ports.bus.send('release-events', [{ id, body: text, notBefore: null, traceparent }]);
  } catch (error) {
    if (!(error instanceof UnreadableInput)) throw error;
    ports.log.error(`an unreadable step message was dead-lettered: ${messageOf(error)}`, {});
  }
}
