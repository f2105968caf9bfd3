import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { AzureDevOps } from '../../../sandbox/azure-devops/azure-devops.ts';
import { readJsonSchema } from './json-schema.ts';
import { COMMIT, createOrganization, smallBuild, subscribe } from './organization.ts';

/** Third-party samples of event payloads; they lie beside the repository and are no part of it. */
const FOLDER = join(__dirname, '../../../../shared/contracts/ado/events');
const present = existsSync(FOLDER);
if (!present) process.stderr.write('skipped: no samples to compare the events of Azure DevOps with\n');
const testWithSamples = present ? test : test.skip;

const STAGE = 'ms.vss-pipelines.stage-state-changed-event';
const RUN = 'ms.vss-pipelines.run-state-changed-event';
const PENDING = 'ms.vss-pipelinechecks-events.approval-pending';
const COMPLETED = 'ms.vss-pipelinechecks-events.approval-completed';

const STAGES = [{ name: 'deploy', environment: 'STG' }];
const run = { project: 'parking', pipeline: 'release', requestedFor: 'Bob Example', stages: STAGES };

function startGatedRun(twin: AzureDevOps, approver = 'Ada Example') {
  const instructions = 'Look at the test report first.';
  const gate = { approvers: [approver], minRequiredApprovers: 1, instructions };
  twin.addEnvironment({ project: 'parking', name: 'STG', ...gate });
  return twin.startRun(run).id;
}

function decide(twin: AzureDevOps, status: 'approved' | 'rejected') {
  twin.decideApproval({ runId: startGatedRun(twin), person: 'Ada Example', status, comment: 'seen' });
}

function runHeldStage(twin: AzureDevOps, result: 'succeeded' | 'failed') {
  const { id } = twin.startRun({ ...run, stages: [{ name: 'deploy', holds: true }] });
  twin.completeStage({ runId: id, stage: 'deploy', result });
}

function skipStage(twin: AzureDevOps) {
  const stages = [{ name: 'first', holds: true }, { name: 'deploy' }];
  twin.completeStage({ runId: twin.startRun({ ...run, stages }).id, stage: 'first', result: 'failed' });
}

const result = (value: 'failed' | 'canceled' | 'partiallySucceeded') => (twin: AzureDevOps) =>
  void twin.publishBuild(smallBuild({ result: value }));

/** Name of a sample, what is subscribed, what is done, other inputs of the subscription; the last event is compared. */
type Case = [string, string, (twin: AzureDevOps) => void, Record<string, unknown>];

const SHAPED: Case[] = [
  ['build.complete.v2.0.succeeded', 'build.complete', (twin) => void twin.publishBuild(smallBuild()), {}],
  ['build.complete.v2.0.failed', 'build.complete', result('failed'), {}],
  ['build.complete.v2.0.canceled', 'build.complete', result('canceled'), {}],
  ['build.complete.v2.0.partiallySucceeded', 'build.complete', result('partiallySucceeded'), {}],
  [
    'build.complete.v2.0.pullRequest',
    'build.complete',
    (twin) => void twin.publishBuild(smallBuild({ reason: 'pullRequest' })),
    {},
  ],
  [
    'build.complete.v2.0.resourceDetails-minimal',
    'build.complete',
    (twin) => void twin.publishBuild(smallBuild()),
    { resourceDetailsToSend: 'minimal' },
  ],
  [
    'build.complete.v2.0.resourceDetails-none',
    'build.complete',
    (twin) => void twin.publishBuild(smallBuild()),
    { resourceDetailsToSend: 'none' },
  ],
  ['approval-pending', PENDING, (twin) => void startGatedRun(twin, 'Release Approvers'), {}],
  ['approval-completed.approved', COMPLETED, (twin) => decide(twin, 'approved'), {}],
  ['approval-completed.rejected', COMPLETED, (twin) => decide(twin, 'rejected'), {}],
  [
    'approval-completed.timedOut',
    COMPLETED,
    (twin) => void twin.timeOutApproval({ runId: startGatedRun(twin) }),
    {},
  ],
  ['run-state-changed.inProgress', RUN, (twin) => void startGatedRun(twin), {}],
  ['run-state-changed.completed.succeeded', RUN, (twin) => decide(twin, 'approved'), {}],
  ['run-state-changed.completed.failed', RUN, (twin) => decide(twin, 'rejected'), {}],
  [
    'run-state-changed.completed.canceled',
    RUN,
    (twin) => void twin.cancelRun({ runId: startGatedRun(twin), person: 'Ada Example' }),
    {},
  ],
  ['stage-state-changed.waiting', STAGE, (twin) => void startGatedRun(twin), {}],
  [
    'stage-state-changed.running',
    STAGE,
    (twin) => void twin.startRun({ ...run, stages: [{ name: 'deploy', holds: true }] }),
    {},
  ],
  ['stage-state-changed.completed.succeeded', STAGE, (twin) => runHeldStage(twin, 'succeeded'), {}],
  ['stage-state-changed.completed.failed', STAGE, (twin) => runHeldStage(twin, 'failed'), {}],
  ['stage-state-changed.completed.skipped', STAGE, skipStage, {}],
];

