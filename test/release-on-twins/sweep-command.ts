import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { readFaults } from '../engine/sweep/options.ts';
import { exampleBuild } from './builds.ts';
import type { Finding } from './sweep.ts';
import { baseOf, singleFaults, tryFault } from './sweep.ts';

const SHOWN_FINDINGS = 40;

/** What a worker did. */
interface Share {
  readonly requests: number;
  readonly histories: number;
  readonly findings: readonly Finding[];
}

/**
 * Plays a whole release once for every fault at every HTTP request: `npx tsx sweep-command.ts [CALL:KIND]`. Findings are shown as they come; the exit
 * code is 1 when something did not hold.
 */
async function main([only]: readonly string[]): Promise<void> {
  const begunAt = Date.now();
  const workers = only === undefined ? availableParallelism() : 1;
  const shares = Array.from({ length: workers }, (_, part) => startWorker(part, workers, only ?? ''));
  report(await Promise.all(shares), (Date.now() - begunAt) / 1000);
}

function startWorker(part: number, parts: number, only: string): Promise<Share> {
  const worker = fork(__filename, ['worker', String(part), String(parts), only]);
  return new Promise((resolve, reject) => {
    worker.on('message', (message: Share | Finding) => {
      if ('findings' in message) resolve(message);
      else console.error(textOf(message));
    });
    worker.on('exit', (code) => reject(new Error(`a worker ended with code ${code}`)));
  });
}

/** Does every `parts`-th history, beginning with `part`. */
async function work([part, parts, only]: readonly string[]): Promise<void> {
  const base = await baseOf(await exampleBuild());
  const faults = only === '' ? singleFaults(base) : readFaults(only ?? '');
  const mine = faults.filter((_, index) => index % Number(parts) === Number(part));
  const findings: Finding[] = [];
  for (const fault of mine) {
    const finding = await tryFault(base, fault);
    if (finding === null) continue;
    findings.push(finding);
    process.send?.(finding);
  }
  const share: Share = { requests: base.http.length, histories: mine.length, findings };
  process.send?.(share, () => process.exit(0));
}

function textOf({ fault, request, violations }: Finding): string {
  return [`${fault} at ${request}`, ...violations.map((line) => `  ${line}`)].join('\n');
}

function report(shares: readonly Share[], seconds: number): void {
  const findings = shares.flatMap((share) => share.findings);
  const histories = shares.reduce((sum, share) => sum + share.histories, 0);
  for (const finding of findings.slice(0, SHOWN_FINDINGS)) console.log(textOf(finding));
  if (findings.length > SHOWN_FINDINGS) console.log(`… and ${findings.length - SHOWN_FINDINGS} more`);
  console.log(
    `${shares[0]?.requests ?? 0} requests, ${histories} histories, ${findings.length} with violations, ` +
      `${seconds.toFixed(1)} s`,
  );
  process.exitCode = findings.length === 0 ? 0 : 1;
}

const [first, ...rest] = process.argv.slice(2);
const done = first === 'worker' ? work(rest) : main(process.argv.slice(2));
done.catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
});
