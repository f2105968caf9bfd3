/** An environment of a project. */
export interface Environment {
  id: number;
  projectId: string;
  name: string;
  description: string;
  createdById: string;
  createdAt: number;
  /** Whether every pipeline may use it; otherwise only the permitted ones. */
  open: boolean;
  permittedPipelines: Set<number>;
}

/** A check on an environment; only approvals gate a stage of the twin. */
export interface Check {
  id: number;
  projectId: string;
  resource: { type: string; id: string; name: string };
  type: { id: string; name: string };
  settings: Record<string, unknown>;
  timeoutInMinutes: number;
  isDisabled: boolean;
  createdById: string;
  createdAt: number;
  changedById: string;
  changedAt: number;
}

export type ApprovalStatus =
  | 'uninitiated'
  | 'pending'
  | 'approved'
  | 'rejected'
  | 'skipped'
  | 'canceled'
  | 'timedOut';

/** One approver's turn; a group is one approver and any member speaks for it. */
export interface ApprovalStep {
  assignedApproverId: string;
  actualApproverId?: string;
  status: ApprovalStatus;
  comment?: string;
  order: number;
  initiatedAt?: number;
  changedAt: number;
  changedById: string;
  history: { assignedToId: string; createdById: string; createdAt: number; comment: string }[];
}

/** One approval check of one attempt of a stage. */
export interface Approval {
  id: string;
  projectId: string;
  buildId: number;
  stageName: string;
  attempt: number;
  environmentId: number;
  status: ApprovalStatus;
  steps: ApprovalStep[];
  executionOrder: 'anyOrder' | 'inSequence';
  /** 0: every approver must approve. */
  minRequiredApprovers: number;
  instructions: string;
  blockedApproverIds: string[];
  createdAt: number;
  changedAt: number;
  timesOutAt: number;
}
