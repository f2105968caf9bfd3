import { type Context, dateOf, organizationUrl } from '../context.ts';
import { identityOf } from '../people.ts';
import { projectReferenceOf } from '../projects.ts';
import type { Repository } from '../state.ts';
import type { Comment, Iteration, PullRequest, PullRequestStatus, Thread } from './rows.ts';

export function renderRepository(context: Context, { id, name, projectId, defaultBranch }: Repository) {
  const project = projectReferenceOf(context, projectId);
  const web = `${organizationUrl(context)}/${project.name}/_git/${name}`;
  const url = repositoryUrl(context, id);
  return { id, name, url, project, defaultBranch, remoteUrl: web, webUrl: web };
}

function repositoryUrl(context: Context, id: string): string {
  return `${organizationUrl(context)}/_apis/git/repositories/${id}`;
}

function urlOf(context: Context, { repositoryId, id }: PullRequest): string {
  return `${repositoryUrl(context, repositoryId)}/pullRequests/${id}`;
}

/** The wire form of a pull request over REST. */
export function renderPullRequest(context: Context, repository: Repository, pullRequest: PullRequest) {
  const { closedAt, closedById } = pullRequest;
  return {
    repository: renderRepository(context, repository),
    pullRequestId: pullRequest.id,
    codeReviewId: pullRequest.id,
    status: pullRequest.status,
    createdBy: identityOf(context, pullRequest.createdById),
    creationDate: dateOf(pullRequest.createdAt),
    ...(closedAt === undefined ? {} : { closedDate: dateOf(closedAt) }),
    ...(closedById === undefined ? {} : { closedBy: identityOf(context, closedById) }),
    title: pullRequest.title,
    description: pullRequest.description,
    sourceRefName: pullRequest.sourceBranch,
    targetRefName: pullRequest.targetBranch,
    mergeStatus: pullRequest.mergeStatus,
    isDraft: pullRequest.isDraft,
    mergeId: pullRequest.mergeId,
    ...mergeCommits(context, pullRequest),
    reviewers: pullRequest.reviewers.map(({ personId, vote }) => ({
      reviewerUrl: `${urlOf(context, pullRequest)}/reviewers/${personId}`,
      vote,
      hasDeclined: false,
      ...identityOf(context, personId),
    })),
    url: urlOf(context, pullRequest),
    supportsIterations: true,
  };
}

function mergeCommits(context: Context, { repositoryId, iterations, mergeCommit }: PullRequest) {
  const base = `${repositoryUrl(context, repositoryId)}/commits`;
  const commitOf = (commitId = '') => ({ commitId, url: `${base}/${commitId}` });
  const last = iterations.at(-1);
  return {
    lastMergeSourceCommit: commitOf(last?.sourceCommit),
    lastMergeTargetCommit: commitOf(last?.targetCommit),
    lastMergeCommit: commitOf(mergeCommit),
  };
}

export function renderStatus(context: Context, pullRequest: PullRequest, status: PullRequestStatus) {
  const { createdById, createdAt, ...rest } = status;
  const date = dateOf(createdAt);
  const self = { href: `${urlOf(context, pullRequest)}/statuses/${status.id}` };
  const createdBy = identityOf(context, createdById);
  return { ...rest, creationDate: date, updatedDate: date, createdBy, _links: { self } };
}

export function renderIteration(context: Context, iteration: Iteration) {
  const date = dateOf(iteration.createdAt);
  return {
    id: iteration.id,
    description: '',
    author: identityOf(context, iteration.authorId),
    createdDate: date,
    updatedDate: date,
    sourceRefCommit: { commitId: iteration.sourceCommit },
    targetRefCommit: { commitId: iteration.targetCommit },
    commonRefCommit: { commitId: iteration.targetCommit },
    reason: iteration.reason,
    hasMoreCommits: false,
  };
}

export function renderThread(context: Context, pullRequest: PullRequest, thread: Thread) {
  const { id, status, createdAt, changedAt, properties, comments } = thread;
  return {
    pullRequestThreadContext: null,
    id,
    publishedDate: dateOf(createdAt),
    lastUpdatedDate: dateOf(changedAt),
    comments: comments.map((comment) => renderComment(context, { pullRequest, thread, comment })),
    status,
    threadContext: null,
    properties: typedProperties(properties),
    isDeleted: false,
    _links: { self: { href: threadUrl(context, pullRequest, thread) } },
  };
}

export function renderComment(
  context: Context,
  { pullRequest, thread, comment }: { pullRequest: PullRequest; thread: Thread; comment: Comment },
) {
  const { id, parentCommentId, content, commentType, authorId, createdAt, changedAt } = comment;
  return {
    id,
    parentCommentId,
    author: identityOf(context, authorId),
    content,
    publishedDate: dateOf(createdAt),
    lastUpdatedDate: dateOf(changedAt),
    lastContentUpdatedDate: dateOf(changedAt),
    commentType,
    _links: { self: { href: `${threadUrl(context, pullRequest, thread)}/comments/${id}` } },
  };
}

function threadUrl(context: Context, pullRequest: PullRequest, { id }: Thread): string {
  return `${urlOf(context, pullRequest)}/threads/${id}`;
}

/** A property that was given plain is answered with its type. */
function typedProperties(properties: Thread['properties']) {
  const typed = Object.entries(properties).map(([name, value]) => {
    if (typeof value === 'object') return [name, value];
    const $type = typeof value === 'number' ? 'System.Int32' : 'System.String';
    return [name, { $type, $value: typeof value === 'number' ? value : String(value) }];
  });
  return Object.fromEntries(typed);
}
