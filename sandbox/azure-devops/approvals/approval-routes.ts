import { json } from '../../twin/exchange.ts';
import { type Call, type Route, route } from '../../twin/route.ts';
import type { Context } from '../context.ts';
import { getApproval, queryApprovals, updateApprovals } from '../contract/approvals-table.ts';
import { list } from '../page.ts';
import { callerOf, findPerson, speaksFor } from '../people.ts';
import { projectOf } from '../projects.ts';
import { invalid } from '../refusals.ts';
import { approvalOf, reassign, vote } from './decide-approval.ts';
import { type ApprovalView, renderApproval } from './render-approval.ts';
import type { Approval } from './rows.ts';

export function approvalRoutes(context: Context): Route[] {
  return [
    route(queryApprovals, (call) => {
      const { approvalIds, userIds, assignedTo, state, top = 1000 } = call.query;
      const askedFor = [...(userIds ?? []), ...(assignedTo ?? [])];
      const project = projectOf(context, call);
      const fitting = [...context.state.approvals.values()].filter(
        (approval) =>
          approval.projectId === project.id &&
          (!approvalIds || approvalIds.includes(approval.id)) &&
          (!state || state === 'all' || approval.status === state) &&
          (askedFor.length === 0 || isAssigned(context, approval, askedFor)),
      );
      return list(
        fitting.slice(0, top).map((approval) => renderApproval(context, approval, viewOf(context, call))),
      );
    }),
    route(getApproval, (call) => {
      const approval = approvalOf(context, projectOf(context, call).id, call.param('approvalId'));
      return json(renderApproval(context, approval, viewOf(context, call)));
    }),
    route(updateApprovals, (call) => {
      const project = projectOf(context, call);
      const caller = callerOf(context, call.principal).id;
      const changed = call.body.map((update) => applyUpdate(context, project.id, { update, caller }));
      const view = { withSteps: true, withPipeline: isFrom72(call) };
      return list(changed.map((approval) => renderApproval(context, approval, view)));
    }),
  ];
}

type Update = (typeof updateApprovals.body)['_zod']['output'][number];

function applyUpdate(
  context: Context,
  projectId: string,
  { update, caller }: { update: Update; caller: string },
): Approval {
  const { approvalId, status, comment, reassignTo } = update;
  if (!approvalId) throw invalid('an update needs the id of its approval');
  const approval = approvalOf(context, projectId, approvalId);
  if (reassignTo) {
    const approver = findPerson(context, reassignTo.id ?? '');
    if (!approver) throw invalid('the new approver is unknown');
    reassign(context, approval, { callerId: caller, approverId: approver.id, comment: comment ?? '' });
  } else if (status === 'approved' || status === 'rejected') {
    vote(context, approval, { personId: caller, status, comment });
  } else throw invalid('an approval can be approved, rejected or reassigned');
  return approval;
}

/** Users are named by id or by sign-in name; membership of a group counts. */
function isAssigned(context: Context, { steps }: Approval, users: readonly string[]): boolean {
  const ids = users.map((user) => findPerson(context, user)?.id ?? user);
  return steps.some(({ assignedApproverId }) => ids.some((id) => speaksFor(context, id, assignedApproverId)));
}

function viewOf(
  context: Context,
  call: Call<{ $expand?: string | undefined; 'api-version': string }, unknown>,
): ApprovalView {
  const expand = (call.query.$expand ?? '').split(',');
  const permissionsOf = expand.includes('permissions') ? callerOf(context, call.principal).id : undefined;
  return { withSteps: expand.includes('steps'), withPipeline: isFrom72(call), permissionsOf };
}

function isFrom72(call: { query: { 'api-version': string } }): boolean {
  return call.query['api-version'].startsWith('7.2');
}
