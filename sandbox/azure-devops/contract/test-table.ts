import { z } from 'zod';
import { operation } from '../../twin/contract.ts';
import { count, flag, identity, listOf, PROJECT, text, versioned, versionOnly } from './shapes.ts';

const RUNS = `${PROJECT}/test/runs`;
const ONE = `${RUNS}/{runId}`;

const shallow = z.strictObject({
  id: z.string(),
  name: z.string().optional(),
  url: z.string().optional(),
});

const run = z.strictObject({
  id: z.int(),
  name: z.string(),
  url: z.string(),
  build: shallow.optional(),
  isAutomated: z.boolean(),
  owner: identity,
  project: shallow,
  startedDate: z.string(),
  completedDate: z.string().optional(),
  state: z.string(),
  totalTests: z.int(),
  incompleteTests: z.int(),
  notApplicableTests: z.int(),
  passedTests: z.int(),
  unanalyzedTests: z.int(),
  createdDate: z.string(),
  lastUpdatedDate: z.string(),
  lastUpdatedBy: identity,
  comment: z.string().optional(),
  errorMessage: z.string().optional(),
  revision: z.int(),
  runStatistics: z.array(z.strictObject({ state: z.string(), outcome: z.string(), count: z.int() })),
  webAccessUrl: z.string(),
});

const reference = z.looseObject({ id: z.union([z.string(), z.int()]).optional() });

export const createRun = operation({
  name: 'TestRuns.Create',
  method: 'POST',
  path: RUNS,
  query: versionOnly,
  body: z.strictObject({
    name: z.string(),
    build: reference.optional(),
    automated: z.boolean().optional(),
    state: z.string().optional(),
    comment: z.string().optional(),
    startDate: z.string().optional(),
    type: z.string().optional(),
  }),
  responses: { 200: run },
  errors: [400],
  deviations: {
    'body.name': 'a run without a name is refused',
    'body.build.id': 'ids come as text or as numbers',
  },
});

export const listRuns = operation({
  name: 'TestRuns.List',
  method: 'GET',
  path: RUNS,
  query: versioned({
    buildUri: text,
    owner: text,
    includeRunDetails: flag,
    automated: flag,
    $skip: count,
    $top: count,
  }),
  responses: { 200: listOf(run) },
});

export const getRun = operation({
  name: 'TestRuns.Get',
  method: 'GET',
  path: ONE,
  query: versioned({ includeDetails: flag }),
  responses: { 200: run },
  errors: [404],
});

export const updateRun = operation({
  name: 'TestRuns.Update',
  method: 'PATCH',
  path: ONE,
  query: versionOnly,
  body: z.strictObject({
    name: z.string().optional(),
    state: z.string().optional(),
    comment: z.string().optional(),
    errorMessage: z.string().optional(),
    completedDate: z.string().optional(),
    startedDate: z.string().optional(),
  }),
  responses: { 200: run },
  errors: [400, 404],
});

const resultGiven = z.strictObject({
  id: z.int().optional(),
  testCaseTitle: z.string().optional(),
  automatedTestName: z.string().optional(),
  automatedTestStorage: z.string().optional(),
  automatedTestType: z.string().optional(),
  outcome: z.string().optional(),
  state: z.string().optional(),
  durationInMs: z.number().optional(),
  errorMessage: z.string().optional(),
  stackTrace: z.string().optional(),
  comment: z.string().optional(),
  computerName: z.string().optional(),
  priority: z.int().optional(),
  startedDate: z.string().optional(),
  completedDate: z.string().optional(),
});

const result = resultGiven.extend({
  id: z.int(),
  outcome: z.string(),
  state: z.string(),
  project: shallow,
  testRun: shallow,
  lastUpdatedBy: identity,
  createdDate: z.string(),
  url: z.string(),
});

export const addResults = operation({
  name: 'TestResults.Add',
  method: 'POST',
  path: `${ONE}/results`,
  query: versionOnly,
  body: z.array(resultGiven),
  responses: { 200: listOf(result) },
  errors: [400, 404],
});

export const updateResults = operation({
  ...addResults,
  name: 'TestResults.Update',
  method: 'PATCH',
});

export const listResults = operation({
  name: 'TestResults.List',
  method: 'GET',
  path: `${ONE}/results`,
  query: versioned({ detailsToInclude: text, $skip: count, $top: count, outcomes: text }),
  responses: { 200: listOf(result) },
  errors: [404],
});

const attachmentGiven = z.strictObject({
  stream: z.string(),
  fileName: z.string(),
  comment: z.string().optional(),
  attachmentType: z.string().optional(),
});

export const attachToRun = operation({
  name: 'TestAttachments.CreateForRun',
  method: 'POST',
  path: `${ONE}/attachments`,
  query: versionOnly,
  body: attachmentGiven,
  responses: { 200: z.strictObject({ id: z.int(), url: z.string() }) },
  errors: [400, 404],
  deviations: {
    'body.stream': 'an attachment without content is refused',
    'body.fileName': 'an attachment without a name is refused',
  },
});

export const attachToResult = operation({
  ...attachToRun,
  name: 'TestAttachments.CreateForResult',
  path: `${ONE}/results/{testCaseResultId}/attachments`,
});

export const listAttachments = operation({
  name: 'TestAttachments.List',
  method: 'GET',
  path: `${ONE}/attachments`,
  query: versionOnly,
  responses: {
    200: listOf(
      z.strictObject({
        id: z.int(),
        fileName: z.string(),
        comment: z.string(),
        size: z.int(),
        createdDate: z.string(),
        url: z.string(),
        attachmentType: z.string(),
      }),
    ),
  },
  errors: [404],
});
