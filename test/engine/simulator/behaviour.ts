/**
 * What a step does wrong. `throws`: it cannot do its work; `refuses`: it says no; `refuses-to-plan`: its plan
 * says no; `poison`: its message cannot be processed at all.
 */
export interface Trouble {
  readonly stage: string;
  readonly step: string;
  /** Only for this release; null: for every one. */
  readonly release: string | null;
  readonly how: 'throws' | 'refuses' | 'refuses-to-plan' | 'poison';
  /** Somebody mends it so long after the start; null: never. */
  readonly mendedAfterInMs: number | null;
}

/** Everything that goes wrong in a scenario for good, unlike the faults of single calls. */
export type Behaviour = readonly Trouble[];

/** Which trouble a step has now. */
export function troubleOf(
  behaviour: Behaviour,
  { stage, step, release }: { readonly stage: string; readonly step: string; readonly release: string },
  sinceStartInMs: number,
): Trouble['how'] | null {
  const trouble = behaviour.find(
    (each) =>
      each.stage === stage &&
      each.step === step &&
      (each.release === null || each.release === release) &&
      (each.mendedAfterInMs === null || sinceStartInMs < each.mendedAfterInMs),
  );
  return trouble?.how ?? null;
}
