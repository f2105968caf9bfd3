import { join } from 'node:path';
import {
  type FunctionsHost,
  type FunctionsHostOptions,
  startFunctionsHost,
} from '../../../sandbox/functions-host/start.ts';

export const appsFolder = join(__dirname, 'apps');

/** A host of one of the apps here, with what it logs. */
export interface Hosted extends FunctionsHost {
  lines: string[];
  /** `http://127.0.0.1:PORT/api/PATH`; a path with a leading slash is below the root. */
  url(path: string): string;
}

export async function hostApp(name: string, options: Partial<FunctionsHostOptions> = {}): Promise<Hosted> {
  const lines: string[] = [];
  const host = await startFunctionsHost({
    appFolder: join(appsFolder, name),
    log: (line) => void lines.push(line),
    ...options,
  });
  const url = (path: string) => `http://127.0.0.1:${host.port}${path.startsWith('/') ? '' : '/api/'}${path}`;
  return { ...host, lines, url };
}

/** Waits for something that must come true within seconds. */
export async function eventually(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 8_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`it never came true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
