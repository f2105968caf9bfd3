import { type Context, nextNumber } from '../context.ts';
import { raise } from '../hooks/raise.ts';
import { addPerson, personNamed } from '../people.ts';
import { repositoryNamed } from './commits.ts';
import type { Iteration, PullRequest } from './rows.ts';

/** A pull request to open. */
export interface NewPullRequest {
  project: string;
  /** Name of the repository; the project's first when absent. */
  repository?: string;
  title: string;
  description?: string;
  /** Full name of the source branch. */
  sourceBranch: string;
  /** Default `refs/heads/main`. */
  targetBranch?: string;
  /** Head of the source branch. */
  commit: string;
  targetCommit?: string;
  createdBy?: string;
  isDraft?: boolean;
  reviewers?: readonly string[];
  changes?: Iteration['changes'];
}

/** A push to the source branch of a pull request. */
export interface Push {
  pullRequestId: number;
  commit: string;
  by?: string;
  changes?: Iteration['changes'];
}

/** Opens a pull request: it is created, and a merge of it is tried. Throws when project or repository is unknown. */
export function openPullRequest(context: Context, given: NewPullRequest): PullRequest {
  const { state, clock, chance } = context;
  const createdById = personId(context, given.createdBy);
  const pullRequest: PullRequest = {
    id: nextNumber(state, 'pull-request', 301),
    repositoryId: repositoryNamed(context, given).id,
    title: given.title,
    description: given.description ?? '',
    sourceBranch: given.sourceBranch,
    targetBranch: given.targetBranch ?? 'refs/heads/main',
    status: 'active',
    isDraft: given.isDraft ?? false,
    createdById,
    createdAt: clock.now(),
    mergeStatus: 'succeeded',
    mergeId: chance.uuid(),
    mergeCommit: commitId(context),
    iterations: [],
    reviewers: (given.reviewers ?? []).map((name) => ({ personId: personNamed(context, name).id, vote: 0 })),
    statuses: [],
    threads: [],
  };
  state.pullRequests.set(pullRequest.id, pullRequest);
  addIteration(context, pullRequest, { ...given, by: createdById, reason: 'create' });
  tell(context, pullRequest, { event: 'created', actorId: createdById, verb: 'created a new pull request' });
  mergeTried(context, pullRequest, createdById);
  return pullRequest;
}

/** Pushes to the source branch: a new iteration, an update, and another merge that is tried. */
export function pushToPullRequest(context: Context, push: Push): PullRequest {
  const pullRequest = pullRequestWithId(context, push.pullRequestId);
  const actorId = personId(context, push.by);
  addIteration(context, pullRequest, { ...push, by: actorId, reason: 'push' });
  pullRequest.mergeCommit = commitId(context);
  const detail = 'PushNotification';
  tell(context, pullRequest, { event: 'updated', actorId, verb: 'updated the source branch', detail });
  mergeTried(context, pullRequest, actorId);
  return pullRequest;
}

/** Completes or abandons a pull request; `git.pullrequest.updated` tells, not `merged`. */
export function closePullRequest(
  context: Context,
  { pullRequestId, status, by }: { pullRequestId: number; status: 'completed' | 'abandoned'; by?: string },
): PullRequest {
  const pullRequest = pullRequestWithId(context, pullRequestId);
  const actorId = personId(context, by);
  Object.assign(pullRequest, { status, closedAt: context.clock.now(), closedById: actorId });
  const verb = `marked the pull request as ${status}`;
  tell(context, pullRequest, { event: 'updated', actorId, verb, detail: 'StatusUpdateNotification' });
  return pullRequest;
}

interface Told {
  event: 'created' | 'updated' | 'merged';
  actorId: string;
  verb: string;
  detail?: string;
}

function tell(context: Context, { id }: PullRequest, { event, actorId, verb, detail }: Told): void {
  const subject = { kind: 'pull-request', pullRequestId: id, actorId, verb } as const;
  raise(context, { eventType: `git.pullrequest.${event}`, subject, ...(detail ? { detail } : {}) });
}

/** `merged` is about the merge commit that the service makes to see whether it can; it is no completion. */
function mergeTried(context: Context, pullRequest: PullRequest, actorId: string): void {
  const verb = 'has created a pull request merge commit';
  tell(context, pullRequest, { event: 'merged', actorId, verb, detail: pullRequest.mergeStatus });
}

function addIteration(
  { clock, state }: Context,
  pullRequest: PullRequest,
  given: {
    commit: string;
    targetCommit?: string;
    by: string;
    reason: Iteration['reason'];
    changes?: Iteration['changes'];
  },
): void {
  const last = pullRequest.iterations.at(-1);
  const repository = state.repositories.get(pullRequest.repositoryId);
  pullRequest.iterations.push({
    id: (last?.id ?? 0) + 1,
    sourceCommit: given.commit,
    targetCommit:
      given.targetCommit ?? last?.targetCommit ?? `${repository?.id}`.replaceAll('-', '').padEnd(40, '0'),
    createdAt: clock.now(),
    authorId: given.by,
    reason: given.reason,
    changes: [...(given.changes ?? last?.changes ?? [])],
  });
}

function pullRequestWithId({ state }: Context, id: number): PullRequest {
  const pullRequest = state.pullRequests.get(id);
  if (!pullRequest) throw new Error(`there is no pull request ${id}`);
  return pullRequest;
}

function personId(context: Context, name: string | undefined): string {
  if (name === undefined) return addPerson(context, { displayName: 'Sandbox Developer' }).id;
  return personNamed(context, name).id;
}

/** Forty hexadecimal digits. */
function commitId({ chance }: Context): string {
  return (chance.uuid() + chance.uuid()).replaceAll('-', '').slice(0, 40);
}
