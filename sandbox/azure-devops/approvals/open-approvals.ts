import type { Build, Stage } from '../builds/rows.ts';
import type { Context } from '../context.ts';
import { raise } from '../hooks/raise.ts';
import { findPerson } from '../people.ts';
import type { Approval, ApprovalStep, Check } from './rows.ts';
import { APPROVAL_TYPE, readSettings } from './settings.ts';

/** Opens one approval for each approval check of the stage's environment, and says so; an approval is of one attempt. */
export function openApprovals(context: Context, build: Build, stage: Stage): Approval[] {
  const { environmentId } = stage;
  if (environmentId === undefined) return [];
  return approvalChecksOf(context, environmentId).map((check) => {
    const approval = newApproval(context, build, { stage, check, environmentId });
    context.state.approvals.set(approval.id, approval);
    raise(context, {
      eventType: 'ms.vss-pipelinechecks-events.approval-pending',
      subject: { kind: 'approval', approvalId: approval.id },
    });
    return approval;
  });
}

function approvalChecksOf({ state }: Context, environmentId: number): Check[] {
  return [...state.checks.values()].filter(
    ({ resource, type, isDisabled }) =>
      resource.type === 'environment' &&
      resource.id === String(environmentId) &&
      type.id === APPROVAL_TYPE.id &&
      !isDisabled,
  );
}

function newApproval(
  context: Context,
  build: Build,
  { stage, check, environmentId }: { stage: Stage; check: Check; environmentId: number },
): Approval {
  const now = context.clock.now();
  const settings = readSettings(check.settings);
  const { executionOrder, instructions, minRequiredApprovers } = settings;
  const approverIds = settings.approvers.map(({ id }) => findPerson(context, id)?.id ?? id);
  const blocked = settings.blockedApprovers.map(({ id }) => id);
  return {
    id: context.chance.uuid(),
    projectId: build.projectId,
    buildId: build.id,
    stageName: stage.name,
    attempt: stage.attempt,
    environmentId,
    status: 'pending',
    steps: approverIds.map((id, index) => newStep(check, { id, index, now, executionOrder })),
    executionOrder,
    minRequiredApprovers,
    instructions,
    blockedApproverIds: settings.requesterCannotBeApprover ? [...blocked, build.requestedForId] : blocked,
    createdAt: now,
    changedAt: now,
    timesOutAt: now + check.timeoutInMinutes * 60_000,
  };
}

/** In sequence, only the first step is open; the others wait for their turn. */
function newStep(
  check: Check,
  step: { id: string; index: number; now: number; executionOrder: Approval['executionOrder'] },
): ApprovalStep {
  const isOpen = step.executionOrder === 'anyOrder' || step.index === 0;
  return {
    assignedApproverId: step.id,
    status: isOpen ? 'pending' : 'uninitiated',
    order: step.index + 1,
    ...(isOpen ? { initiatedAt: step.now } : {}),
    changedAt: step.now,
    changedById: check.createdById,
    history: [],
  };
}
