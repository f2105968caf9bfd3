import { readOptions } from './options.ts';
import { sweep } from './sweep.ts';

const REPORT_EVERY = 500;

/** One process's share of a sweep; tells its parent how far it is, and the result at the end. */
async function work([part = '0', parts = '1', ...args]: readonly string[]): Promise<void> {
  const progress = (histories: number, all: number) => {
    if (histories % REPORT_EVERY === 0) process.send?.({ histories, all });
  };
  const result = await sweep(readOptions(args), { part: Number(part), parts: Number(parts), progress });
  const { user, system } = process.cpuUsage();
  process.send?.({ result, cpuTimeInMs: (user + system) / 1000 });
}

void work(process.argv.slice(2));
