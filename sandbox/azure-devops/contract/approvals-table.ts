import { z } from 'zod';
import { operation } from '../../twin/contract.ts';
import {
  csv,
  identity,
  identityGiven,
  links,
  listOf,
  PROJECT,
  text,
  versioned,
  versionOnly,
} from './shapes.ts';

const APPROVALS = `${PROJECT}/pipelines/approvals`;

export const approvalStatus = z.enum([
  'undefined',
  'uninitiated',
  'pending',
  'approved',
  'rejected',
  'skipped',
  'canceled',
  'timedOut',
  'failed',
  'completed',
  'all',
]);

const history = z.strictObject({
  assignedTo: identity,
  createdBy: identity,
  createdOn: z.string(),
  comment: z.string(),
});

const step = z.strictObject({
  assignedApprover: identity,
  actualApprover: identity.optional(),
  status: approvalStatus,
  comment: z.string().optional(),
  order: z.int(),
  initiatedOn: z.string().optional(),
  lastModifiedBy: identity,
  lastModifiedOn: z.string().optional(),
  history: z.array(history),
  permissions: z.string().optional(),
});

/** An approval; `steps` is empty unless asked for, `pipeline` comes with 7.2 only. */
export const approval = z.strictObject({
  id: z.string(),
  steps: z.array(step),
  status: approvalStatus,
  createdOn: z.string(),
  lastModifiedOn: z.string(),
  executionOrder: z.enum(['anyOrder', 'inSequence']),
  minRequiredApprovers: z.int().optional(),
  instructions: z.string(),
  blockedApprovers: z.array(identity),
  permissions: z.string().optional(),
  _links: links,
  pipeline: z
    .strictObject({
      owner: z.strictObject({ _links: links, id: z.int(), name: z.string() }),
      id: z.string(),
      name: z.string(),
    })
    .optional(),
});

const since72 = 'since 7.2-preview.2';

export const queryApprovals = operation({
  name: 'Approvals.Query',
  method: 'GET',
  path: APPROVALS,
  query: versioned({
    approvalIds: csv,
    userIds: csv,
    assignedTo: csv,
    state: approvalStatus.optional(),
    $expand: text,
    top: z.coerce.number().optional(),
  }),
  responses: { 200: listOf(approval) },
  deviations: { 'query.assignedTo': since72, 'response.200.value.pipeline': since72 },
});

export const getApproval = operation({
  name: 'Approvals.Get',
  method: 'GET',
  path: `${APPROVALS}/{approvalId}`,
  query: versioned({ $expand: text }),
  responses: { 200: approval },
  errors: [404],
  deviations: { 'response.200.pipeline': since72 },
});

export const updateApprovals = operation({
  name: 'Approvals.Update',
  method: 'PATCH',
  path: APPROVALS,
  query: versionOnly,
  body: z.array(
    z.strictObject({
      approvalId: z.string().optional(),
      status: approvalStatus.optional(),
      comment: z.string().optional(),
      assignedApprover: identityGiven.optional(),
      reassignTo: identityGiven.optional(),
    }),
  ),
  responses: { 200: listOf(approval) },
  errors: [400, 404],
  deviations: { 'response.200.value.pipeline': since72 },
});
