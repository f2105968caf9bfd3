import type { StageState } from './model.ts';

/**
 * Stable name of a step for the outside: the same on every attempt of a round. A round that a person asked for is
 * a new one, or the outside would answer with the failed run of the round before.
 */
export function stepKey(
  run: string,
  { name, round }: Pick<StageState, 'name' | 'round'>,
  step: string,
): string {
  return round === 0 ? `${run}/${name}/${step}` : `${run}/${name}/${step}/${round}`;
}
