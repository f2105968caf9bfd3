import { TransientFailure } from '../errors.ts';
import { decide } from '../release/decide.ts';
import { decideEnvironment } from '../release/environment-events.ts';
import type { EnvironmentEvent, RunEvent } from '../release/events.ts';
import { newEnvironment } from '../release/model.ts';
import { deliver } from './deliver.ts';
import type { Ports } from './engine-ports.ts';
import type { Loaded } from './ports.ts';

/** A run by its project and id. */
export interface RunKey {
  readonly project: string;
  readonly run: string;
}

/** What came of an event, and what is stored now. */
export interface Advanced {
  readonly loaded: Loaded;
  /** Why the event changed nothing; null when it did. */
  readonly ignored: string | null;
}

/** Races that one event may lose before its message is put off. Each loss means that somebody else went on. */
const MOST_RACES = 25;

type AdvancePorts = Pick<Ports, 'store' | 'bus' | 'log'>;

/**
 * Takes one event into a run: load, decide, commit, send. Lost the race: once more from the start. When it
 * returns, nothing of the run waits to be sent, also when the event changed nothing (an earlier runner may have
 * died between its commit and its sends), so the event's message can be settled.
 * @param known what the caller has just committed: saves the first load; should it be out of date, the commit says so.
 */
export async function advance(
  ports: AdvancePorts,
  { project, run: id }: RunKey,
  { event, known }: { readonly event: RunEvent; readonly known?: Loaded },
): Promise<Advanced> {
  let loaded = known ?? (await ports.store.load(project, id));
  for (let races = 0; races < MOST_RACES; races += 1) {
    const decision = decide(loaded, event);
    if ('ignored' in decision) {
      await deliver(ports, { project, traceparent: loaded.run?.traceparent ?? '' }, loaded.outbox);
      ports.log.info(`ignored ${event.type}: ${decision.ignored}`, { project, run: id });
      return { loaded, ignored: decision.ignored };
    }
    const committed = await ports.store.commit({ project, ...decision, event, tags: loaded.tags });
    if (committed !== 'conflict') {
      await deliver(ports, { project, traceparent: decision.run.traceparent }, [
        ...loaded.outbox,
        ...committed.outbox,
      ]);
      return { loaded: { ...committed, outbox: [] }, ignored: null };
    }
    ports.log.info(`lost a race with ${event.type}`, { project, run: id, races: races + 1 });
    loaded = await ports.store.load(project, id);
  }
  throw new TransientFailure(`${event.type} of run ${id} lost ${MOST_RACES} races`);
}

/** Takes a freeze or a hold into an environment; the same way, and the same promises. */
export async function advanceEnvironment(
  ports: AdvancePorts,
  { project, environment: name }: { readonly project: string; readonly environment: string },
  event: EnvironmentEvent,
): Promise<{ readonly ignored: string | null }> {
  for (let races = 0; races < MOST_RACES; races += 1) {
    const subject = environmentSubject(name);
    const loaded = await ports.store.load(project, subject);
    const decision = decideEnvironment(loaded.environments.get(name) ?? newEnvironment(name), event);
    const address = { project, traceparent: '' };
    if ('ignored' in decision) {
      await deliver(ports, address, loaded.outbox);
      return { ignored: decision.ignored };
    }
    const { environment, effects } = decision;
    const change = { project, run: null, environments: [environment], effects, event };
    const committed = await ports.store.commit({ ...change, tags: loaded.tags });
    if (committed === 'conflict') continue;
    await deliver(ports, address, [...loaded.outbox, ...committed.outbox]);
    return { ignored: null };
  }
  throw new TransientFailure(`${event.type} of environment ${name} lost ${MOST_RACES} races`);
}

/** The name under which an environment's own events and messages are stored, beside those of runs. */
export function environmentSubject(name: string): string {
  return `environment.${name}`;
}
