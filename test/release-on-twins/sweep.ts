import type { Fault } from '../engine/simulator/faults.ts';
import { kindsAt } from '../engine/simulator/faults.ts';
import { faultsText } from '../engine/sweep/options.ts';
import type { HttpCall } from './http-port.ts';
import type { FaultFree } from './invariants.ts';
import { faultFreeOf, violationsOf } from './invariants.ts';
import type { BuildContent } from './world.ts';
import { newReleaseWorld } from './world.ts';

/** A history in which something does not hold. */
export interface Finding {
  readonly fault: string;
  /** The request that the fault met. */
  readonly request: string;
  readonly violations: readonly string[];
}

/** What a sweep is measured against. */
export interface Base {
  readonly build: BuildContent;
  readonly http: readonly HttpCall[];
  readonly faultFree: FaultFree;
}

/** As in the file of the example: both are played. */
const STRATEGIES = { stg: 'versioned', prod: 'versioned' } as const;

/** Plays the release without faults. */
export async function baseOf(build: BuildContent): Promise<Base> {
  const w = newReleaseWorld({ strategies: STRATEGIES });
  await w.release(build);
  const faultFree = faultFreeOf(w);
  const problems = violationsOf(w, 0, faultFree);
  if (problems.length > 0) throw new Error(`already without faults: ${problems.join('; ')}`);
  return { build, http: w.http, faultFree };
}

/** Every kind of fault at every HTTP request of the release. */
export function singleFaults({ http }: Base): Fault[] {
  return http.flatMap(({ number }) => kindsAt('outside').map((kind) => ({ call: number, kind })));
}

/** Plays the release with one fault; null when all holds. */
export async function tryFault({ build, http, faultFree }: Base, fault: Fault): Promise<Finding | null> {
  const w = newReleaseWorld({ strategies: STRATEGIES, faults: [fault] });
  await w.release(build);
  const violations = violationsOf(w, 1, faultFree);
  const request = http.find(({ number }) => number === fault.call)?.what ?? 'another call';
  return violations.length === 0 ? null : { fault: faultsText([fault]), request, violations };
}
