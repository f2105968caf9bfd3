import { z } from 'zod';
import { operation } from '../../twin/contract.ts';
import { count, links, listOf, PROJECT, text, versioned, versionOnly } from './shapes.ts';

const PIPELINES = `${PROJECT}/pipelines`;

export const pipelineReference = z.strictObject({
  url: z.string(),
  id: z.int(),
  revision: z.int(),
  name: z.string(),
  folder: z.string(),
});

const pipeline = pipelineReference.extend({ _links: links });

const variables = z.record(
  z.string(),
  z.strictObject({ value: z.string().nullable().optional(), isSecret: z.boolean().optional() }),
);

const resources = z.strictObject({
  repositories: z.record(
    z.string(),
    z.strictObject({
      repository: z.strictObject({ type: z.literal('azureReposGit'), id: z.string() }),
      refName: z.string(),
      version: z.string(),
    }),
  ),
  pipelines: z
    .record(z.string(), z.strictObject({ pipeline: pipelineReference, version: z.string() }))
    .optional(),
});

/** A run, as REST answers it; events carry it without resources and variables. */
export const run = z.strictObject({
  _links: links,
  templateParameters: z.record(z.string(), z.unknown()),
  variables: variables.optional(),
  pipeline: pipelineReference,
  state: z.enum(['inProgress', 'canceling', 'completed']),
  result: z.enum(['succeeded', 'failed', 'canceled']).optional(),
  createdDate: z.string(),
  finishedDate: z.string().optional(),
  url: z.string(),
  resources: resources.optional(),
  id: z.int(),
  name: z.string(),
});

const version = z.looseObject({ version: z.string().optional() });

/** What `Runs.RunPipeline` takes. */
export const runParameters = z.strictObject({
  resources: z
    .strictObject({
      builds: z.record(z.string(), version).optional(),
      containers: z.record(z.string(), version).optional(),
      packages: z.record(z.string(), version).optional(),
      pipelines: z.record(z.string(), version).optional(),
      repositories: z
        .record(z.string(), z.looseObject({ refName: z.string().optional(), version: z.string().optional() }))
        .optional(),
    })
    .optional(),
  templateParameters: z.record(z.string(), z.unknown()).optional(),
  variables: variables.optional(),
  stagesToSkip: z.array(z.string()).optional(),
  previewRun: z.boolean().optional(),
  yamlOverride: z.string().optional(),
});

export const listPipelines = operation({
  name: 'Pipelines.List',
  method: 'GET',
  path: PIPELINES,
  query: versioned({ orderBy: text, $top: count, continuationToken: text }),
  responses: { 200: listOf(pipeline) },
});

export const getPipeline = operation({
  name: 'Pipelines.Get',
  method: 'GET',
  path: `${PIPELINES}/{pipelineId}`,
  query: versioned({ pipelineVersion: text }),
  responses: { 200: pipeline },
  errors: [404],
});

export const runPipeline = operation({
  name: 'Runs.RunPipeline',
  method: 'POST',
  path: `${PIPELINES}/{pipelineId}/runs`,
  query: versioned({ pipelineVersion: text }),
  body: runParameters,
  responses: { 200: run },
  errors: [400, 404],
});

export const listRuns = operation({
  name: 'Runs.List',
  method: 'GET',
  path: `${PIPELINES}/{pipelineId}/runs`,
  query: versionOnly,
  responses: { 200: listOf(run) },
  errors: [404],
});

export const getRun = operation({
  name: 'Runs.Get',
  method: 'GET',
  path: `${PIPELINES}/{pipelineId}/runs/{runId}`,
  query: versionOnly,
  responses: { 200: run },
  errors: [404],
});

export const getRunArtifact = operation({
  name: 'RunArtifacts.Get',
  method: 'GET',
  path: `${PIPELINES}/{pipelineId}/runs/{runId}/artifacts`,
  query: versioned({ artifactName: z.string(), $expand: z.enum(['none', 'signedContent']).optional() }),
  responses: {
    200: z.strictObject({
      name: z.string(),
      url: z.string(),
      signedContent: z.strictObject({ url: z.string(), signatureExpires: z.string() }).optional(),
    }),
  },
  errors: [404],
});
