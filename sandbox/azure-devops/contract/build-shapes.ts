import { z } from 'zod';
import { identity, links, projectReference } from './shapes.ts';

const planReference = z.strictObject({ planId: z.string() });

export const definitionReference = z.strictObject({
  drafts: z.array(z.never()),
  id: z.int(),
  name: z.string(),
  url: z.string(),
  uri: z.string(),
  path: z.string(),
  type: z.literal('build'),
  queueStatus: z.literal('enabled'),
  revision: z.int(),
  project: projectReference,
});

const queue = z.strictObject({
  id: z.int(),
  name: z.string(),
  pool: z.strictObject({ id: z.int(), name: z.string(), isHosted: z.boolean() }),
});

const repository = z.strictObject({
  id: z.string(),
  type: z.literal('TfsGit'),
  name: z.string(),
  url: z.string(),
  clean: z.null(),
  checkoutSubmodules: z.boolean(),
});

export const buildStatus = z.enum(['inProgress', 'completed', 'cancelling', 'postponed', 'notStarted']);
export const buildResult = z.enum(['none', 'succeeded', 'partiallySucceeded', 'failed', 'canceled']);

/** A build, as REST answers it and as `build.complete` 2.0 carries it. */
export const build = z.strictObject({
  _links: links,
  properties: z.record(z.string(), z.unknown()),
  tags: z.array(z.string()),
  validationResults: z.array(z.unknown()),
  plans: z.array(planReference),
  triggerInfo: z.record(z.string(), z.string()),
  templateParameters: z.record(z.string(), z.string()).optional(),
  id: z.int(),
  buildNumber: z.string(),
  status: buildStatus,
  result: buildResult.optional(),
  queueTime: z.string(),
  startTime: z.string().optional(),
  finishTime: z.string().optional(),
  url: z.string(),
  definition: definitionReference,
  project: projectReference,
  uri: z.string(),
  sourceBranch: z.string(),
  sourceVersion: z.string(),
  queue,
  priority: z.literal('normal'),
  reason: z.string(),
  requestedFor: identity,
  requestedBy: identity,
  lastChangedDate: z.string(),
  lastChangedBy: identity,
  orchestrationPlan: planReference,
  logs: z.strictObject({ id: z.int(), type: z.string(), url: z.string() }),
  repository,
  retainedByRelease: z.boolean(),
  triggeredByBuild: z.null(),
});

/** Fields on the wire that the published description leaves out. */
export function undocumentedBuildFields(at: string): Record<string, string> {
  const why = 'seen on the wire';
  return { [`${at}.tags`]: why, [`${at}.definition.drafts`]: why };
}

const record = z.strictObject({
  previousAttempts: z.array(
    z.strictObject({ attempt: z.int(), timelineId: z.string(), recordId: z.string() }),
  ),
  id: z.string(),
  parentId: z.string().nullable(),
  type: z.string(),
  name: z.string(),
  startTime: z.string().nullable(),
  finishTime: z.string().nullable(),
  state: z.enum(['pending', 'inProgress', 'completed']),
  result: z
    .enum(['succeeded', 'succeededWithIssues', 'failed', 'canceled', 'skipped', 'abandoned'])
    .nullable(),
  order: z.int(),
  attempt: z.int(),
  identifier: z.string(),
});

/** The records of a run: Stage, Phase, Job, Checkpoint and Checkpoint.* ; parents are named by id. */
export const timeline = z.strictObject({
  records: z.array(record),
  lastChangedBy: z.string(),
  lastChangedOn: z.string(),
  id: z.string(),
  changeId: z.int(),
  url: z.string(),
});

/** An artifact of either kind; `resource.data` is where its content lies in the service. */
export const artifact = z.strictObject({
  id: z.int(),
  name: z.string(),
  source: z.string(),
  resource: z.strictObject({
    type: z.enum(['Container', 'PipelineArtifact']),
    data: z.string(),
    properties: z.record(z.string(), z.string()),
    url: z.string(),
    downloadUrl: z.string(),
  }),
});
