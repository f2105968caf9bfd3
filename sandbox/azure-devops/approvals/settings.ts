import { z } from 'zod';

/** The check type "Approval". */
export const APPROVAL_TYPE = { id: '8c6f20a7-a545-4486-9777-f762fafe0d4d', name: 'Approval' };

/** How long an approval waits when its check does not say: 30 days. */
export const DEFAULT_TIMEOUT_IN_MINUTES = 43_200;

const approver = z.looseObject({ id: z.string() });

const approvalSettings = z.looseObject({
  approvers: z.array(approver).default([]),
  executionOrder: z
    .union([z.enum(['anyOrder', 'inSequence']), z.literal(1), z.literal(2)])
    .default('anyOrder')
    .transform((order) => (order === 'inSequence' || order === 2 ? 'inSequence' : 'anyOrder')),
  minRequiredApprovers: z.int().default(0),
  instructions: z.string().default(''),
  blockedApprovers: z.array(approver).default([]),
  requesterCannotBeApprover: z.boolean().default(false),
});

/** The settings of an approval check; throws a zod error when they are none. */
export function readSettings(settings: unknown) {
  return approvalSettings.parse(settings);
}

/** Whether these are the settings of an approval check with somebody to approve. */
export function isApprovalSettings(settings: unknown): boolean {
  const read = approvalSettings.safeParse(settings);
  return read.success && read.data.approvers.length > 0;
}
