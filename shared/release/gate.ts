import type { Draft, StageTurn } from './draft.ts';
import { changeEnvironment, environmentOf, stepTurns } from './draft.ts';
import { joinQueue } from './environment-lock.ts';
import type { ApprovalGiven } from './events.ts';
import type { Instant, Run, StageState } from './model.ts';
import type { GateDefinition } from './pipeline.ts';
import { totalOf } from './plan.ts';

/** Whether the stage's plan needs people: a gate is defined, and there is something to change or to run. */
export function needsApproval(turn: StageTurn): boolean {
  const { stage, definition } = turn;
  if (definition.gate.approvals === 0) return false;
  const changes = stage.plan === null ? 0 : totalOf(stage.plan.changes);
  return changes > 0 || definition.steps.some((step) => !step.plans);
}

/**
 * Whether the plan at hand is one that was approved: the very same changes, or, in a retry, a part of them
 * for the steps that are left.
 */
export function isApproved(turn: StageTurn): boolean {
  const { approved, round } = turn.stage;
  if (approved === null) return false;
  return stepTurns(turn)
    .filter(({ step, definition }) => definition.plans && step.status !== 'succeeded')
    .every(
      ({ step }) => step.plan?.digest === approved.digests[step.name] || (round > 0 && step.withinApproved),
    );
}

/** Opens the stage's gate for the plan at hand. Approvals of an earlier plan count for nothing. */
export function openGate(draft: Draft, turn: StageTurn): void {
  const { stage } = turn;
  stage.status = 'waiting-for-approval';
  stage.stalePlanHash = stage.approved?.hash ?? null;
  stage.approved = null;
  stage.approvals = [];
  stage.gateOpenedAt = draft.at;
  joinQueue(draft, turn, 'approval');
}

/** Remembers the plan at hand as the one that may be applied. */
export function passGate(stage: StageState): void {
  if (stage.plan === null) throw new Error(`stage ${stage.name} has no plan to approve`);
  const digests = stage.steps.flatMap((step) =>
    step.plan === null ? [] : [[step.name, step.plan.digest] as const],
  );
  stage.approved = { hash: stage.plan.hash, digests: Object.fromEntries(digests) };
}

/** When the gate closes by itself. */
export function gateExpiresAt(stage: StageState, gate: GateDefinition): Instant | null {
  return stage.gateOpenedAt === null ? null : stage.gateOpenedAt + gate.expiresInMs;
}

/**
 * Takes an approval or a rejection.
 * @returns why it does not count, or null when it does.
 */
export function giveApproval(run: Run, turn: StageTurn, event: ApprovalGiven): string | null {
  const refusal = whyNotAllowed(run, turn, event);
  if (refusal !== null) return refusal;
  const { stage } = turn;
  if (event.type === 'approval-rejected') return null;
  stage.approvals = [...stage.approvals, { by: event.by, at: event.at, comment: event.comment }];
  return null;
}

function whyNotAllowed(run: Run, turn: StageTurn, event: ApprovalGiven): string | null {
  const { stage, definition } = turn;
  const { gate } = definition;
  if (stage.status !== 'waiting-for-approval')
    return `stage ${stage.name} is ${stage.status}, not waiting for approval`;
  const expiresAt = gateExpiresAt(stage, gate);
  if (expiresAt !== null && event.at >= expiresAt) return `the gate of stage ${stage.name} has expired`;
  if (event.planHash !== stage.plan?.hash) return 'the approval is for another plan than the one at hand';
  if (gate.approvers.length > 0 && !gate.approvers.includes(event.by.id))
    return `${event.by.name} is not an approver`;
  if (event.type === 'approval-rejected') return null;
  if (!gate.requesterMayApprove && event.by.id === run.requestedBy.id)
    return 'a run is not approved by its requester';
  if (stage.approvals.some((approval) => approval.by.id === event.by.id))
    return `${event.by.name} has approved already`;
  return null;
}

/**
 * Counts a deployment that begins to apply: plans of other runs made before are out of date from now on. It is what a
 * rollback has to undo; one that is under way itself undoes what it did, until its target is live.
 */
export function beginIn(draft: Draft, name: string): void {
  const { generation, toUndo } = environmentOf(draft, name);
  const { kind, release } = draft.run;
  const begun = kind === 'rollback' ? toUndo : release.name;
  changeEnvironment(draft, name, { generation: generation + 1, toUndo: begun });
}
