import type { RunRequested } from './events.ts';
import type { Run, StageState, StepState } from './model.ts';
import { RUN_SCHEMA } from './model.ts';
import type { StageDefinition } from './pipeline.ts';

/** The run as it is before its first stage begins. */
export function newRun(event: RunRequested): Run {
  return {
    schema: RUN_SCHEMA,
    project: event.project,
    id: event.id,
    kind: event.kind,
    version: 0,
    status: 'running',
    release: { ...event.release },
    requestedBy: event.requestedBy,
    why: event.why,
    overridesFreeze: event.overridesFreeze,
    createdAt: event.at,
    endedAt: null,
    cancelled: null,
    wakeAt: null,
    traceparent: event.traceparent,
    pipeline: event.pipeline,
    stages: event.pipeline.stages.map((definition) => newStage(definition)),
  };
}

function newStage(definition: StageDefinition): StageState {
  return {
    name: definition.name,
    status: 'queued',
    round: 0,
    steps: definition.steps.map(({ name }) => newStep(name)),
    startedAt: null,
    endedAt: null,
    ok: null,
    plan: null,
    appliedGeneration: null,
    applyBegunAt: null,
    underLock: false,
    gateOpenedAt: null,
    approvals: [],
    approved: null,
    stalePlanHash: null,
    failure: null,
    note: null,
  };
}

function newStep(name: string): StepState {
  return {
    name,
    status: 'idle',
    mode: 'plan',
    attempt: 0,
    failures: 0,
    claim: 0,
    claimedBy: null,
    dueAt: 0,
    memo: null,
    plan: null,
    withinApproved: false,
    output: {},
    error: null,
  };
}
