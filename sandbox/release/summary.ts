import { canonicalJson, sha256 } from '../../shared/release/canonical-json.ts';
import type { Cloud } from '../cloud.ts';
import { ENVIRONMENT_KEYS } from '../cloud.ts';
import type { ShownRun } from './api.ts';
import { isGood } from './view.ts';

/** What is deployed in each workspace, as one digest each. */
export function inventories({ workspaces }: Cloud): Record<string, string> {
  return Object.fromEntries(
    ENVIRONMENT_KEYS.map((key) => [key, sha256(canonicalJson(workspaces[key].inventory()))]),
  );
}

/** Requests each twin has served, by operation. */
export function requestCounts({ twins }: Cloud): Record<string, Record<string, number>> {
  return Object.fromEntries(Object.entries(twins).map(([name, twin]) => [name, twin.log.counts()]));
}

/** Breaches of a contract, by either side; there should be none. */
export function violationsIn({ twins }: Cloud): string[] {
  return Object.entries(twins).flatMap(([name, twin]) =>
    twin.violations().map((violation) => `${name}: ${JSON.stringify(violation)}`),
  );
}

/** 0 when a run has done what it was started for and no contract was violated on the way; 1 otherwise. */
export function exitCodeOf(run: ShownRun, violations: readonly string[]): 0 | 1 {
  return isGood(run) && violations.length === 0 ? 0 : 1;
}

/** The machine-readable summary of a release. */
export function summaryOf(cloud: Cloud, run: ShownRun, before: Readonly<Record<string, string>>): object {
  return {
    run: { id: run.id, status: run.status, durationInMs: (run.endedAt ?? run.createdAt) - run.createdAt },
    stages: run.stages.map(({ name, status, plan, steps, startedAt, endedAt, note }) => ({
      name,
      status,
      planHash: plan?.hash ?? null,
      changes: plan?.changes ?? null,
      durationInMs: startedAt === null || endedAt === null ? null : endedAt - startedAt,
      note,
      steps: steps.map((step) => ({
        name: step.name,
        status: step.status,
        changes: step.plan?.changes ?? null,
        error: step.error,
      })),
    })),
    requests: requestCounts(cloud),
    violations: violationsIn(cloud),
    inventories: { before, after: inventories(cloud) },
  };
}
