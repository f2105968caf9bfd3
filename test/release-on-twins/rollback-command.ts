import type { Strategy } from './rollback-equals.ts';
import { faultsAt, problemsOf, rollBack, tryRollBack } from './rollback-equals.ts';
import { runSweep } from './sweep-program.ts';

const STRATEGIES: readonly Strategy[] = ['in-place', 'versioned'];

/**
 * Rolls a release back once for every fault at every HTTP request of the rollback, with each strategy: `npx tsx
 * rollback-command.ts [--sample N] [--shard I/N] [STRATEGY] [CALL:KIND]`.
 */
runSweep({
  file: __filename,
  subjects: STRATEGIES,
  async prepare(subject) {
    const base = await rollBack(STRATEGIES.find((each) => each === subject) ?? 'in-place');
    const problems = problemsOf(base);
    if (problems.length > 0) throw new Error(`already without faults: ${problems.join('; ')}`);
    return {
      requests: base.requests.length,
      faults: faultsAt(base.requests),
      play: (fault) => tryRollBack(base, [fault]),
    };
  },
});
