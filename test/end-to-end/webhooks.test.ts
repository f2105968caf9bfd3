import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Stack } from '../../sandbox/stack.ts';
import { keptContent } from './behind-the-api.ts';
import { eventually } from './eventually.ts';
import { runAtGate } from './gated-run.ts';
import { buildCompleted, newEventId, projectFile, SUBSCRIPTION } from './payloads.ts';
import {
  callApi,
  delivered,
  deliveriesOf,
  endService,
  NEXT_PASSWORD,
  postWebhook,
  startService,
} from './service.ts';

const PROJECT = 'parking-sensors';
const HUGE_PROJECT = 'huge-numbers';
const HUGE_PIPELINE = '9007199254740995';
const SAMPLES = join(__dirname, '..', '..', '..', 'shared', 'contracts', 'ado', 'events', 'shaped');

let service: Stack;

beforeAll(async () => {
  service = await startService();
  for (const [project, pipeline] of [
    [PROJECT, '138'],
    [HUGE_PROJECT, HUGE_PIPELINE],
  ] as const) {
    await callApi(service, `projects/${project}`, { method: 'PUT', body: projectFile(project, pipeline) });
  }
}, 60_000);

afterAll(() => endService(service));

async function runIds(project: string): Promise<string[]> {
  const { body } = await callApi(service, `projects/${project}/runs`);
  return (body as { runs: { id: string }[] }).runs.map(({ id }) => id);
}

describe('a webhook with the right password', () => {
  test('is accepted, starts a run and stands in the list of deliveries', async () => {
    const event = newEventId();
    expect(await postWebhook(service, buildCompleted({ build: '1001', event }))).toBe(202);
    expect(await delivered(service, event, PROJECT)).toMatchObject({
      eventType: 'build.complete',
      outcome: 'queued',
      run: 'release-1001',
    });
    const { status, body } = await callApi(service, `projects/${PROJECT}/runs/release-1001`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ kind: 'release', release: { name: 'build-1001', order: 1001 } });
  });

  test('may use the old and the new password while they are being changed', async () => {
    const event = newEventId();
    const body = buildCompleted({ build: '1002', event });
    expect(await postWebhook(service, body, { credentials: `azure-devops:${NEXT_PASSWORD}` })).toBe(202);
    expect(await delivered(service, event, PROJECT)).toMatchObject({ run: 'release-1002' });
  });

  test('makes one run when it comes twice', async () => {
    const body = buildCompleted({ build: '1003', event: newEventId() });
    const later = newEventId();
    expect(await postWebhook(service, body)).toBe(202);
    expect(await postWebhook(service, body)).toBe(202);
    expect(await postWebhook(service, buildCompleted({ build: '1003', event: later }))).toBe(202);
    expect(await delivered(service, later, PROJECT)).toMatchObject({
      outcome: 'ignored',
      run: 'release-1003',
    });
    expect((await runIds(PROJECT)).filter((id) => id === 'release-1003')).toHaveLength(1);
    const { body: log } = await callApi(service, `projects/${PROJECT}/runs/release-1003/events`);
    const events = (log as { events: { event: { type: string } }[] }).events;
    expect(events.filter(({ event }) => event.type === 'run-requested')).toHaveLength(1);
  });

  test('of a build of no registered pipeline is accepted and ignored with the reason', async () => {
    const event = newEventId();
    expect(await postWebhook(service, buildCompleted({ build: '1', definition: '999', event }))).toBe(202);
    const { outcome, why, run } = await delivered(service, event);
    expect({ outcome, run }).toEqual({ outcome: 'ignored', run: null });
    expect(why).toContain('pipeline 999');
  });

  test('of a kind that means nothing to Slipway is accepted and ignored with the reason', async () => {
    const event = newEventId();
    const body = JSON.parse(buildCompleted({ build: '1', event }));
    expect(await postWebhook(service, JSON.stringify({ ...body, eventType: 'git.push' }))).toBe(202);
    const { outcome, why } = await delivered(service, event);
    expect(outcome).toBe('ignored');
    expect(why).toContain('git.push');
  });

  test('keeps numbers beyond 2^53 as they are', async () => {
    const event = newEventId();
    const build = '9007199254740993';
    expect(await postWebhook(service, buildCompleted({ build, definition: HUGE_PIPELINE, event }))).toBe(202);
    expect(await delivered(service, event, HUGE_PROJECT)).toMatchObject({ run: `release-${build}` });
    expect(await runIds(HUGE_PROJECT)).toEqual([`release-${build}`]);
  });

  test('cannot pass off its properties as those of a message', async () => {
    const event = newEventId();
    const extra = {
      messageId: 'forged',
      correlationId: 'forged',
      deliveryCount: 99,
      lockToken: 'forged',
      schema: 7,
    };
    expect(await postWebhook(service, buildCompleted({ build: '1004', event, extra }))).toBe(202);
    expect(await delivered(service, event, PROJECT)).toMatchObject({
      outcome: 'queued',
      run: 'release-1004',
    });
  });
});