/** An event of the last stage is delivered when the run has ended too, and shows that. */
const LATER = ['.resource.run.finishedDate: string', '.resource.run.result: string'];

/** The last event that a subscriber got. */
async function lastEvent(
  eventType: string,
  act: (twin: AzureDevOps) => void,
  changes: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  const { twin, received } = createOrganization();
  twin.addPerson({ displayName: 'Release Approvers', members: ['Ada Example'] });
  await subscribe(twin, eventType, changes);
  act(twin);
  await twin.deliveries.deliverDue();
  return Object(JSON.parse(received.at(-1)?.body ?? 'null'));
}

/** Every path of a value with its type; items of a list share a path. */
function keyTree(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return [`${path}[]`, ...value.flatMap((item) => keyTree(item, `${path}[]`))];
  if (typeof value !== 'object' || value === null)
    return [`${path}: ${value === null ? 'null' : typeof value}`];
  return Object.entries(value).flatMap(([name, field]) => keyTree(field, `${path}.${name}`));
}

function sorted(lines: readonly string[]): string[] {
  return [...new Set(lines)].sort();
}

function sample(name: string): Record<string, unknown> {
  return Object(JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')));
}

testWithSamples.each(SHAPED)(
  '%s has the keys and types of the sample',
  async (name, eventType, act, inputs) => {
    const consumerInputs = { url: 'https://hooks.example/', ...inputs };
    const event = await lastEvent(eventType, act, { consumerInputs });
    const ours = sorted(keyTree(event)).filter((line) => !(eventType === STAGE && LATER.includes(line)));
    expect(ours).toEqual(sorted(keyTree(sample(`shaped/${name}`))));
  },
);

testWithSamples.each(SHAPED)('%s passes the schema of events', async (_name, eventType, act, inputs) => {
  const problemsOf = readJsonSchema(readFileSync(join(FOLDER, 'service-hook-events.schema.json'), 'utf8'));
  const consumerInputs = { url: 'https://hooks.example/', ...inputs };
  expect(problemsOf(await lastEvent(eventType, act, { consumerInputs }))).toEqual([]);
});

testWithSamples('the schema finds an event that is wrong', async () => {
  const problemsOf = readJsonSchema(readFileSync(join(FOLDER, 'service-hook-events.schema.json'), 'utf8'));
  const event = await lastEvent(COMPLETED, (twin) => decide(twin, 'approved'));
  expect(problemsOf({ ...event, resource: { projectId: 5 } })).toEqual([
    'event.resource.approval: missing',
    'event.resource.projectId: not string',
  ]);
});

function openPullRequest(twin: AzureDevOps): number {
  return twin.openPullRequest({
    project: 'parking',
    title: 'Count cars twice',
    sourceBranch: 'refs/heads/feature',
    commit: COMMIT,
    createdBy: 'Bob Example',
    reviewers: ['Release Approvers'],
  }).id;
}

const DOCUMENTED: Case[] = [
  [
    'build.complete.v1.0',
    'build.complete',
    (twin) => void twin.publishBuild(smallBuild()),
    { resourceVersion: '1.0' },
  ],
  ['git.pullrequest.created.v1.0', 'git.pullrequest.created', (twin) => void openPullRequest(twin), {}],
  [
    'git.pullrequest.updated.v1.0',
    'git.pullrequest.updated',
    (twin) => void twin.closePullRequest({ pullRequestId: openPullRequest(twin), status: 'completed' }),
    {},
  ],
];

/** On the wire, though the older samples do not have it. */
const NEWER = ['.isDraft: boolean'];

testWithSamples.each(DOCUMENTED)(
  '%s carries the documented resource',
  async (name, eventType, act, changes) => {
    const event = await lastEvent(eventType, act, changes);
    const ours = sorted(keyTree(event.resource)).filter((line) => !NEWER.includes(line));
    expect(ours).toEqual(sorted(keyTree(sample(`docs/${name}`).resource)));
  },
);

test('a subscription may ask for less text', async () => {
  const consumerInputs = {
    url: 'https://x.example/',
    messagesToSend: 'text',
    detailedMessagesToSend: 'none',
  };
  const act = (twin: AzureDevOps) => void twin.publishBuild(smallBuild({ buildNumber: '7' }));
  const event = await lastEvent('build.complete', act, { consumerInputs });
  expect([event.message, event.detailedMessage]).toEqual([{ text: 'Build 7 succeeded' }, undefined]);
});
