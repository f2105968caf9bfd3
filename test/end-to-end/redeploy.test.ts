import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { violationsIn } from '../../sandbox/release/summary.ts';
import type { Run } from '../../shared/release/model.ts';
import { eventually } from './eventually.ts';
import type { SandboxService } from './sandbox-service.ts';
import { startSandboxService } from './sandbox-service.ts';
import type { ApiAnswer } from './service.ts';
import { callApi } from './service.ts';

const NOTEBOOK = '# Databricks notebook source\n';
const ROOT = join(__dirname, '..', '..');

let service: SandboxService;
/** Two releases, of which the second changes a notebook and adds another. */
let first: Run;
let second: Run;

beforeAll(async () => {
  service = await startSandboxService();
  first = await service.release({ 'night.py': `${NOTEBOOK}print(1)\n` });
  second = await service.release({ 'night.py': `${NOTEBOOK}print(2)\n`, 'added.py': NOTEBOOK });
  expect([first.status, second.status]).toEqual(['succeeded', 'succeeded']);
}, 240_000);

afterAll(() => service.stop());

/** Answers of POST …/redeploy and …/rollback of an environment. */
async function post(
  path: string,
  key: string | null,
  fields: Readonly<Record<string, unknown>> = {},
): Promise<ApiAnswer & { readonly location: string | null }> {
  const url = `${service.stack.url}/api/projects/${service.project.name}/environments/${path}`;
  const headers: Record<string, string> = key === null ? {} : { 'idempotency-key': key };
  const body = JSON.stringify({ by: 'Olga', why: 'a test', ...fields });
  const response = await fetch(url, { method: 'POST', headers, body });
  const contentType = response.headers.get('content-type');
  const location = response.headers.get('location');
  return { status: response.status, contentType, location, body: await response.json() };
}

function runOf({ body }: ApiAnswer): string {
  return String(Object(body).run);
}

function read(path: string): Promise<ApiAnswer> {
  return callApi(service.stack, `projects/${service.project.name}/${path}`);
}

/** How often a run was requested, as its audit log says. */
async function requests(run: string): Promise<number> {
  const { body } = await read(`runs/${run}/events`);
  const events = Object(body).events as { event: { type: string } }[];
  return events.filter(({ event }) => event.type === 'run-requested').length;
}

async function live(environment: string): Promise<string> {
  return Object((await read(`environments/${environment}`)).body).live.release;
}

/** They only say what would be, or run the tests, which every run does anew. */
const NO_WRITES = ['Deployments_WhatIf', 'Deployments_Validate', 'Jobs.submit'];

/** How often each operation was asked for that changes something in production's workspace or a resource group. */
function writes(): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  const requests = [service.cloud.workspaces.prod, service.cloud.arm].flatMap(({ log }) => log.requests());
  for (const { method, operation } of requests) {
    if (['GET', 'HEAD'].includes(method) || NO_WRITES.includes(operation)) continue;
    counts[operation] = (counts[operation] ?? 0) + 1;
  }
  return counts;
}

function notebooksInProduction(): string[] {
  const names = service.cloud.workspaces.prod.inventory().map(({ name }) => name);
  return names.filter((name) => /\/(night|added)$/.test(name)).map((name) => name.split('/').at(-1) ?? '');
}

async function fault(body: object | null): Promise<void> {
  const method = body === null ? 'DELETE' : 'POST';
  const rest = body === null ? {} : { body: JSON.stringify(body) };
  await fetch(`${service.stack.serviceBusUrl}/faults`, { method, ...rest });
}

describe('what is deployed can be read', () => {
  test('releases newest first with where they are live, and one with its files', async () => {
    const { body } = await read('releases');
    expect(
      Object(body).releases.map(({ name, liveIn }: { name: string; liveIn: string[] }) => [name, liveIn]),
    ).toEqual([
      [second.release.name, ['dev', 'production', 'staging']],
      [first.release.name, []],
    ]);
    const one = await read(`releases/${first.release.name}`);
    const paths = Object(one.body).artifacts['databricks-notebooks'].map(
      ({ path }: { path: string }) => path,
    );
    expect(paths).toContain('night.py');
    expect(paths).not.toContain('added.py');
  });

  test('an environment with what a rollback would go back to, and its inventory', async () => {
    expect(await read('environments/production')).toMatchObject({
      status: 200,
      body: { live: { release: second.release.name }, rollsBackTo: first.release.name, lock: null },
    });
    const { body } = await read('environments/production/inventory');
    const { wheel, notebooks } = Object(body).inventories;
    expect(wheel).toMatchObject({ uncertain: [], content: { schema: expect.any(Number) } });
    expect(JSON.stringify(notebooks.content)).toContain('added');
  });

  test('runs of a kind, and what is not there as a problem', async () => {
    const { body } = await read('runs?kind=release&environment=production&limit=1');
    expect(Object(body).runs.map(({ id }: { id: string }) => id)).toEqual([second.id]);
    for (const path of ['releases/none', 'environments/none', 'environments/none/inventory']) {
      expect(await read(path)).toMatchObject({ status: 404, contentType: 'application/problem+json' });
    }
    expect(await read('runs?limit=many')).toMatchObject({ status: 400 });
  });
});

