import { parseArgs } from 'node:util';
import { Random } from '../../test/engine/simulator/random.ts';
import type { Call, Site } from './outside.ts';
import { playSite } from './play-site.ts';
import type { Surroundings } from './surroundings.ts';
import { withSurroundings } from './surroundings.ts';
import { violationsOf } from './violations-of.ts';

/** Calls by which two runs may differ in their number. */
const EARLIER = 5;

/** One kill and what came of it. */
interface Row {
  readonly site: string;
  readonly call: string;
  readonly recoveredIn: string;
  readonly violations: string;
}

/**
 * Kills the real functions host with SIGKILL at calls of a run, one kill a run, on the real storage and emulator, and
 * holds each run against the invariants of the crash simulator.
 * @returns the number of sites at which an invariant did not hold
 */
export function killRun(sites: number, seed: number): Promise<number> {
  return withSurroundings((on) => playAll(on, sites, new Random(seed)));
}

async function playAll(on: Surroundings, wanted: number, random: Random): Promise<number> {
  const trace = await record(on);
  console.log(`${trace.length} calls in a run without a kill`);
  const rows: Row[] = [];
  for (const [index, { call, when }] of pick(trace, wanted, random).entries()) {
    const project = `kill-${index + 1}`;
    const row = await playOne(on, { project, call, when }, trace.length);
    rows.push(row);
    console.log(`${index + 1}/${wanted} ${row.site} ${row.call}: ${row.recoveredIn} ${row.violations}`);
  }
  console.table(rows);
  const violated = rows.filter(({ violations }) => violations !== '').length;
  console.log(`${rows.length} sites, ${violated} with violations`);
  return violated;
}

/** The calls of a run that nobody kills. It must be without violations itself. */
async function record(on: Surroundings): Promise<readonly Call[]> {
  const { leftOver } = await playSite(on, 'trace', null);
  const trace = on.log.calls.get('trace') ?? [];
  const found = [...leftOver, ...(await violationsOf(on, 'trace', trace.length))];
  if (found.length > 0) throw new Error(`a run without a kill is not as it should be: ${found.join('; ')}`);
  return trace;
}

/** Different sites, spread by chance over all calls, before and after each. */
function pick(trace: readonly Call[], wanted: number, random: Random): Omit<Site, 'project'>[] {
  const all = trace.flatMap(({ number: call }) => [
    { call, when: 'before' } as const,
    { call, when: 'after' } as const,
  ]);
  const picked: Omit<Site, 'project'>[] = [];
  while (picked.length < wanted && all.length > 0) {
    picked.push(...all.splice(random.between(0, all.length - 1), 1));
  }
  return picked.sort((left, right) => left.call - right.call);
}

/** No two runs make exactly the same calls. Where one ends before its site, another is killed a little earlier. */
async function playOne(on: Surroundings, site: Site, faultFreeCalls: number): Promise<Row> {
  const { wasKilled, recoveredInMs, leftOver } = await playSite(on, site.project, site);
  const found = [...leftOver, ...(await violationsOf(on, site.project, faultFreeCalls))];
  if (!wasKilled && found.length === 0) {
    const earlier = { ...site, project: `${site.project}-again`, call: Math.max(1, site.call - EARLIER) };
    return playOne(on, earlier, faultFreeCalls);
  }
  const calls = on.log.calls.get(site.project) ?? [];
  return {
    site: `${site.when} ${site.call}`,
    call: calls[site.call - 1]?.name ?? 'none',
    recoveredIn: `${(recoveredInMs / 1000).toFixed(1)} s`,
    violations: found.join('; '),
  };
}

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { sites: text, seed: text } });
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  console.log(`npx tsx tools/kill-run/run.ts --sites ${values.sites ?? 100} --seed ${seed}`);
  process.exitCode = (await killRun(Number(values.sites ?? 100), seed)) === 0 ? 0 : 1;
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 2;
  });
}
