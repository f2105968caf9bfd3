import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';

/** Where a sandbox that is up can be found: by other programs of the same person on the same machine. */
const whereabouts = z.object({
  /** Of the HTTP API, with `/api`. */
  url: z.string(),
  project: z.string(),
  pid: z.number(),
});

export type Whereabouts = z.infer<typeof whereabouts>;

const NO_SANDBOX = 'no sandbox is up; run npm start in another terminal, or give --url';

/** The file of the sandbox that came up last. @param folder the system's own for such files by default. */
function fileIn(folder: string): string {
  return join(folder, 'slipway-sandbox.json');
}

/** Says that the sandbox is up. The file is put in place whole, and over nothing that a link may point to. */
export async function announce(where: Whereabouts, folder: string = tmpdir()): Promise<void> {
  const draft = `${fileIn(folder)}.${where.pid}`;
  await rm(draft, { force: true });
  await writeFile(draft, JSON.stringify(where), { flag: 'wx', mode: 0o600 });
  await rename(draft, fileIn(folder));
}

/** Takes the word back, unless another sandbox has come up since. */
export async function withdraw(pid: number, folder: string = tmpdir()): Promise<void> {
  const where = await read(folder);
  if (where?.pid === pid) await rm(fileIn(folder), { force: true });
}

/**
 * The sandbox that is up.
 * @throws Error with what to do when there is none, or when what is found is not on this machine
 */
export async function findSandbox(folder: string = tmpdir()): Promise<Whereabouts> {
  const where = await read(folder);
  if (where === null || !isOnLoopback(where.url) || !(await answers(where.url))) throw new Error(NO_SANDBOX);
  return where;
}

/** Whether an API of Slipway is there. @param url with `/api` */
export async function answers(url: string): Promise<boolean> {
  return fetch(`${url}/health`, { signal: AbortSignal.timeout(5_000) }).then(
    ({ status }) => status === 200 || status === 503,
    () => false,
  );
}

/** Anybody on the machine may write into the folder: nothing is sent anywhere else because of what stands there. */
function isOnLoopback(url: string): boolean {
  return URL.canParse(url) && ['127.0.0.1', '[::1]', 'localhost'].includes(new URL(url).hostname);
}

async function read(folder: string): Promise<Whereabouts | null> {
  const text = await readFile(fileIn(folder), 'utf8').catch(() => 'null');
  try {
    return whereabouts.nullable().parse(JSON.parse(text));
  } catch {
    return null;
  }
}
