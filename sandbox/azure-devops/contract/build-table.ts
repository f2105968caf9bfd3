import { z } from 'zod';
import { bytes, noBody, operation } from '../../twin/contract.ts';
import {
  artifact,
  build,
  buildResult,
  buildStatus,
  definitionReference,
  timeline,
  undocumentedBuildFields,
} from './build-shapes.ts';
import { count, csv, listOf, PROJECT, text, versioned, versionOnly } from './shapes.ts';

const BUILDS = `${PROJECT}/build/builds`;

export const listBuilds = operation({
  name: 'Builds.List',
  method: 'GET',
  path: BUILDS,
  query: versioned({
    definitions: csv,
    buildNumber: text,
    minTime: text,
    maxTime: text,
    reasonFilter: text,
    statusFilter: text,
    resultFilter: text,
    tagFilters: csv,
    $top: count,
    continuationToken: text,
    queryOrder: text,
    branchName: text,
    buildIds: csv,
  }),
  responses: { 200: listOf(build) },
  errors: [400, 404],
  deviations: undocumentedBuildFields('response.200.value'),
});

export const getBuild = operation({
  name: 'Builds.Get',
  method: 'GET',
  path: `${BUILDS}/{buildId}`,
  query: versioned({ propertyFilters: text }),
  responses: { 200: build },
  errors: [404],
  deviations: undocumentedBuildFields('response.200'),
});

export const updateBuild = operation({
  name: 'Builds.Update',
  method: 'PATCH',
  path: `${BUILDS}/{buildId}`,
  query: versionOnly,
  body: z.strictObject({ status: buildStatus.optional(), result: buildResult.optional() }),
  responses: { 200: build },
  errors: [400, 404],
  deviations: undocumentedBuildFields('response.200'),
});

export const updateStage = operation({
  name: 'Stages.Update',
  method: 'PATCH',
  path: `${BUILDS}/{buildId}/stages/{stageRefName}`,
  query: versionOnly,
  body: z.strictObject({
    state: z.enum(['cancel', 'retry']).optional(),
    forceRetryAllJobs: z.boolean().optional(),
  }),
  responses: { 204: noBody },
  errors: [400, 404],
  deviations: { 'response.204': 'the service answers without content' },
});

export const getTags = operation({
  name: 'Tags.Get',
  method: 'GET',
  path: `${BUILDS}/{buildId}/tags`,
  query: versionOnly,
  responses: { 200: listOf(z.string()) },
  errors: [404],
});

export const addTag = operation({
  name: 'Tags.Add',
  method: 'PUT',
  path: `${BUILDS}/{buildId}/tags/{tag}`,
  query: versionOnly,
  responses: { 200: listOf(z.string()) },
  errors: [404],
});

export const addTags = operation({
  name: 'Tags.AddMany',
  method: 'POST',
  path: `${BUILDS}/{buildId}/tags`,
  query: versionOnly,
  body: z.array(z.string()),
  responses: { 200: listOf(z.string()) },
  errors: [404],
});

export const getTimeline = operation({
  name: 'Timeline.Get',
  method: 'GET',
  path: `${BUILDS}/{buildId}/timeline/{timelineId}`,
  query: versionOnly,
  responses: { 200: timeline },
  errors: [404],
});

export const getOnlyTimeline = operation({
  ...getTimeline,
  path: `${BUILDS}/{buildId}/timeline`,
  deviations: { operation: 'the id of the timeline may be left out' },
});

export const listArtifacts = operation({
  name: 'Artifacts.List',
  method: 'GET',
  path: `${BUILDS}/{buildId}/artifacts`,
  query: versionOnly,
  responses: { 200: listOf(artifact) },
  errors: [404],
});

export const getArtifact = operation({
  name: 'Artifacts.Get',
  method: 'GET',
  path: `${BUILDS}/{buildId}/artifacts?artifactName={artifactName}`,
  query: versioned({ artifactName: z.string(), $format: z.enum(['json', 'zip']).optional() }),
  responses: { 200: z.union([artifact, bytes]), 302: noBody },
  errors: [404],
  deviations: {
    'query.$format': 'part of the download URL that the service hands out',
    'response.302': 'where the content of a pipeline artifact is',
  },
});

export const listDefinitions = operation({
  name: 'Definitions.List',
  method: 'GET',
  path: `${PROJECT}/build/definitions`,
  query: versioned({ name: text, path: text, definitionIds: csv, $top: count, continuationToken: text }),
  responses: { 200: listOf(definitionReference) },
});
