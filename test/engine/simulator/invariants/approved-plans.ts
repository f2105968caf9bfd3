import type { Run } from '../../../../shared/release/model.ts';
import type { Change } from '../../../../shared/release/plan.ts';
import { planHash } from '../../../../shared/release/plan.ts';
import type { History } from '../play.ts';
import { REQUESTER } from '../scenario.ts';
import { rowsOf } from './rows.ts';

/** A decision by somebody who may decide, and the plan that it names. */
export interface Verdict {
  readonly at: number;
  readonly granted: boolean;
  /** What that plan puts where: `target content`. Empty when no plan that was at hand has the hash. */
  readonly plan: ReadonlySet<string>;
}

/** The decisions on a stage, from the audit log and from the stored plans alone. */
export function verdictsOf(history: History, run: Run, stage: string): Verdict[] {
  const steps = run.pipeline.stages.find(({ name }) => name === stage)?.steps ?? [];
  const planning = steps.filter(({ plans }) => plans).map(({ name }) => name);
  const digests = new Map<string, string>();
  const verdicts: Verdict[] = [];
  for (const { event, committedAt: at } of rowsOf(history, run.project, run.id)) {
    if (!('stage' in event) || event.stage !== stage) continue;
    if (event.type === 'step-planned') digests.set(event.step, event.digest);
    if (event.type === 'approval-rejected') verdicts.push({ at, granted: false, plan: new Set() });
    if (event.type !== 'approval-granted' || event.by.id === REQUESTER.id) continue;
    const covered = stepsOfPlan(planning, digests, event.planHash);
    const changes = covered.flatMap((name) => changesIn(history, digests.get(name) ?? ''));
    const plan = new Set(changes.map(({ target, after }) => `${target} ${after}`));
    verdicts.push({ at, granted: true, plan });
  }
  return verdicts;
}

/** The steps whose newest plans have this hash together: all at first; in a later round those that were left. */
function stepsOfPlan(
  planning: readonly string[],
  digests: ReadonlyMap<string, string>,
  hash: string,
): readonly string[] {
  for (let subset = 2 ** planning.length - 1; subset > 0; subset -= 1) {
    const names = planning.filter((_, index) => Math.floor(subset / 2 ** index) % 2 === 1);
    const known = names.map((name) => ({ name, digest: digests.get(name) ?? '' }));
    if (planHash(known) === hash) return names;
  }
  return [];
}

function changesIn({ world }: History, digest: string): Change[] {
  const content = world.contents.get(digest);
  return content === undefined ? [] : (JSON.parse(new TextDecoder().decode(content)) as Change[]);
}
