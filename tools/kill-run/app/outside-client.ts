import { TransientFailure } from '../../../shared/errors.ts';

/** The tool's process, as the app reaches it. */
export interface OutsideClient {
  /** Announces a call of a port. @returns when the host is to be killed, if at all. */
  announce(project: string, call: string, invocation: string): Promise<'before' | 'after' | null>;
  read(target: string): Promise<string | null>;
  /** Does something outside. @returns what the outside answers. */
  act(effect: object): Promise<string>;
  stateOf(remoteRun: string): Promise<string>;
  note(what: 'records', value: object): Promise<void>;
}

/** @throws TransientFailure when the outside answers with an error */
async function post(path: string, body: object): Promise<unknown> {
  const response = await fetch(`${process.env.KILL_RUN_OUTSIDE}/${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new TransientFailure(`the outside answered ${response.status} to ${path}`);
  return response.json();
}

export function outsideClient(): OutsideClient {
  return {
    async announce(project, call, invocation) {
      const when = await post('calls', { project, call, invocation });
      return when === 'before' || when === 'after' ? when : null;
    },
    async read(target) {
      const content = await post('read', { target });
      return content === null ? null : String(content);
    },
    act: async (effect) => String(await post('effects', effect)),
    stateOf: async (remoteRun) => String(await post('state', { remoteRun })),
    async note(what, value) {
      await post(what, value);
    },
  };
}
