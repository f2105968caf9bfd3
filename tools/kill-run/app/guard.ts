import type { OutsideClient } from './outside-client.ts';

/** Makes a call of a port, unless the tool wants the host dead before or after it. */
export type Guard = <Result>(call: string, work: () => Promise<Result>) => Promise<Result>;

export function guardFor(outside: OutsideClient, project: string, invocation: string): Guard {
  return async (call, work) => {
    const killed = await outside.announce(project, call, invocation);
    if (killed === 'before') return die();
    const result = await work();
    if (killed === 'after') return die();
    return result;
  };
}

/** The host first, so that nothing settles what was under way; the answer of the call never comes. */
function die(): Promise<never> {
  process.kill(process.ppid, 'SIGKILL');
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => undefined);
}
