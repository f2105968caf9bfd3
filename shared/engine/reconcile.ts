import { messageOf } from '../errors.ts';
import { advance } from './advance.ts';
import { deliver } from './deliver.ts';
import type { Ports } from './engine-ports.ts';
import type { Records } from './ports.ts';

/**
 * The safety net, run by a timer: sends what was committed but never sent, and asks every run that is under way
 * whether something is due. With the wake-ups it should find nothing to do; it mends what people do to queues.
 * @returns how many runs it looked at.
 */
export async function reconcile(
  ports: Ports,
  records: Pick<Records, 'activeRuns' | 'unsent'>,
  project: string,
): Promise<number> {
  const active = await records.activeRuns(project);
  const subjects = new Set([...active, ...(await records.unsent(project))]);
  for (const subject of subjects) {
    try {
      await look(ports, project, subject);
    } catch (error) {
      ports.log.error(`could not reconcile: ${messageOf(error)}`, { project, run: subject });
    }
  }
  return subjects.size;
}

async function look(ports: Ports, project: string, subject: string): Promise<void> {
  if (subject.startsWith('environment.')) {
    const { outbox } = await ports.store.load(project, subject);
    return deliver(ports, { project, traceparent: '' }, outbox);
  }
  const event = { type: 'time-passed', at: ports.clock.now(), wake: null } as const;
  await advance(ports, { project, run: subject }, { event });
}
