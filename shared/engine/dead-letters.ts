import { messageOf } from '../errors.ts';
import { MESSAGE_SCHEMA, readStepMessage } from './messages.ts';
import type { Ports } from './ports.ts';

/**
 * A step message that was dead-lettered becomes the event `step-abandoned`: its run fails with a reason instead
 * of waiting for ever. It is only sent here, so that a store that does not answer cannot make the dead-letter
 * queue go round in circles.
 */
export async function reportDeadStep(ports: Pick<Ports, 'bus' | 'log'>, body: unknown): Promise<void> {
  try {
    const { project, run, stage, step, after, traceparent } = readStepMessage(body);
    const reason = 'its message could not be processed and was dead-lettered';
    const event = { type: 'step-abandoned', stage, step, after, reason };
    ports.log.error(`a message of step ${step} was dead-lettered`, { project, run, stage, step });
    const text = JSON.stringify({ schema: MESSAGE_SCHEMA, project, run, putOff: 0, traceparent, event });
    const id = `${project}.${run}.${stage}.${step}.${after}.abandoned`;
    await ports.bus.send('release-events', [{ id, body: text, notBefore: null, traceparent }]);
  } catch (error) {
    if (error instanceof Error && error.name !== 'UnreadableInput') throw error;
    ports.log.error(`an unreadable step message was dead-lettered: ${messageOf(error)}`, {});
  }
}
