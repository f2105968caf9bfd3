import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Change } from './engine/queue-model.ts';
import { decodeChanges, encodeChanges, JournalError } from './journal-records.ts';

/** Bytes that a journal may always grow by before it is written anew. */
const smallestGrowthInBytes = 16 * 1024 * 1024;
const linesPerWrite = 1000;

export interface Journal {
  /** What was saved before, in order. */
  recover(): IterableIterator<Change>;
  /** Writes the journal anew with what `snapshot` gives, now and whenever it has grown a lot; then it takes changes. */
  begin(snapshot: () => Iterable<Change>): void;
  /** Writes the changes of one piece of work as one line, before it returns: a killed process loses nothing. */
  save(changes: readonly Change[]): void;
  close(): void;
}

/** An append-only file in the folder, which is made when it is missing. */
export function openJournal(folder: string): Journal {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'journal.jsonl');
  let file: number | undefined;
  let snapshotOf: () => Iterable<Change> = () => [];
  let grownByInBytes = 0;
  let limitInBytes = smallestGrowthInBytes;
  const compact = (): void => {
    if (file !== undefined) closeSync(file);
    const sizeInBytes = writeAnew(path, snapshotOf());
    file = openSync(path, 'a');
    grownByInBytes = 0;
    limitInBytes = Math.max(smallestGrowthInBytes, 2 * sizeInBytes);
  };
  return {
    recover: () => readChanges(path),
    begin(snapshot) {
      snapshotOf = snapshot;
      compact();
    },
    save(changes) {
      if (file === undefined) throw new JournalError('the journal is closed');
      grownByInBytes += writeWhole(file, encodeChanges(changes));
      if (grownByInBytes > limitInBytes) compact();
    },
    close() {
      if (file === undefined) return;
      fsyncSync(file);
      closeSync(file);
      file = undefined;
    },
  };
}

// A line without its end is what a killed process was writing: nobody was told that it happened.
function* readChanges(path: string): IterableIterator<Change> {
  if (!existsSync(path)) return;
  const lines = readFileSync(path, 'utf8').split('\n');
  lines.pop();
  for (const [index, line] of lines.entries()) {
    try {
      yield* decodeChanges(line);
    } catch (error) {
      if (error instanceof JournalError)
        throw new JournalError(`${path}: line ${index + 1} ${error.message}.`);
      throw error;
    }
  }
}

// The old file stays until the new one is whole.
function writeAnew(path: string, changes: Iterable<Change>): number {
  const file = openSync(`${path}.new`, 'w');
  let sizeInBytes = 0;
  let lines = '';
  let count = 0;
  for (const change of changes) {
    lines += encodeChanges([change]);
    count++;
    if (count % linesPerWrite !== 0) continue;
    sizeInBytes += writeWhole(file, lines);
    lines = '';
  }
  sizeInBytes += writeWhole(file, lines);
  fsyncSync(file);
  closeSync(file);
  renameSync(`${path}.new`, path);
  return sizeInBytes;
}

function writeWhole(file: number, text: string): number {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
  return bytes.length;
}