describe('a body that cannot be read', () => {
  test('is accepted and kept', async () => {
    const body = '{"eventType": "build.complete", "resource": ';
    expect(await postWebhook(service, body)).toBe(202);
    const { outcome, contentDigest } = await delivered(service, `sha256-${sha256(body)}`);
    expect(outcome).toBe('unreadable');
    expect(await keptContent(service, contentDigest)).toBe(body);
  });

  test('is accepted and kept although it has 3 MB', async () => {
    const body = buildCompleted({ build: '1005', extra: { padding: 'x'.repeat(3 * 1024 * 1024) } });
    expect(await postWebhook(service, body)).toBe(202);
    const delivery = await delivered(service, `sha256-${sha256(body)}`);
    expect(delivery).toMatchObject({ outcome: 'unreadable', bytes: Buffer.byteLength(body) });
    expect(delivery.why).toContain('more than 2 MB');
    expect(sha256(await keptContent(service, delivery.contentDigest))).toBe(sha256(body));
  });

  test('is accepted and noted when it is empty, or comes in chunks, which the host does not hand on', async () => {
    expect(await postWebhook(service, '')).toBe(202);
    const empty = await delivered(service, `sha256-${sha256('')}`);
    expect(empty).toMatchObject({ outcome: 'unreadable', bytes: 0 });
    const chunked = new Blob([buildCompleted({ build: '1006' })]).stream();
    expect(await postWebhook(service, chunked)).toBe(202);
    const known = buildCompleted({ build: '1007', event: newEventId() });
    await postWebhook(service, known);
    await delivered(service, JSON.parse(known).id, PROJECT);
    expect(await runIds(PROJECT)).not.toContain('release-1006');
  });
});

describe('a webhook with a wrong password', () => {
  const stranger = () => buildCompleted({ build: '1008', event: newEventId() });

  test('is turned away with 401 when no subscription of ours sent it', async () => {
    const { subscriptionId: _ours, ...body } = JSON.parse(stranger());
    for (const credentials of ['azure-devops:guess', null, `somebody:${NEXT_PASSWORD}`]) {
      const caller = { credentials, subscription: null };
      expect(await postWebhook(service, JSON.stringify(body), caller)).toBe(401);
    }
  });

  test('is answered 503, so that it comes again, when a subscription of ours sent it', async () => {
    expect(await postWebhook(service, stranger(), { credentials: 'azure-devops:the-password-before' })).toBe(
      503,
    );
  });

  test('starts nothing either way', async () => {
    const event = newEventId();
    await postWebhook(service, buildCompleted({ build: '1009', event }));
    await delivered(service, event, PROJECT);
    expect(await runIds(PROJECT)).not.toContain('release-1008');
  });
});

test('another method than POST is 404, as the host answers it', async () => {
  const response = await fetch(`${service.url}/api/webhooks/azure-devops`, { method: 'PUT', body: '{}' });
  expect(response.status).toBe(404);
});

describe('the HTTP API', () => {
  test('refuses a slipway.yaml with every problem in it', async () => {
    const body =
      'project: Wrong Name\nazureDevOps: { organization: contoso }\nenvironments: { dev: { key: DEV } }\n';
    const answer = await callApi(service, 'projects/wrong-name', { method: 'PUT', body });
    expect(answer).toMatchObject({ status: 400, contentType: 'application/problem+json' });
    const { detail } = answer.body as { detail: string };
    const places = [
      'line 1, project',
      'azureDevOps.project',
      'azureDevOps.artifactsPipeline',
      'environments.dev.key',
    ];
    for (const place of places) expect(detail).toContain(place);
    expect(await callApi(service, 'projects/wrong-name')).toMatchObject({ status: 404 });
  });

  test('says of an unknown run that there is none', async () => {
    const answer = await callApi(service, `projects/${PROJECT}/runs/release-77`);
    expect(answer).toMatchObject({ status: 404, contentType: 'application/problem+json' });
    expect((answer.body as { detail: string }).detail).toContain('release-77');
  });

  test('counts an approval only for the plan that stands now, and never that of the requester', async () => {
    const run = await runAtGate(service, PROJECT);
    const approve = (planHash: string, by: string) =>
      callApi(service, `projects/${PROJECT}/runs/${run.id}/stages/production/approve`, {
        method: 'POST',
        body: JSON.stringify({ planHash, by }),
      });
    const { status, body } = await approve('0'.repeat(64), 'Alex');
    expect(status).toBe(409);
    expect((body as { detail: string }).detail).toMatch(/plan/);
    expect(await approve(run.planHash, 'dana')).toMatchObject({ status: 409 });
    expect(await approve(run.planHash, 'Alex')).toMatchObject({ status: 202 });
  });
});

describe('the samples of service hook events', () => {
  const there = existsSync(SAMPLES);
  if (!there) console.log('skipped: the samples of service hook events are not beside the repository');
  const whereThere = there ? test : test.skip;

  whereThere('are all accepted and noted', async () => {
    const theirs = readdirSync(SAMPLES).map((name) => readFileSync(join(SAMPLES, name), 'utf8'));
    const samples = theirs.map((body) =>
      body.replace(/("subscriptionId"\s*:\s*")[^"]+/, `$1${SUBSCRIPTION}`),
    );
    expect(samples.length).toBeGreaterThan(0);
    for (const body of samples) expect(await postWebhook(service, body)).toBe(202);
    const wanted = samples.map((body): string => JSON.parse(body).id);
    const noted = await eventually('a delivery of every sample', async () => {
      const lists = await Promise.all(
        [undefined, PROJECT, HUGE_PROJECT].map((project) => deliveriesOf(service, project)),
      );
      const found = lists.flat().filter(({ id }) => wanted.includes(id));
      return new Set(found.map(({ id }) => id)).size === new Set(wanted).size && found;
    });
    expect(noted.filter(({ outcome }) => outcome === 'unreadable')).toEqual([]);
  });
});

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
