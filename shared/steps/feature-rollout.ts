import { messageOf, TransientFailure } from '../errors.ts';
import type { RolloutMemo } from './feature-rollout/memo.ts';
import { readMemo } from './feature-rollout/memo.ts';
import { readRolloutSite } from './feature-rollout/site.ts';
import { beginRollout, goOnWithRollout, stopRollout } from './feature-rollout/walk.ts';
import type { StepContext, StepKind, StepOutcome } from './step.ts';

/** Who does not answer for this long fails the step; until then the rollout just waits. */
const LONGEST_TROUBLE_IN_MS = 60 * 60_000;
const PAUSE_IN_MS = 5 * 60_000;

/**
 * Moves the release's feature flags through the steps of their rollouts, as long as each step is to last, and stops
 * when a job fails that depends on them or when somebody changes them. It needs the environment for days, so it
 * works without its lock, beside other releases.
 */
export const featureRollout: StepKind = {
  name: 'feature-rollout',
  summary: 'rollouts of feature flags, step by step, with their stop conditions',
  async apply(context) {
    // What a rollback put back must stay what it was.
    if (context.run.kind === 'rollback') return { done: { flags: {} } };
    const memo = readMemo(context.memo);
    try {
      const site = await readRolloutSite(context);
      if (site === null) return { done: { flags: {} } };
      if (memo === null) return await beginRollout(context, site);
      if (memo.stop !== null) return await stopRollout(context, site, memo.stop);
      return await goOnWithRollout(context, site, memo);
    } catch (error) {
      return waitOut(context, memo, error);
    }
  },
};

/** Nobody wants a rollout of days to end because a service does not answer for some minutes. */
function waitOut(
  { clock, log, project, run }: StepContext,
  memo: RolloutMemo | null,
  error: unknown,
): StepOutcome {
  const now = clock.now();
  const troubleSince = memo?.troubleSince ?? now;
  if (memo === null || !(error instanceof TransientFailure) || now - troubleSince >= LONGEST_TROUBLE_IN_MS)
    throw error;
  log.warn(`the rollout waits: ${messageOf(error)}`, { project, run: run.id });
  return { waiting: { until: now + PAUSE_IN_MS, memo: { ...memo, troubleSince } } };
}
