/** A pull request with everything that hangs on it. */
export interface PullRequest {
  id: number;
  repositoryId: string;
  title: string;
  description: string;
  /** Full names of branches. */
  sourceBranch: string;
  targetBranch: string;
  status: 'active' | 'completed' | 'abandoned';
  isDraft: boolean;
  createdById: string;
  createdAt: number;
  closedAt?: number;
  closedById?: string;
  mergeStatus: 'succeeded' | 'conflicts' | 'failure' | 'rejectedByPolicy';
  mergeId: string;
  /** Commit of the attempt to merge. */
  mergeCommit: string;
  iterations: Iteration[];
  reviewers: { personId: string; vote: number }[];
  statuses: PullRequestStatus[];
  threads: Thread[];
}

/** One push to the source branch. */
export interface Iteration {
  id: number;
  sourceCommit: string;
  targetCommit: string;
  createdAt: number;
  authorId: string;
  reason: 'create' | 'push';
  /** Files of the source branch that differ from the target, with what happened to them. */
  changes: { path: string; changeType: 'add' | 'edit' | 'delete' }[];
}

export interface PullRequestStatus {
  id: number;
  iterationId?: number;
  state: string;
  description: string;
  context: { genre: string; name: string };
  targetUrl?: string;
  createdById: string;
  createdAt: number;
}

export interface Thread {
  id: number;
  status: string;
  properties: Record<string, unknown>;
  createdAt: number;
  changedAt: number;
  comments: Comment[];
}

export interface Comment {
  id: number;
  parentCommentId: number;
  content: string;
  commentType: string;
  authorId: string;
  createdAt: number;
  changedAt: number;
}
