import type { Run } from '../../../../shared/release/model.ts';
import type { StageDefinition } from '../../../../shared/release/pipeline.ts';
import type { History } from '../play.ts';
import type { Scenario } from '../scenario.ts';
import { START_AT } from '../world.ts';
import type { Expectation } from './violations.ts';

/** How long one fault may hold a run up: a delayed message, a lost lease, a time-out and a back-off together. */
const RECOVERY_IN_MS = 6 * 60_000;
/** What a fault may change in the course of a scenario in which more happens than one release. */
const DETOUR_IN_MS = 15 * 60_000;

/** I1: every run ends, and in a way that the scenario allows. */
export function ends({ runs, ended }: History, { scenario, faults }: Expectation): string[] {
  const found = ended ? [] : ['I1 the history never comes to rest'];
  for (const run of runs) {
    if (run.status === 'running') {
      found.push(`I1 run ${run.id} never ends`);
      continue;
    }
    const allowed = allowedEnds(scenario, run, faults);
    if (!allowed.has(run.status))
      found.push(`I1 run ${run.id} ended ${run.status}, not ${[...allowed].join(' or ')}`);
  }
  return found;
}

/** I1: within a bound after the last fault, also without the timer. */
export function inTime({ runs, world }: History, { scenario, faults, faultFree }: Expectation): string[] {
  // Where nobody approves, gates stay open for as long as they may.
  if (faults === 0 || !scenario.approves) return [];
  const bound = START_AT + faultFree.lastsInMs + faults * RECOVERY_IN_MS + detours(scenario);
  const latest = Math.max(bound, world.lastFaultAt + RECOVERY_IN_MS + detours(scenario));
  return runs
    .filter(({ endedAt }) => endedAt !== null && endedAt > latest)
    .map(({ id, endedAt }) => `I1 run ${id} took ${((endedAt ?? 0) - START_AT) / 1000} s`);
}

function detours({ behaviour, deeds, runs, retries, rejects, pipeline }: Scenario): number {
  const freezes = deeds.map(({ event }) => Number(event.to ?? 0) - Number(event.from ?? 0));
  const windows = pipeline.environments.flatMap(({ freezeWindows }) => freezeWindows);
  for (const { from, to } of windows) freezes.push((to - from) * 60_000);
  const detour = behaviour.length + deeds.length + runs.length - 1 + retries + rejects.length;
  return detour * DETOUR_IN_MS + freezes.reduce((sum, lasts) => sum + lasts, 0);
}

/** How a run may end, from the scenario alone. */
export function allowedEnds(scenario: Scenario, run: Run, faults: number): Set<Run['status']> {
  const allowed = new Set<Run['status']>(['succeeded']);
  const stages = run.pipeline.stages.filter(({ skip }) => !skip);
  const gated = stages.filter(({ gate }) => gate.approvals > 0);
  const troubles = troublesOf(scenario, run, stages);
  if (troubles.length > 0 || faults >= fewestAttempts(stages)) allowed.add('failed');
  if (troubles.some(({ certain }) => certain)) allowed.delete('succeeded');
  const rejected = gated.filter(({ name }) => scenario.rejects.includes(`${run.id}/${name}`));
  if (rejected.length > 0) allowed.add('rejected');
  if (!scenario.approves && gated.length > 0) allowed.add('timed-out');
  // A stage for failures may never come to its gate, and one that may fail can do so before.
  const unpassed = scenario.approves ? rejected : gated;
  if (unpassed.some((stage) => stage.when === 'succeeded' && !stage.allowFailure))
    allowed.delete('succeeded');
  const isCancelled = ({ event }: Scenario['deeds'][number]) => event.type === 'cancel-requested';
  if (scenario.deeds.some((deed) => 'run' in deed && deed.run === run.id && isCancelled(deed)))
    allowed.add('cancelled');
  if (mayBeSuperseded(scenario, run)) allowed.add('superseded');
  return allowed;
}

function mayBeSuperseded({ runs }: Scenario, { kind, release, pipeline }: Run): boolean {
  const latest = pipeline.environments.some(({ policy }) => policy === 'latest');
  return kind === 'release' && latest && release.order < runs.length;
}

/** The troubles that fail the run, and whether they do so for certain. */
function troublesOf(
  { behaviour, retries }: Scenario,
  { release }: Run,
  stages: readonly StageDefinition[],
): { readonly certain: boolean }[] {
  return behaviour.flatMap((trouble) => {
    const stage = stages.find(({ name }) => name === trouble.stage);
    const step = stage?.steps.find(({ name }) => name === trouble.step);
    if (stage === undefined || step === undefined || stage.allowFailure) return [];
    if (trouble.release !== null && trouble.release !== release.name) return [];
    const inPlan = trouble.how === 'refuses-to-plan' || trouble.how === 'poison';
    if (step.allowFailure && !inPlan) return [];
    const mended = trouble.mendedAfterInMs !== null || retries > 0;
    return [{ certain: !mended && stage.when === 'succeeded' && (!inPlan || step.plans) }];
  });
}

function fewestAttempts(stages: readonly StageDefinition[]): number {
  return Math.min(...stages.flatMap(({ steps }) => steps.map(({ retry }) => retry.attempts)));
}
