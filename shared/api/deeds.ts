import { advanceEnvironment } from '../engine/advance.ts';
import type { Ports } from '../engine/engine-ports.ts';
import { MESSAGE_SCHEMA } from '../engine/messages.ts';
import type { Projects, Records } from '../engine/ports.ts';
import { readStoredProject } from '../project/project-file.ts';
import { sha256 } from '../release/canonical-json.ts';
import { decide } from '../release/decide.ts';
import type { EnvironmentEvent, RunEvent } from '../release/events.ts';
import type { Answer } from './answer.ts';
import { noSuchEnvironment, notFound, problem } from './answer.ts';

export type DeedPorts = Pick<Ports, 'store' | 'bus' | 'clock' | 'log'> & {
  readonly projects: Pick<Projects, 'readProject'>;
};

/**
 * Takes what a person wants of a run: 202 once it is in the queue. Whether it would count is decided beforehand on
 * the state as it is now, by the same pure function, so that the person learns at once why it would not.
 */
export async function requestOfRun(
  ports: DeedPorts,
  { project, run: id }: { readonly project: string; readonly run: string },
  event: RunEvent,
): Promise<Answer> {
  const state = await ports.store.load(project, id);
  if (state.run === null) return notFound(`run ${id} in project ${project}`);
  const decision = decide(state, event);
  if ('ignored' in decision) return problem(409, 'This would change nothing', decision.ignored);
  const { traceparent } = state.run;
  const body = JSON.stringify({ schema: MESSAGE_SCHEMA, project, run: id, putOff: 0, traceparent, event });
  const messageId = `${project}.${id}.${event.type}.${sha256(body).slice(0, 24)}`;
  await ports.bus.send('release-events', [{ id: messageId, body, notBefore: null, traceparent }]);
  return { status: 202, jsonBody: { accepted: event.type, run: id } };
}

/** Takes the end of a freeze or of a hold; also in an environment that `slipway.yaml` has no more. */
export async function requestOfEnvironment(
  ports: DeedPorts & { readonly records: Pick<Records, 'environments'> },
  where: { readonly project: string; readonly environment: string },
  event: EnvironmentEvent,
): Promise<Answer> {
  const { project, environment } = where;
  const stored = (await ports.records.environments(project)).map(({ name }) => name);
  if (!stored.includes(environment)) {
    const names = await registeredEnvironments(ports, project);
    if (!names.includes(environment))
      return noSuchEnvironment(project, [...new Set([...names, ...stored])], environment);
  }
  const { ignored } = await advanceEnvironment(ports, where, event);
  if (ignored !== null) return problem(409, 'This would change nothing', ignored);
  return { status: 200, jsonBody: { done: event.type, environment } };
}

/** The environments of a project by name; none of a project that is not registered. */
export async function registeredEnvironments(
  { projects }: Pick<DeedPorts, 'projects'>,
  project: string,
): Promise<readonly string[]> {
  const registered = await projects.readProject(project);
  return registered === null ? [] : Object.keys(readStoredProject(registered.settings).environments);
}
