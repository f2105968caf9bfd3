import { advanceEnvironment, environmentSubject } from '../engine/advance.ts';
import type { Records } from '../engine/ports.ts';
import { canonicalJson, sha256 } from '../release/canonical-json.ts';
import type { EnvironmentEvent } from '../release/events.ts';
import type { Answer } from './answer.ts';
import { noSuchEnvironment, problem } from './answer.ts';
import type { DeedPorts } from './deeds.ts';
import { registeredEnvironments } from './deeds.ts';
import { readFreeze, readKey } from './requests.ts';

type FreezePorts = DeedPorts & { readonly records: Pick<Records, 'events' | 'environments'> };
type FreezeSet = Extract<EnvironmentEvent, { type: 'freeze-set' }>;

/** A freeze as it comes over HTTP. */
export interface FreezeCall {
  readonly project: string;
  readonly environment: string;
  /** Header `Idempotency-Key`. */
  readonly key: string | null;
  /** Names a freeze that comes without a key. */
  readonly invocation: string;
  readonly body: string;
}

/** Sets a freeze, from now on where it does not say. The same request under the same key is one freeze, also after it was lifted. */
export async function setFreeze(ports: FreezePorts, call: FreezeCall): Promise<Answer> {
  const { project, environment } = call;
  const at = ports.clock.now();
  const { from, ...asked } = readFreeze(call.body);
  const event: FreezeSet = { type: 'freeze-set', at, id: idOf(call), from: from ?? at, ...asked };
  const names = await registeredEnvironments(ports, project);
  if (!names.includes(environment)) return noSuchEnvironment(project, names, environment);
  const before = call.key === null ? undefined : await setBefore(ports, call, event.id);
  if (before !== undefined) return repeated(call, before, { ...event, from: from ?? before.from });
  if (event.to <= at) {
    const ended = new Date(event.to).toISOString();
    return problem(
      409,
      'This would change nothing',
      `The freeze would be over already: it ends at ${ended}.`,
    );
  }
  const { ignored } = await advanceEnvironment(ports, { project, environment }, event);
  return ignored === null ? done(call, event) : problem(409, 'This would change nothing', ignored);
}

function idOf({ project, environment, key, invocation }: FreezeCall): string {
  if (key === null) return invocation;
  return `freeze-${sha256(canonicalJson([project, environment, readKey(key)])).slice(0, 16)}`;
}

async function setBefore(
  { records }: FreezePorts,
  { project, environment }: FreezeCall,
  id: string,
): Promise<FreezeSet | undefined> {
  const events = await records.events(project, environmentSubject(environment));
  return events
    .map(({ event }) => event)
    .find((event): event is FreezeSet => event.type === 'freeze-set' && event.id === id);
}

function repeated(call: FreezeCall, before: FreezeSet, event: FreezeSet): Answer {
  const isSame = canonicalJson({ ...before, at: 0 }) === canonicalJson({ ...event, at: 0 });
  if (isSame) return done(call, before);
  return problem(
    422,
    'The key belongs to another request',
    `With Idempotency-Key ${call.key} freeze ${before.id} was set, with another body. Send that body, or another key.`,
  );
}

/** With the id by which the freeze is lifted. */
function done({ environment }: FreezeCall, { type, id, from, to }: FreezeSet): Answer {
  const times = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
  return { status: 200, jsonBody: { done: type, environment, freeze: id, ...times } };
}
