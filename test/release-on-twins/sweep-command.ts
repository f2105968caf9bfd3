import { exampleBuild } from './builds.ts';
import { baseOf, singleFaults, tryFault } from './sweep.ts';
import { runSweep } from './sweep-program.ts';

/**
 * Plays a whole release once for every fault at every HTTP request: `npx tsx sweep-command.ts [--sample N] [--shard I/N]
 * [CALL:KIND]`.
 */
runSweep({
  file: __filename,
  subjects: ['release'],
  async prepare() {
    const base = await baseOf(await exampleBuild());
    return {
      requests: base.http.length,
      faults: singleFaults(base),
      async play(fault) {
        const finding = await tryFault(base, fault);
        if (finding === null) return [];
        return finding.violations.map((line) => `${finding.fault} at ${finding.request}: ${line}`);
      },
    };
  },
});
