import { artifacts } from './artifacts.ts';
import { configuration } from './configuration.ts';
import { infrastructure } from './infrastructure.ts';
import { notebooks } from './notebooks.ts';
import type { StepKind } from './step.ts';
import { unityCatalog } from './unity-catalog.ts';
import { wheel } from './wheel.ts';

/** Every kind of step that this version of Slipway has, one line each. */
export const STEP_KINDS: readonly StepKind[] = [
  artifacts,
  configuration,
  infrastructure,
  unityCatalog,
  wheel,
  notebooks,
];

/** The registry by name. */
export function stepKinds(kinds: readonly StepKind[] = STEP_KINDS): ReadonlyMap<string, StepKind> {
  return new Map(kinds.map((kind) => [kind.name, kind]));
}
