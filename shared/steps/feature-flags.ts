import type { Change } from '../release/plan.ts';
import { carryOut } from './feature-flags/apply.ts';
import { refusal } from './feature-flags/file.ts';
import { unknownJobs } from './feature-flags/jobs.ts';
import { changeOf } from './feature-flags/plan.ts';
import { decideAll, readFlagSite } from './feature-flags/site.ts';
import type { StepContext, StepKind } from './step.ts';

/**
 * Puts the feature flags of a release into App Configuration, each with the label of its environment: new rollouts
 * at their first step where a stage follows that moves them on, else at the last one.
 */
export const featureFlags: StepKind = {
  name: 'feature-flags',
  summary: 'feature flags of feature-flags.json in App Configuration',
  async plan(context) {
    const site = await readFlagSite(context);
    if (site === null) return [];
    const decided = await decideAll(context, site);
    const problems = decided.flatMap(({ decision }) => (decision.kind === 'refuse' ? [decision.why] : []));
    if (site.mode.gradual) problems.push(...(await unknownJobs(context, site.flags)));
    if (problems.length > 0) throw refusal(problems);
    const changes = decided.flatMap(({ flag, decision }) => changeOf(flag, decision, context.project) ?? []);
    const notes = decided.flatMap(({ decision }) => (decision.kind === 'keep' ? (decision.note ?? []) : []));
    return withNotes(context, changes, notes);
  },
  async apply(context, changes) {
    const site = await readFlagSite(context);
    if (site === null) return { done: {} };
    return carryOut(context, site, changes);
  },
};

/** What is left as it is makes no change, so it is noted beside the first one, and in the log. */
function withNotes(
  { log, project, run }: StepContext,
  changes: readonly Change[],
  notes: readonly string[],
): Change[] {
  const sorted = [...changes].sort((left, right) => (left.target < right.target ? -1 : 1));
  if (notes.length === 0) return sorted;
  const text = [...notes].sort().join('; ');
  log.info(text, { project, run: run.id });
  return sorted.map((change, index) =>
    index === 0 ? { ...change, detail: `${change.detail ?? ''} (besides: ${text})` } : change,
  );
}
