import type { RunEvent, RunRequested } from '../release/events.ts';
import { advance } from './advance.ts';
import type { Ports } from './engine-ports.ts';
import type { IntakeMessage } from './intake-message.ts';
import type { Deliveries, Log } from './ports.ts';
import type { WebhookEvent } from './webhook-events.ts';

/** What a webhook's event means for the registered projects. */
export type Meaning =
  /** It asks for a run. */
  | { readonly project: string; readonly start: RunRequested }
  /** It tells a run of something that happened, or of several things, one after the other. */
  | { readonly project: string; readonly run: string; readonly events: readonly RunEvent[] }
  /** It was handed on to a run that waits for it. */
  | { readonly project: string; readonly run: string; readonly done: string }
  | { readonly project: string | null; readonly ignored: string };

/** Knows the registered projects. */
export interface Directory {
  /** @throws TransientFailure when it cannot tell now, so that the event is put off. */
  meaningOf(
    event: WebhookEvent,
    about: { readonly traceparent: string; readonly log: Log },
  ): Promise<Meaning>;
}

/** Deliveries that concern no registered project are kept under this name. */
export const NO_PROJECT = 'unregistered';

/** Takes one webhook from the queue to what it concerns, and notes what became of it. */
export async function takeIntake(
  ports: Ports & { readonly directory: Directory; readonly deliveries: Deliveries },
  { intake, traceparent }: IntakeMessage,
): Promise<void> {
  const about = {
    id: intake.event,
    at: intake.receivedAt,
    source: intake.source,
    eventType: intake.kind,
    bytes: intake.bytes,
    contentDigest: intake.content,
  };
  const note = (
    project: string,
    rest: Pick<Parameters<Deliveries['recordDelivery']>[1], 'outcome' | 'why' | 'run'>,
  ) => {
    ports.log.info(`${intake.kind}: ${rest.outcome}, ${rest.why}`, {
      project,
      run: rest.run,
      event: intake.event,
    });
    return ports.deliveries.recordDelivery(project, { ...about, ...rest });
  };
  const { read } = intake;
  if ('unreadable' in read)
    return note(NO_PROJECT, { outcome: 'unreadable', why: read.unreadable, run: null });
  if ('ignored' in read) return note(NO_PROJECT, { outcome: 'ignored', why: read.ignored, run: null });
  const meaning = await ports.directory.meaningOf(read.event, { traceparent, log: ports.log });
  if ('ignored' in meaning)
    return note(meaning.project ?? NO_PROJECT, { outcome: 'ignored', why: meaning.ignored, run: null });
  if ('done' in meaning)
    return note(meaning.project, { outcome: 'queued', why: meaning.done, run: meaning.run });
  if ('events' in meaning) return note(meaning.project, await tellRun(ports, meaning));
  const { project, start } = meaning;
  const { ignored } = await advance(ports, { project, run: start.id }, { event: start });
  const why = ignored ?? `run ${start.id} started`;
  return note(project, { outcome: ignored === null ? 'queued' : 'ignored', why, run: start.id });
}

/** Passes events on to their run. What the run ignores, a replay for example, is noted with its reason. */
async function tellRun(
  ports: Ports,
  { project, run, events }: Extract<Meaning, { events: unknown }>,
): Promise<{ readonly outcome: 'queued' | 'ignored'; readonly why: string; readonly run: string }> {
  const reasons: string[] = [];
  for (const event of events) {
    const { ignored } = await advance(ports, { project, run }, { event });
    if (ignored !== null) reasons.push(ignored);
  }
  const isNews = reasons.length < events.length;
  const types = [...new Set(events.map(({ type }) => type))].join(', ');
  return {
    outcome: isNews ? 'queued' : 'ignored',
    why: isNews ? `told the run: ${types}` : reasons.join('; '),
    run,
  };
}
