import { z } from 'zod';
import { identity, links, projectReference } from './shapes.ts';

export const repository = z.strictObject({
  id: z.string(),
  name: z.string(),
  url: z.string(),
  project: projectReference,
  defaultBranch: z.string(),
  remoteUrl: z.string(),
  webUrl: z.string(),
});

const commit = z.strictObject({ commitId: z.string(), url: z.string() });

const reviewer = identity.extend({ reviewerUrl: z.string(), vote: z.int(), hasDeclined: z.boolean() });

export const pullRequest = z.strictObject({
  repository,
  pullRequestId: z.int(),
  codeReviewId: z.int(),
  status: z.enum(['active', 'abandoned', 'completed']),
  createdBy: identity,
  creationDate: z.string(),
  closedDate: z.string().optional(),
  closedBy: identity.optional(),
  title: z.string(),
  description: z.string(),
  sourceRefName: z.string(),
  targetRefName: z.string(),
  mergeStatus: z.enum(['succeeded', 'conflicts', 'failure', 'rejectedByPolicy']),
  isDraft: z.boolean(),
  mergeId: z.string(),
  lastMergeSourceCommit: commit,
  lastMergeTargetCommit: commit,
  lastMergeCommit: commit,
  reviewers: z.array(reviewer),
  url: z.string(),
  supportsIterations: z.boolean(),
});

const statusState = z.enum(['notSet', 'pending', 'succeeded', 'failed', 'error', 'notApplicable']);

export const statusGiven = z.strictObject({
  state: statusState.optional(),
  description: z.string().optional(),
  context: z.strictObject({ genre: z.string().optional(), name: z.string().optional() }).optional(),
  targetUrl: z.string().optional(),
  iterationId: z.int().optional(),
});

export const pullRequestStatus = z.strictObject({
  id: z.int(),
  iterationId: z.int().optional(),
  state: statusState,
  description: z.string(),
  context: z.strictObject({ genre: z.string(), name: z.string() }),
  creationDate: z.string(),
  updatedDate: z.string(),
  createdBy: identity,
  targetUrl: z.string().optional(),
  _links: links,
});

export const iteration = z.strictObject({
  id: z.int(),
  description: z.string(),
  author: identity,
  createdDate: z.string(),
  updatedDate: z.string(),
  sourceRefCommit: z.strictObject({ commitId: z.string() }),
  targetRefCommit: z.strictObject({ commitId: z.string() }),
  commonRefCommit: z.strictObject({ commitId: z.string() }),
  reason: z.enum(['create', 'push']),
  hasMoreCommits: z.boolean(),
});

export const changes = z.strictObject({
  changeEntries: z.array(
    z.strictObject({
      changeTrackingId: z.int(),
      changeId: z.int(),
      item: z.looseObject({ objectId: z.string(), path: z.string() }),
      changeType: z.enum(['add', 'edit', 'delete']),
    }),
  ),
  nextSkip: z.int().optional(),
  nextTop: z.int().optional(),
});

const THREAD_STATUSES = ['unknown', 'active', 'fixed', 'wontFix', 'closed', 'byDesign', 'pending'] as const;
const COMMENT_TYPES = ['unknown', 'text', 'codeChange', 'system'] as const;

/** An enumeration that is answered by name and may be asked for by number. */
function named<Names extends readonly string[]>(names: Names) {
  const number = z
    .int()
    .min(0)
    .max(names.length - 1)
    .transform((index) => names[index] ?? '');
  return z.union([z.enum(names), number]).optional();
}

export const commentGiven = z.strictObject({
  content: z.string().optional(),
  parentCommentId: z.int().optional(),
  commentType: named(COMMENT_TYPES),
});

/** A property is a plain value, or a value with its type. */
const propertyBag = z.record(z.string(), z.unknown());

export const threadGiven = z.strictObject({
  comments: z.array(commentGiven).optional(),
  status: named(THREAD_STATUSES),
  properties: propertyBag.optional(),
  threadContext: z.looseObject({}).nullable().optional(),
});

export const comment = z.strictObject({
  id: z.int(),
  parentCommentId: z.int(),
  author: identity,
  content: z.string(),
  publishedDate: z.string(),
  lastUpdatedDate: z.string(),
  lastContentUpdatedDate: z.string(),
  commentType: z.string(),
  _links: links,
});

export const thread = z.strictObject({
  pullRequestThreadContext: z.null(),
  id: z.int(),
  publishedDate: z.string(),
  lastUpdatedDate: z.string(),
  comments: z.array(comment),
  status: z.string(),
  threadContext: z.null(),
  properties: propertyBag,
  isDeleted: z.boolean(),
  _links: links,
});
