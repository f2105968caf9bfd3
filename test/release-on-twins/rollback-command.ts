import { fork } from 'node:child_process';
import { readFaults } from '../engine/sweep/options.ts';
import type { Strategy } from './rollback-equals.ts';
import { faultsAt, problemsOf, rollBack, tryRollBack } from './rollback-equals.ts';

const STRATEGIES: readonly Strategy[] = ['in-place', 'versioned'];

const SHOWN_EVERY = 100;

/** What a worker did. */
interface Share {
  readonly requests: number;
  readonly histories: number;
  readonly violated: number;
}

/**
 * Rolls a release back once for every fault at every HTTP request of the rollback, with each strategy: `npx tsx
 * rollback-command.ts [STRATEGY CALL:KIND]`. What does not hold is shown as it comes; the exit code is 1 then.
 */
async function main([only, faults = '']: readonly string[]): Promise<void> {
  const begunAt = Date.now();
  const strategies = STRATEGIES.filter((strategy) => only === undefined || strategy === only);
  const shares = await Promise.all(strategies.map((strategy) => startWorker(strategy, faults)));
  const sum = (field: keyof Share) => shares.reduce((total, share) => total + share[field], 0);
  console.log(
    `${sum('requests')} requests of rollbacks, ${sum('histories')} histories, ${sum('violated')} with violations, ` +
      `${((Date.now() - begunAt) / 1000).toFixed(1)} s`,
  );
  process.exitCode = shares.length > 0 && sum('violated') === 0 ? 0 : 1;
}

function startWorker(strategy: Strategy, faults: string): Promise<Share> {
  const worker = fork(__filename, ['worker', strategy, faults]);
  return new Promise((resolve, reject) => {
    worker.on('message', (message: Share | readonly string[]) => {
      if ('requests' in message) resolve(message);
      else for (const line of message) console.error(line.slice(0, 600));
    });
    worker.on('exit', (code) => reject(new Error(`a worker ended with code ${code}`)));
  });
}

async function work(name: string, text: string): Promise<void> {
  process.once('disconnect', () => process.exit(2));
  const strategy = STRATEGIES.find((each) => each === name) ?? 'in-place';
  const base = await rollBack(strategy);
  const problems = problemsOf(base);
  if (problems.length > 0) throw new Error(`already without faults: ${problems.join('; ')}`);
  const faults = text === '' ? faultsAt(base.requests) : readFaults(text);
  let violated = 0;
  for (const [index, fault] of faults.entries()) {
    if (index % SHOWN_EVERY === 0) process.send?.([`${strategy} ${index} of ${faults.length}`]);
    const found = await tryRollBack(base, [fault]);
    if (found.length === 0) continue;
    violated += 1;
    process.send?.(found);
  }
  const share: Share = { requests: base.requests.length, histories: faults.length, violated };
  process.send?.(share, () => process.exit(0));
}

const [first, ...rest] = process.argv.slice(2);
const done = first === 'worker' ? work(rest[0] ?? '', rest[1] ?? '') : main(process.argv.slice(2));
done.catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  // Ends the other worker, too, since it loses its connection.
  process.exit(2);
});
