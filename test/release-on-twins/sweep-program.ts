import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import type { Fault } from '../engine/simulator/faults.ts';
import { kindsAt } from '../engine/simulator/faults.ts';
import { readFaults } from '../engine/sweep/options.ts';
import type { Part } from './parts.ts';
import { partOf, readPart, shardOf } from './parts.ts';

const SHOWN_EVERY = 100;
const SHOWN_OF_A_LINE = 600;

/** A sweep over single faults as a program, whose histories are played by several processes. */
export interface SweepProgram {
  /** The program's own file: workers are started from it. */
  readonly file: string;
  /** What is swept; the first argument may name one of them. */
  readonly subjects: readonly string[];
  prepare(subject: string): Promise<Histories>;
}

/** What a worker needs to play any history. */
export interface Histories {
  /** HTTP requests of the history without faults. */
  readonly requests: number;
  readonly faults: readonly Fault[];
  /** Plays one. @returns a line for everything that does not hold */
  play(fault: Fault): Promise<readonly string[]>;
}

/** What a worker is to do. */
interface Order extends Part {
  readonly subject: string;
  /** Faults as they are shown; null: all that there are. */
  readonly only: string | null;
  readonly worker: number;
  readonly workers: number;
}

/** What a worker did. */
interface Share {
  readonly requests: number;
  readonly histories: number;
  readonly violated: number;
}

/**
 * Runs `[--sample N] [--shard I/N] [SUBJECT] [CALL:KIND]`. Progress and what does not hold are shown as they come, on
 * standard error; the exit code is 1 when something did not hold, and 2 when a worker could not do its work.
 */
export function runSweep(program: SweepProgram): void {
  const [first, order = ''] = process.argv.slice(2);
  const done = first === 'worker' ? work(program, JSON.parse(order)) : lead(program, process.argv.slice(2));
  done.catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    // Ends the workers, too, since they lose their connection.
    process.exit(2);
  });
}

async function lead({ file, subjects }: SweepProgram, args: readonly string[]): Promise<void> {
  const begunAt = Date.now();
  const { positionals, ...part } = readPart(args);
  const named = subjects.filter((subject) => positionals.includes(subject));
  const [only = null, ...unknown] = positionals.filter((word) => !subjects.includes(word));
  if (unknown.length > 0) throw new Error(`what is "${unknown.join(' ')}"?`);
  const swept = named.length === 0 ? subjects : named;
  const workers = only === null ? Math.max(1, Math.floor(availableParallelism() / swept.length)) : 1;
  const orders = swept.flatMap((subject) =>
    Array.from({ length: workers }, (_, index) => ({ ...part, subject, only, worker: index + 1, workers })),
  );
  const shares = await Promise.all(orders.map((order) => startWorker(file, order)));
  const sum = (field: keyof Share) => shares.reduce((total, share) => total + share[field], 0);
  console.log(
    `${sum('requests') / workers} requests, ${sum('histories')} histories, ${sum('violated')} with violations, ` +
      `${((Date.now() - begunAt) / 1000).toFixed(1)} s`,
  );
  process.exitCode = sum('violated') === 0 ? 0 : 1;
}

function startWorker(file: string, order: Order): Promise<Share> {
  const worker = fork(file, ['worker', JSON.stringify(order)]);
  return new Promise((resolve, reject) => {
    worker.once('message', (share: Share) => resolve(share));
    worker.once('exit', (code) => reject(new Error(`a worker ended with code ${code}`)));
  });
}

async function work(program: SweepProgram, order: Order): Promise<void> {
  process.once('disconnect', () => process.exit(2));
  // The first process may have ended while this one was loading.
  if (!process.connected) process.exit(2);
  const { requests, faults, play } = await program.prepare(order.subject);
  const wanted =
    order.only === null ? partOf(faults, order, kindsAt('outside').length) : readFaults(order.only);
  const mine = shardOf(wanted, { number: order.worker, of: order.workers });
  let violated = 0;
  for (const [index, fault] of mine.entries()) {
    if (index % SHOWN_EVERY === 0) console.error(`${order.subject}: ${index} of ${mine.length}`);
    const found = await play(fault);
    for (const line of found) console.error(line.slice(0, SHOWN_OF_A_LINE));
    if (found.length > 0) violated += 1;
  }
  const share: Share = { requests, histories: mine.length, violated };
  process.send?.(share, () => process.exit(0));
}
