import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecord, stringOf } from '../json.ts';

/** What the host remembers of a timer; ISO times. */
export interface ScheduleStatus {
  /** Of the last run; the year 1 before the first. */
  last: string;
  next: string;
  lastUpdated: string;
}

/** Remembers timers over restarts, so that one that fell due in between is run. */
export interface StatusStore {
  read(functionName: string): Promise<ScheduleStatus | undefined>;
  write(functionName: string, status: ScheduleStatus): Promise<void>;
}

/** Forgets with the process. */
export function memoryStatusStore(): StatusStore {
  const known = new Map<string, ScheduleStatus>();
  return {
    read: async (name) => known.get(name),
    write: async (name, status) => void known.set(name, status),
  };
}

/** One file for each timer, where the real host has one blob. */
export function fileStatusStore(folder: string): StatusStore {
  const fileOf = (name: string) => join(folder, `${name}.timer.json`);
  return {
    read: async (name) => {
      const text = await readFile(fileOf(name), 'utf8').catch(() => undefined);
      return text === undefined ? undefined : parseStatus(text);
    },
    write: async (name, status) => {
      await mkdir(folder, { recursive: true });
      await writeFile(`${fileOf(name)}.tmp`, JSON.stringify(status));
      await rename(`${fileOf(name)}.tmp`, fileOf(name));
    },
  };
}

/** A file that cannot be read counts as none: the timer starts over. */
function parseStatus(text: string): ScheduleStatus | undefined {
  try {
    const content: unknown = JSON.parse(text);
    if (!isRecord(content)) return undefined;
    const [last, next, lastUpdated] = [content.last, content.next, content.lastUpdated].map(stringOf);
    return last && next && lastUpdated ? { last, next, lastUpdated } : undefined;
  } catch {
    return undefined;
  }
}
