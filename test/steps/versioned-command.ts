import { parseArgs } from 'node:util';
import type { Figures } from './versioned/history.ts';
import { playHistory } from './versioned/history.ts';

const DEPLOYMENTS_OF_A_HISTORY = 20;

/** Plays histories until as many deployments were made, and prints what they came to. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { deployments: { type: 'string', default: '1000' }, seed: { type: 'string', default: '1' } },
  });
  const [wanted, first] = [Number(values.deployments), Number(values.seed)];
  console.log(
    `seed ${first}: npx tsx test/steps/versioned-command.ts --deployments ${wanted} --seed ${first}`,
  );
  const begunAt = performance.now();
  const all: Figures[] = [];
  for (let seed = first; sum(all, 'deployments') < wanted; seed += 1)
    all.push(await playHistory(seed, DEPLOYMENTS_OF_A_HISTORY - 1));
  const violations = all.flatMap((figures) => figures.violations);
  console.table({
    histories: all.length,
    deployments: sum(all, 'deployments'),
    succeeded: sum(all, 'succeeded'),
    'failed on the way': sum(all, 'failed'),
    'refused before a write': sum(all, 'refused'),
    rollbacks: sum(all, 'rollbacks'),
    'runs started': sum(all, 'runs'),
    'attempts, with repairs': sum(all, 'attempts'),
    'sources loaded': sum(all, 'loads'),
    'versions and wheels removed': sum(all, 'removed'),
    'kept since in use': sum(all, 'kept'),
    violations: violations.length,
  });
  console.log(`${((performance.now() - begunAt) / 1000).toFixed(0)} s`);
  for (const violation of violations.slice(0, 20)) console.error(violation);
  process.exitCode = violations.length === 0 ? 0 : 1;
}

function sum(all: readonly Figures[], name: Exclude<keyof Figures, 'violations'>): number {
  return all.reduce((total, figures) => total + figures[name], 0);
}

void main();
