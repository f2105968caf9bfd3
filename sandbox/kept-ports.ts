import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Ports by the name of what listens there; 0 takes a free one. */
export interface Ports {
  of(name: string): number;
  /** Remembers the ports that were taken. */
  keep(taken: Readonly<Record<string, number>>): Promise<void>;
}

/** Addresses are part of what a release remembers, so a sandbox that keeps its state keeps its ports. */
export async function keptPorts(folder: string | null): Promise<Ports> {
  if (folder === null) return { of: () => 0, keep: () => Promise.resolve() };
  const file = join(folder, 'ports.json');
  const known: Record<string, number> = JSON.parse(await readFile(file, 'utf8').catch(() => '{}'));
  return {
    of: (name) => known[name] ?? 0,
    async keep(taken) {
      Object.assign(known, taken);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, JSON.stringify(known));
    },
  };
}
