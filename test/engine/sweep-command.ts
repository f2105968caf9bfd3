import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { readOptions, USAGE } from './sweep/options.ts';
import type { SweepResult } from './sweep/sweep.ts';

/** What a worker tells: how far it is, or what it came to. */
interface WorkerMessage {
  readonly histories?: number;
  readonly all?: number;
  readonly result?: SweepResult;
  readonly cpuTimeInMs?: number;
}

interface Share {
  readonly result: SweepResult;
  readonly cpuTimeInMs: number;
}

const SHOWN_FINDINGS = 20;

/** Sweeps on all cores; the exit code is 1 when an invariant did not hold. */
async function main(args: readonly string[]): Promise<void> {
  const options = readOptions(args);
  const parts = options.only === null ? availableParallelism() : 1;
  const begunAt = Date.now();
  const done = new Map<number, WorkerMessage>();
  const show = (part: number, message: WorkerMessage) => {
    done.set(part, message);
    if (!process.stderr.isTTY && options.mode !== 'pairs') return;
    const sum = (field: 'histories' | 'all') =>
      [...done.values()].reduce((all, each) => all + (each[field] ?? 0), 0);
    process.stderr.write(`${sum('histories')} of ${sum('all')} histories\n`);
  };
  const shares = Array.from({ length: parts }, (_, part) =>
    startWorker([String(part), String(parts), ...args], show),
  );
  const results = await Promise.all(shares);
  report(results, (Date.now() - begunAt) / 1000, parts);
}

function startWorker(
  args: readonly string[],
  show: (part: number, message: WorkerMessage) => void,
): Promise<Share> {
  const worker = fork(join(__dirname, 'sweep', 'worker.ts'), args);
  return new Promise((resolve, reject) => {
    worker.on('message', (message: WorkerMessage) => {
      const { result, cpuTimeInMs = 0 } = message;
      if (result !== undefined) resolve({ result, cpuTimeInMs });
      else show(Number(args[0]), message);
    });
    worker.on('exit', (code) => reject(new Error(`a worker ended with code ${code}`)));
  });
}

function report(shares: readonly Share[], seconds: number, workers: number): void {
  const findings = shares.flatMap(({ result }) => result.findings);
  const histories = shares.reduce((sum, { result }) => sum + result.histories, 0);
  const cpuTimeInMs = shares.reduce((sum, share) => sum + share.cpuTimeInMs, 0);
  for (const { violations, faults, replay } of findings.slice(0, SHOWN_FINDINGS)) {
    const lines = [...violations.slice(0, 5), `  faults: ${faults === '' ? 'none' : faults}`, `  ${replay}`];
    console.log(lines.join('\n'));
  }
  if (findings.length > SHOWN_FINDINGS) console.log(`… and ${findings.length - SHOWN_FINDINGS} more`);
  console.log(
    `${histories} histories, ${findings.length} with violations, ${seconds.toFixed(1)} s on ${workers} cores ` +
      `(${(cpuTimeInMs / 1000).toFixed(1)} s of CPU)`,
  );
  process.exitCode = findings.length === 0 ? 0 : 1;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  console.error(USAGE);
  process.exitCode = 2;
});
