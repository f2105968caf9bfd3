import type { EnvironmentEvent, RunEvent } from '../../../../shared/release/events.ts';
import type { Run } from '../../../../shared/release/model.ts';
import type { OutsideEffect } from '../outside.ts';
import type { History } from '../play.ts';

/** The audit log of a run, in the order of its commits. */
export function eventsOf(history: History, { project, id }: Pick<Run, 'project' | 'id'>): RunEvent[] {
  return rowsOf(history, project, id).map(({ event }) => event as RunEvent);
}

/** The audit log of an environment, and when each of its rows was committed. */
export function environmentEvents(history: History, project: string, name: string) {
  return rowsOf(history, project, `environment.${name}`).map(({ event, committedAt }) => ({
    event: event as EnvironmentEvent,
    committedAt,
  }));
}

/** The same, with the number of each transition and when it was committed. */
export function rowsOf({ world }: History, project: string, subject: string) {
  return [...world.store.partition(project).events.values()].filter((row) => row.subject === subject);
}

/** What a run did outside. */
export function effectsOf(
  { outside }: History,
  { project, id }: Pick<Run, 'project' | 'id'>,
): OutsideEffect[] {
  return outside.effects.filter((effect) => effect.run === id && effect.project === project);
}

/** How often the run had been taken up again by then: an attempt by people, as the audit log knows it. */
export function roundAt(events: readonly RunEvent[], at: number): number {
  return events.filter((event) => event.type === 'retry-requested' && event.at <= at).length;
}
