import { definitionOf, projectUrl } from '../builds/render-build.ts';
import { type Context, dateOf } from '../context.ts';
import { identityOf, speaksFor } from '../people.ts';
import type { Approval, ApprovalStep } from './rows.ts';

/** What of an approval is asked for. */
export interface ApprovalView {
  withSteps: boolean;
  /** Whose permissions are asked for. */
  permissionsOf?: string | undefined;
  /** The run, which only 7.2 names. */
  withPipeline: boolean;
}

/** The wire form of an approval over REST. */
export function renderApproval(context: Context, approval: Approval, view: ApprovalView) {
  const { permissionsOf } = view;
  const self = `${projectUrl(context, approval.projectId)}/_apis/pipelines/approvals/${approval.id}`;
  const steps = view.withSteps ? approval.steps.map((step) => renderStep(context, step, permissionsOf)) : [];
  return {
    ...approvalCore(context, approval, steps),
    ...(approval.minRequiredApprovers > 0 ? { minRequiredApprovers: approval.minRequiredApprovers } : {}),
    ...(permissionsOf ? { permissions: permissionOf(context, approval.steps, permissionsOf) } : {}),
    _links: { self: { href: self } },
    ...(view.withPipeline ? { pipeline: pipelineWithLinks(context, approval) } : {}),
  };
}

/** The approval inside an event: with its run, and with steps that do not say when they changed. */
export function renderApprovalInEvent(context: Context, approval: Approval) {
  const steps = approval.steps.map((step) => {
    const { lastModifiedOn: _left, ...rest } = renderStep(context, step);
    return rest;
  });
  const min = approval.minRequiredApprovers || approval.steps.length;
  return {
    ...approvalCore(context, approval, steps),
    pipeline: pipelineOfApproval(context, approval),
    ...(approval.status === 'pending' ? {} : { minRequiredApprovers: min }),
  };
}

function approvalCore(context: Context, approval: Approval, steps: readonly unknown[]) {
  return {
    id: approval.id,
    steps,
    status: approval.status,
    createdOn: dateOf(approval.createdAt),
    lastModifiedOn: dateOf(approval.changedAt),
    executionOrder: approval.executionOrder,
    instructions: approval.instructions,
    blockedApprovers: approval.blockedApproverIds.map((id) => identityOf(context, id)),
  };
}

/** Owner is the run: its id is the id of the build. */
export function pipelineOfApproval(context: Context, { buildId }: Approval) {
  const build = context.state.builds.get(buildId);
  const definition = definitionOf(context, build?.definitionId ?? 0);
  const owner = { id: buildId, name: build?.buildNumber ?? '' };
  return { owner, id: String(definition.id), name: definition.name };
}

function pipelineWithLinks(context: Context, approval: Approval) {
  const { owner, ...pipeline } = pipelineOfApproval(context, approval);
  const web = { href: `${projectUrl(context, approval.projectId)}/_build/results?buildId=${owner.id}` };
  return { owner: { _links: { web }, ...owner }, ...pipeline };
}

function renderStep(context: Context, step: ApprovalStep, permissionsOf?: string) {
  const { status, order, comment, actualApproverId, initiatedAt } = step;
  return {
    assignedApprover: identityOf(context, step.assignedApproverId),
    ...(actualApproverId === undefined ? {} : { actualApprover: identityOf(context, actualApproverId) }),
    status,
    ...(comment === undefined ? {} : { comment }),
    order,
    ...(initiatedAt === undefined ? {} : { initiatedOn: dateOf(initiatedAt) }),
    lastModifiedBy: identityOf(context, step.changedById),
    lastModifiedOn: dateOf(step.changedAt),
    history: step.history.map((entry) => ({
      assignedTo: identityOf(context, entry.assignedToId),
      createdBy: identityOf(context, entry.createdById),
      createdOn: dateOf(entry.createdAt),
      comment: entry.comment,
    })),
    ...(permissionsOf ? { permissions: permissionOf(context, [step], permissionsOf) } : {}),
  };
}

function permissionOf(context: Context, steps: readonly ApprovalStep[], personId: string): string {
  const mayUpdate = steps.some(({ assignedApproverId }) => speaksFor(context, personId, assignedApproverId));
  return mayUpdate ? 'update' : 'view';
}
