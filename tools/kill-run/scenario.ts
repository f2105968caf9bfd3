import type { RunRequested } from '../../shared/release/events.ts';
import type { Pipeline, StageDefinition } from '../../shared/release/pipeline.ts';
import type { Scenario } from '../../test/engine/simulator/scenario.ts';
import { REQUESTER, scenario, TRACE } from '../../test/engine/simulator/scenario.ts';
import { twoEnvironments } from '../../test/release/pipelines.ts';

/** The shortest that a step may be held up by its dead runner; a living one takes a fraction of a second. */
export const LEASE_IN_MS = 3_000;
const RETRY = { attempts: 5, firstDelayInMs: 200, factor: 2, maxDelayInMs: 2_000 };

export const RUN = 'release-1';

/** Two gated environments: infrastructure, then two steps side by side, then tests. Leases and delays are short. */
export function quickPipeline(): Pipeline {
  const pipeline = twoEnvironments();
  const quick = (stage: StageDefinition): StageDefinition => ({
    ...stage,
    steps: stage.steps.map((step) => ({ ...step, leaseInMs: LEASE_IN_MS, retry: RETRY })),
  });
  return { ...pipeline, stages: pipeline.stages.map(quick) };
}

/** What is expected of a project's history, in the simulator's words. */
export function scenarioOf(project: string): Scenario {
  return scenario({ pipeline: quickPipeline(), projects: [project], runs: [RUN] });
}

export function requestOf(project: string, at: number): RunRequested {
  return {
    type: 'run-requested',
    at,
    project,
    id: RUN,
    kind: 'release',
    release: { name: 'build-1', order: 1 },
    requestedBy: REQUESTER,
    why: 'the kill run',
    overridesFreeze: false,
    pipeline: quickPipeline(),
    traceparent: TRACE,
  };
}
