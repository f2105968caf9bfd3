import type { Context } from '../context.ts';
import { raise } from '../hooks/raise.ts';
import { speaksFor } from '../people.ts';
import { approvalsDecided } from '../pipelines/stages.ts';
import { forbidden, invalid, missing } from '../refusals.ts';
import type { Approval, ApprovalStatus, ApprovalStep } from './rows.ts';

/** What one person says to an approval. */
export interface Vote {
  personId: string;
  status: 'approved' | 'rejected';
  comment?: string | undefined;
}

/**
 * Lets a person approve or reject. Refuses someone who is not asked (or may not, like a requester that is shut out),
 * and a vote on an approval that is over. One rejection ends it; enough approvals end it.
 */
export function vote(context: Context, approval: Approval, { personId, status, comment }: Vote): void {
  if (approval.status !== 'pending') throw invalid(`the approval is ${approval.status} already`);
  if (approval.blockedApproverIds.includes(personId)) throw forbidden('the requester cannot approve');
  const step = openStepFor(context, approval, personId);
  Object.assign(step, { status, actualApproverId: personId, changedById: personId });
  step.changedAt = context.clock.now();
  if (comment !== undefined) step.comment = comment;
  if (status === 'rejected') closeApproval(context, approval, 'rejected');
  else if (isEnough(approval)) closeApproval(context, approval, 'approved');
  else openNextStep(context, approval);
}

/** Hands a step over to someone else. Refuses a caller who is not asked. */
export function reassign(
  context: Context,
  approval: Approval,
  to: { callerId: string; approverId: string; comment: string },
): void {
  if (approval.status !== 'pending') throw invalid(`the approval is ${approval.status} already`);
  const step = openStepFor(context, approval, to.callerId);
  const now = context.clock.now();
  const assignedToId = step.assignedApproverId;
  step.history.push({ assignedToId, createdById: to.callerId, createdAt: now, comment: to.comment });
  Object.assign(step, { assignedApproverId: to.approverId, changedAt: now, changedById: to.callerId });
}

/** Ends an approval; steps that are still open end with it. */
export function closeApproval(context: Context, approval: Approval, status: ApprovalStatus): void {
  const now = context.clock.now();
  const open = status === 'approved' || status === 'rejected' ? 'skipped' : status;
  for (const step of approval.steps) {
    if (step.status !== 'pending' && step.status !== 'uninitiated') continue;
    Object.assign(step, { status: open, changedAt: now });
  }
  Object.assign(approval, { status, changedAt: now });
  raise(context, {
    eventType: 'ms.vss-pipelinechecks-events.approval-completed',
    subject: { kind: 'approval', approvalId: approval.id },
  });
  approvalsDecided(context, approval);
  if (status !== 'approved') cancelSiblings(context, approval);
}

/** Where one approval of a stage is not given, the others have nothing left to decide. */
function cancelSiblings(context: Context, approval: Approval): void {
  const { buildId, stageName, attempt } = approval;
  const open = [...context.state.approvals.values()].filter(
    (its) =>
      its.buildId === buildId &&
      its.stageName === stageName &&
      its.attempt === attempt &&
      its.status === 'pending',
  );
  for (const sibling of open) closeApproval(context, sibling, 'canceled');
}

/** Times out what has waited too long; called before anything else happens. */
export function expireApprovals(context: Context): void {
  for (const approval of context.state.approvals.values()) {
    const isOver = approval.status === 'pending' && approval.timesOutAt <= context.clock.now();
    if (isOver) closeApproval(context, approval, 'timedOut');
  }
}

/** The approval of that id in the project; refuses an unknown one. */
export function approvalOf({ state }: Context, projectId: string, id: string): Approval {
  const approval = state.approvals.get(id.toLowerCase());
  if (approval?.projectId === projectId) return approval;
  throw missing('ApprovalNotFoundException', `The approval ${id} does not exist.`);
}

/** A step for the person alone goes before one for a group of theirs. */
function openStepFor(context: Context, approval: Approval, personId: string): ApprovalStep {
  const open = approval.steps.filter(({ status }) => status === 'pending');
  const own = open.find(({ assignedApproverId }) => assignedApproverId === personId);
  const step = own ?? open.find(({ assignedApproverId }) => speaksFor(context, personId, assignedApproverId));
  if (step) return step;
  throw forbidden('you are not an approver of this approval');
}

function isEnough({ steps, minRequiredApprovers }: Approval): boolean {
  const approved = steps.filter(({ status }) => status === 'approved').length;
  return approved >= (minRequiredApprovers || steps.length);
}

function openNextStep({ clock }: Context, { steps }: Approval): void {
  if (steps.some(({ status }) => status === 'pending')) return;
  const next = steps.find(({ status }) => status === 'uninitiated');
  if (next) Object.assign(next, { status: 'pending', initiatedAt: clock.now() });
}
