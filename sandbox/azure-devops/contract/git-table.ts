import { z } from 'zod';
import { bytes, operation } from '../../twin/contract.ts';
import {
  changes,
  comment,
  commentGiven,
  iteration,
  pullRequest,
  pullRequestStatus,
  repository,
  statusGiven,
  thread,
  threadGiven,
} from './git-shapes.ts';
import { count, flag, listOf, PROJECT, text, versioned, versionOnly } from './shapes.ts';

const REPOSITORIES = `${PROJECT}/git/repositories`;
const PULL_REQUESTS = `${REPOSITORIES}/{repositoryId}/pullrequests`;
const ONE = `${PULL_REQUESTS}/{pullRequestId}`;

export const listRepositories = operation({
  name: 'Repositories.List',
  method: 'GET',
  path: REPOSITORIES,
  query: versionOnly,
  responses: { 200: listOf(repository) },
});

export const getRepository = operation({
  name: 'Repositories.Get',
  method: 'GET',
  path: `${REPOSITORIES}/{repositoryId}`,
  query: versionOnly,
  responses: { 200: repository },
  errors: [404],
});

/** The whole content of a commit or a branch, as a ZIP. */
export const getItems = operation({
  name: 'Items.Zip',
  method: 'GET',
  path: `${REPOSITORIES}/{repositoryId}/items`,
  query: versioned({
    scopePath: text,
    recursionLevel: text,
    $format: z.literal('zip'),
    download: flag,
    zipForUnix: flag,
    'versionDescriptor.version': text,
    'versionDescriptor.versionType': z.enum(['branch', 'commit']).optional(),
  }),
  responses: { 200: bytes },
  errors: [404],
  deviations: { 'query.$format': 'this twin serves the content as a ZIP only' },
});

export const listPullRequests = operation({
  name: 'PullRequests.List',
  method: 'GET',
  path: PULL_REQUESTS,
  query: versioned({
    'searchCriteria.status': z.enum(['active', 'abandoned', 'completed', 'all', 'notSet']).optional(),
    'searchCriteria.sourceRefName': text,
    'searchCriteria.targetRefName': text,
    'searchCriteria.creatorId': text,
    $skip: count,
    $top: count,
  }),
  responses: { 200: listOf(pullRequest) },
  errors: [404],
});

export const getPullRequest = operation({
  name: 'PullRequests.Get',
  method: 'GET',
  path: ONE,
  query: versioned({ includeCommits: flag, includeWorkItemRefs: flag }),
  responses: { 200: pullRequest },
  errors: [404],
});

export const getPullRequestById = operation({
  name: 'PullRequests.GetById',
  method: 'GET',
  path: `${PROJECT}/git/pullrequests/{pullRequestId}`,
  query: versionOnly,
  responses: { 200: pullRequest },
  errors: [404],
});

export const createStatus = operation({
  name: 'PullRequestStatuses.Create',
  method: 'POST',
  path: `${ONE}/statuses`,
  query: versionOnly,
  body: statusGiven,
  responses: { 200: pullRequestStatus },
  errors: [400, 404],
});

export const listStatuses = operation({
  name: 'PullRequestStatuses.List',
  method: 'GET',
  path: `${ONE}/statuses`,
  query: versionOnly,
  responses: { 200: listOf(pullRequestStatus) },
  errors: [404],
});

export const createIterationStatus = operation({
  ...createStatus,
  name: 'PullRequestIterationStatuses.Create',
  path: `${ONE}/iterations/{iterationId}/statuses`,
});

export const listIterationStatuses = operation({
  ...listStatuses,
  name: 'PullRequestIterationStatuses.List',
  path: `${ONE}/iterations/{iterationId}/statuses`,
});

export const listIterations = operation({
  name: 'PullRequestIterations.List',
  method: 'GET',
  path: `${ONE}/iterations`,
  query: versioned({ includeCommits: flag }),
  responses: { 200: listOf(iteration) },
  errors: [404],
});

export const getChanges = operation({
  name: 'PullRequestIterationChanges.Get',
  method: 'GET',
  path: `${ONE}/iterations/{iterationId}/changes`,
  query: versioned({ $top: count, $skip: count, $compareTo: count }),
  responses: { 200: changes },
  errors: [404],
  deviations: { 'response.200.changeEntries.item': 'the published examples hold an object' },
});

export const createThread = operation({
  name: 'PullRequestThreads.Create',
  method: 'POST',
  path: `${ONE}/threads`,
  query: versionOnly,
  body: threadGiven,
  responses: { 200: thread },
  errors: [400, 404],
});

export const listThreads = operation({
  name: 'PullRequestThreads.List',
  method: 'GET',
  path: `${ONE}/threads`,
  query: versionOnly,
  responses: { 200: listOf(thread) },
  errors: [404],
});

export const getThread = operation({
  name: 'PullRequestThreads.Get',
  method: 'GET',
  path: `${ONE}/threads/{threadId}`,
  query: versionOnly,
  responses: { 200: thread },
  errors: [404],
});

export const updateThread = operation({
  ...createThread,
  name: 'PullRequestThreads.Update',
  method: 'PATCH',
  path: `${ONE}/threads/{threadId}`,
});

export const addComment = operation({
  name: 'PullRequestThreadComments.Create',
  method: 'POST',
  path: `${ONE}/threads/{threadId}/comments`,
  query: versionOnly,
  body: commentGiven,
  responses: { 200: comment },
  errors: [400, 404],
});

export const updateComment = operation({
  ...addComment,
  name: 'PullRequestThreadComments.Update',
  method: 'PATCH',
  path: `${ONE}/threads/{threadId}/comments/{commentId}`,
});
