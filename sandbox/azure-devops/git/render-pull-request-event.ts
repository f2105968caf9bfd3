import { type Context, dateOf, organizationUrl } from '../context.ts';
import type { Rendering, Subject } from '../hooks/rows.ts';
import { identityOf, shortIdentity } from '../people.ts';
import type { PullRequest } from './rows.ts';

type PullRequestSubject = Extract<Subject, { kind: 'pull-request' }>;

/** The event of a pull request; it does not say what changed, only how the request is now. */
export function renderPullRequestEvent(context: Context, subject: PullRequestSubject): Rendering {
  const pullRequest = context.state.pullRequests.get(subject.pullRequestId);
  if (!pullRequest) throw new Error(`there is no pull request ${subject.pullRequestId}`);
  const actor = identityOf(context, subject.actorId).displayName;
  const text = `${actor} ${subject.verb}`;
  const detailedText = `${text}\r\n\r\n- Merge status: ${pullRequest.mergeStatus}\r\n`;
  return { resource: resourceOf(context, pullRequest, subject.verb), text, detailedText };
}

function resourceOf(context: Context, pullRequest: PullRequest, verb: string) {
  const repository = repositoryOf(context, pullRequest);
  const iteration = pullRequest.iterations.at(-1);
  const commitOf = (commitId = '') => ({ commitId, url: `${repository.url}/commits/${commitId}` });
  const source = commitOf(iteration?.sourceCommit);
  const { closedAt } = pullRequest;
  return {
    repository,
    pullRequestId: pullRequest.id,
    status: pullRequest.status,
    createdBy: shortIdentity(context, pullRequest.createdById),
    creationDate: dateOf(pullRequest.createdAt),
    ...(closedAt === undefined ? {} : { closedDate: dateOf(closedAt) }),
    title: pullRequest.title,
    description: pullRequest.description,
    sourceRefName: pullRequest.sourceBranch,
    targetRefName: pullRequest.targetBranch,
    mergeStatus: pullRequest.mergeStatus,
    mergeId: pullRequest.mergeId,
    isDraft: pullRequest.isDraft,
    lastMergeSourceCommit: source,
    lastMergeTargetCommit: commitOf(iteration?.targetCommit),
    lastMergeCommit: commitOf(pullRequest.mergeCommit),
    reviewers: pullRequest.reviewers.map((reviewer) => renderReviewer(context, reviewer)),
    ...(verb.startsWith('created') ? {} : { commits: [source] }),
    url: `${repository.url}/pullRequests/${pullRequest.id}`,
  };
}

function repositoryOf(context: Context, { repositoryId }: PullRequest) {
  const repository = context.state.repositories.get(repositoryId);
  const project = context.state.projects.get(repository?.projectId ?? '');
  const base = organizationUrl(context);
  return {
    id: repositoryId,
    name: repository?.name ?? '',
    url: `${base}/_apis/git/repositories/${repositoryId}`,
    project: {
      id: project?.id ?? '',
      name: project?.name ?? '',
      url: `${base}/_apis/projects/${project?.id}`,
      state: 'wellFormed',
    },
    defaultBranch: repository?.defaultBranch ?? '',
    remoteUrl: `${base}/${project?.name}/_git/${repository?.name}`,
  };
}

function renderReviewer(context: Context, { personId, vote }: PullRequest['reviewers'][number]) {
  const isContainer = context.state.people.get(personId)?.members !== undefined;
  const identity = shortIdentity(context, personId);
  return { reviewerUrl: null, vote, ...identity, ...(isContainer ? { isContainer } : {}) };
}
