import type { Chance } from '../../twin/chance.ts';
import type { Clock } from '../../twin/clock.ts';
import type { Permits } from '../refusals.ts';
import type { ArmState } from '../state.ts';

/** How long things take, in milliseconds of the twin's clock. */
export interface ArmDurations {
  /** From the answer to a deployment until it runs. */
  acceptedInMs: number;
  /** Deploying one resource. */
  resourceInMs: number;
  whatIfInMs: number;
}

/** Reads a secret of a vault for a parameter that refers to one; `undefined` when there is none. */
export type ReadSecret = (vaultId: string, name: string, version?: string) => string | undefined;

/** What deployments work with. */
export interface ArmWorld {
  state: ArmState;
  clock: Clock;
  chance: Chance;
  tenantId: string;
  durations: ArmDurations;
  readSecret: ReadSecret;
  permits: Permits;
  /** Whether what-if shows values of providers as properties that a deployment deletes. */
  showsDefaults: boolean;
}
