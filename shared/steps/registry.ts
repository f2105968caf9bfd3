import { artifacts } from './artifacts.ts';
import { cleanUp } from './clean-up.ts';
import { configuration } from './configuration.ts';
import { databricksConfig } from './databricks-config.ts';
import { featureFlags } from './feature-flags.ts';
import { featureRollout } from './feature-rollout.ts';
import { infrastructure } from './infrastructure.ts';
import { integrationTests } from './integration-tests.ts';
import { notebooks } from './notebooks.ts';
import { preFlight } from './pre-flight.ts';
import { smokeTests } from './smoke-tests.ts';
import type { StepKind } from './step.ts';
import { unityCatalog } from './unity-catalog.ts';
import { wheel } from './wheel.ts';

const KINDS: readonly StepKind[] = [
  artifacts,
  configuration,
  infrastructure,
  unityCatalog,
  wheel,
  notebooks,
  databricksConfig,
  featureFlags,
  cleanUp,
  integrationTests,
  smokeTests,
  featureRollout,
];

/** Every kind of step that this version of Slipway has, one line each. The look ahead knows all others. */
export const STEP_KINDS: readonly StepKind[] = [...KINDS, preFlight(KINDS)];

/** The registry by name. */
export function stepKinds(kinds: readonly StepKind[] = STEP_KINDS): ReadonlyMap<string, StepKind> {
  return new Map(kinds.map((kind) => [kind.name, kind]));
}
