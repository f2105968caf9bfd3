import type { Draft } from './draft.ts';
import { environmentOf, stageTurns } from './draft.ts';
import { deploys } from './pipeline.ts';

/**
 * Why tests of what the run deployed into the environment would prove nothing: another run has begun to apply there
 * since, and every stage that begins to apply counts a generation. Null: it is as the run left it, or the run has
 * deployed nothing there.
 */
export function replacedBy(draft: Draft, name: string): string | null {
  const there = stageTurns(draft.run).filter(({ definition }) => definition.environment === name);
  if (!there.some((turn) => deploys(turn.definition) && turn.stage.status === 'succeeded')) return null;
  const { generation, toUndo } = environmentOf(draft, name);
  const last = Math.max(...there.map(({ stage }) => stage.appliedGeneration ?? 0));
  if (last === generation) return null;
  const { name: release } = draft.run.release;
  return `${release} is not in ${name} any more, where ${toUndo ?? 'another run'} was deployed since: retry to deploy it again`;
}