describe('a request that cannot be followed', () => {
  test.each([
    ['production/rollback', null, {}, 400, 'the header Idempotency-Key is missing'],
    ['production/rollback', 'k', { by: '' }, 400, 'by: '],
    ['production/redeploy', 'k', { release: 'build-2000' }, 404, 'There is no release "build-2000"'],
    ['prod/redeploy', 'k', {}, 404, 'has no environment "prod"'],
    ['../../nobody/environments/production/redeploy', 'k', {}, 404, 'There is no project nobody'],
  ] as const)('%s with key %p and %j is answered by a problem', async (path, key, fields, status, says) => {
    const answer = await post(path, key, fields);
    expect(answer).toMatchObject({ status, contentType: 'application/problem+json' });
    expect(Object(answer.body).detail).toContain(says);
  });
});

describe('a redeploy', () => {
  test('asked for twenty times at once is one run, which plans nothing and writes nothing', async () => {
    const before = writes();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => post('production/redeploy', 'twenty')),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    const ids = new Set(answers.map(runOf));
    expect(ids.size).toBe(1);
    const [id = ''] = ids;
    expect(answers[0]?.location).toBe(`/api/projects/${service.project.name}/runs/${id}`);
    const run = await service.end(id);
    expect(run.status).toBe('succeeded');
    expect(run.stages.find(({ name }) => name === 'production')?.plan?.changes).toEqual({
      create: 0,
      update: 0,
      delete: 0,
      run: 0,
    });
    expect(await requests(id)).toBe(1);
    expect(Object((await read('runs?kind=redeploy')).body).runs).toHaveLength(1);
    expect(before).toMatchObject({ Deployments_CreateOrUpdate: expect.any(Number) });
    expect(writes()).toEqual(before);
  }, 60_000);

  test('asked for again with its key and another body is refused', async () => {
    expect((await post('production/redeploy', 'twenty')).status).toBe(202);
    expect(await post('production/redeploy', 'twenty', { why: 'another' })).toMatchObject({ status: 422 });
  });

  test('is not accepted while the queue is down, and is when it is asked for again afterwards', async () => {
    await service.stack.serviceBus.kill();
    expect((await post('dev/redeploy', 'down')).status).toBe(503);
    await service.stack.serviceBus.start();
    const answer = await eventually('a 202', async () => {
      const again = await post('dev/redeploy', 'down');
      return again.status === 202 && again;
    });
    expect((await service.end(runOf(answer))).status).toBe('succeeded');
    expect(await requests(runOf(answer))).toBe(1);
  }, 60_000);
});

describe('a rollback', () => {
  test('by the program shows its plan with classes, is approved, and puts back what was there', async () => {
    expect(notebooksInProduction().sort()).toEqual(['added', 'night']);
    const { code, out, err } = await runProgram('rollback', '--approve', 'auto', '--json');
    expect(err).toContain(
      `rollback of production to ${first.release.name} (${second.release.name} is there now)`,
    );
    expect(err).toMatch(/clean-up +delete +reversible +\S+\/added/);
    expect(err.indexOf('Plan ')).toBeLessThan(err.indexOf('approved by Alex Approver'));
    expect(JSON.parse(out)).toMatchObject({ release: first.release.name, status: 'succeeded' });
    expect(code).toBe(0);
    expect(notebooksInProduction()).toEqual(['night']);
    expect(await live('production')).toBe(first.release.name);
  }, 60_000);

  test('that cannot be is said by the program, with exit code 1', async () => {
    const { code, err } = await runProgram('rollback');
    expect(code).toBe(1);
    expect(err).toContain('No release is known that ended well there before');
  });
});

describe('when the functions host is killed', () => {
  test('right after its 202, the run begins and ends once', async () => {
    await fault({ kind: 'delay', queue: 'release-events', delayInMs: 1_500 });
    const answer = await post('production/redeploy', 'killed', { release: second.release.name });
    await service.stack.host.kill();
    expect(answer.status).toBe(202);
    await service.stack.host.start();
    const run = await service.end(runOf(answer));
    expect(run).toMatchObject({ status: 'succeeded', release: { name: second.release.name } });
    expect(await requests(run.id)).toBe(1);
    expect(notebooksInProduction().sort()).toEqual(['added', 'night']);
  }, 150_000);

  test('after the run was stored and before its first message was sent, the run goes on and ends once', async () => {
    await fault({ kind: 'server-busy', queue: 'steps', count: 100_000 });
    const answer = await post('production/rollback', 'between');
    await eventually('the stored run', async () => (await read(`runs/${runOf(answer)}`)).status === 200);
    await service.stack.host.kill();
    await fault(null);
    await service.stack.host.start();
    const run = await service.end(runOf(answer));
    expect(run).toMatchObject({ status: 'succeeded', release: { name: first.release.name } });
    expect(await requests(run.id)).toBe(1);
    expect(notebooksInProduction()).toEqual(['night']);
  }, 150_000);
});

test('in all of this nobody has violated a contract', () => expect(violationsIn(service.cloud)).toEqual([]));

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** `npm run redeploy` or `npm run rollback`, without the npm. */
function runProgram(...args: readonly string[]): Promise<Ended> {
  const program = ['--import', 'tsx', join(ROOT, 'sandbox/redeploy.ts'), ...args];
  const url = `${service.stack.url}/api`;
  return new Promise((resolve) => {
    execFile(process.execPath, [...program, '--url', url], { cwd: ROOT }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}
