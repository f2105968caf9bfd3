import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { benchServiceBusMemory } from '../bench/service-bus-memory.ts';
import type { Task } from './run-in-turn.ts';
import { conclude, program, runInTurn } from './run-in-turn.ts';

const ROOT = join(__dirname, '..');
const RANDOM_HISTORIES = 20_000;
const KILLS = 100;
const VERSIONED_DEPLOYMENTS = 1_000;
/** The heap moves by a few percent from round to round; a leak of one message in ten would double it. */
const MOST_GROWTH = 1.25;

/** Passes 100,000 messages through the Service Bus emulator, whose heap must not grow with them. */
const memory: Task = {
  name: 'memory of the Service Bus emulator',
  async run() {
    const samples = await benchServiceBusMemory();
    console.table(samples);
    const heaps = samples.map(({ heapUsedInBytes }) => heapUsedInBytes);
    const growth = Number(heaps.at(-1)) / Number(heaps[0]);
    console.log(`the heap has grown to ${growth.toFixed(2)} of what it was after the first round`);
    return growth <= MOST_GROWTH;
  },
};

/** What takes too long for every commit. The seed is a new one every night; printed, it repeats the night. */
async function main([given]: readonly string[]): Promise<void> {
  const seed = given ?? String(randomInt(1_000_000));
  console.log(`seed ${seed}: npm run test:nightly -- ${seed}`);
  const sweep = join(ROOT, 'test', 'engine', 'sweep-command.ts');
  const release = join(ROOT, 'test', 'release-on-twins', 'sweep-command.ts');
  const rollback = join(ROOT, 'test', 'release-on-twins', 'rollback-command.ts');
  const versioned = join(ROOT, 'test', 'steps', 'versioned-command.ts');
  const kill = join(ROOT, 'tools', 'kill-run', 'run.ts');
  const tasks = [
    program('sweep of all pairs of faults', sweep, ['--pairs']),
    program('sweep of random faults', sweep, ['--random', String(RANDOM_HISTORIES), '--seed', seed]),
    program('sweep of a whole release at its HTTP requests', release, []),
    program('sweep of a rollback at its HTTP requests', rollback),
    program('versioned deployments under running jobs', versioned, [
      '--deployments',
      String(VERSIONED_DEPLOYMENTS),
      '--seed',
      seed,
    ]),
    program('kills of the real host', kill, ['--sites', String(KILLS), '--seed', seed]),
    memory,
  ];
  conclude(await runInTurn(tasks));
}

void main(process.argv.slice(2));
