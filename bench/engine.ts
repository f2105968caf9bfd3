import { play } from '../test/engine/simulator/play.ts';
import { scenario } from '../test/engine/simulator/scenario.ts';
import { threeEnvironments, twoEnvironments } from '../test/release/pipelines.ts';
import { Walk } from '../test/release/walk.ts';

const DECISIONS = 200_000;
const WALK_LENGTH = 500;
const RELEASES = 300;

/** CPU time of `work`, in milliseconds; wall time says little on a machine that others use. */
async function cpuTimeInMs(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function decideAtRandom(): void {
  for (let taken = 0; taken < DECISIONS; taken += WALK_LENGTH) {
    const walk = new Walk(twoEnvironments());
    for (let step = 0; step < WALK_LENGTH; step += 1) walk.take((taken + step) * 2_654_435_761);
  }
}

async function releaseAgainAndAgain(): Promise<void> {
  for (let seed = 0; seed < RELEASES; seed += 1)
    await play(scenario({ pipeline: threeEnvironments() }), { seed });
}

/** What one decision costs with all that a random walk does around it, and a whole release over ports in memory. */
async function main(): Promise<void> {
  decideAtRandom();
  const decisions = await cpuTimeInMs(decideAtRandom);
  console.log(
    `decide: ${((1000 * decisions) / DECISIONS).toFixed(1)} microseconds of CPU a decision, walk included`,
  );
  await releaseAgainAndAgain();
  const releases = await cpuTimeInMs(releaseAgainAndAgain);
  console.log(
    `engine: ${(releases / RELEASES).toFixed(2)} ms of CPU a release of 42 step runs, simulator included`,
  );
}

if (require.main === module) void main();
