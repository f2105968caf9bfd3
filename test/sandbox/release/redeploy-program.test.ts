import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { leftBehind, PlanView, planLines } from '../../../sandbox/release/plan-view.ts';
import { readRedeployOptions } from '../../../sandbox/release/redeploy-options.ts';
import { announce, findSandbox, withdraw } from '../../../sandbox/release/where.ts';

const COUNTS = { create: 1, update: 0, delete: 1, run: 0 };
const PLAN = {
  planHash: 'abcdef0123456789',
  changes: COUNTS,
  steps: [
    { step: 'notebooks', changes: [{ target: '/Shared/old', action: 'delete', class: 'reversible' }] },
    {
      step: 'unity-catalog',
      changes: [{ target: 'schema a.b', action: 'create', class: 'forward-only', detail: 'stays' }],
    },
  ],
};

/** A run with one stage that has planned. */
function runWith(status: string, output: Readonly<Record<string, unknown>> = {}) {
  const times = { startedAt: 0, endedAt: null, note: null };
  const step = {
    name: 'clean-up',
    status: 'succeeded',
    mode: 'apply',
    attempt: 1,
    error: null,
    dueAt: 0,
    plan: null,
    output,
  };
  const stage = {
    name: 'production',
    status,
    ...times,
    plan: { hash: 'abcdef', changes: COUNTS },
    steps: [step],
  };
  return { id: 'rollback-1', status: 'running', createdAt: 0, endedAt: null, stages: [stage], blockedBy: [] };
}

describe('a plan as people see it', () => {
  test('has a line a change with its class, and names what no rollback undoes', () => {
    expect(planLines('production', PLAN)).toEqual([
      'Plan abcdef012345 of production: 1 to create, 1 to delete',
      '  notebooks      delete  reversible    /Shared/old',
      '  unity-catalog  create  FORWARD-ONLY  schema a.b  (stays)',
      '  1 forward-only: no rollback undoes schema a.b',
    ]);
  });

  test('is shown once, as soon as it is there, and not before', async () => {
    const lines: string[] = [];
    let asked = 0;
    const api = {
      plan: async () => {
        asked += 1;
        return PLAN;
      },
    };
    const view = new PlanView(api, (line) => lines.push(line));
    await view.look('parking', runWith('planning'));
    expect(lines).toEqual([]);
    for (const status of ['waiting-for-approval', 'applying', 'succeeded'])
      await view.look('parking', runWith(status));
    expect(asked).toBe(1);
    expect(lines).toHaveLength(4);
  });

  test('is followed by what the steps have left behind or kept', () => {
    const output = { left: ['schema a.b'], kept: ['/Workspace/x'], files: 3 };
    expect(leftBehind(runWith('succeeded', output))).toEqual([
      'Left behind by clean-up: schema a.b',
      'Kept for now by clean-up: /Workspace/x',
    ]);
    expect(leftBehind(runWith('succeeded', { left: [], kept: 'no list' }))).toEqual([]);
  });
});

describe('the options', () => {
  test('are for production, and ask in a terminal', () => {
    expect(readRedeployOptions(['rollback'], true)).toMatchObject({
      kind: 'rollback',
      environment: 'production',
      release: null,
      approve: 'ask',
      url: null,
    });
    expect(readRedeployOptions(['redeploy'], false)).toMatchObject({ kind: 'redeploy', approve: 'none' });
  });

  test.each(['http://127.0.0.1:7071', 'http://127.0.0.1:7071/', 'http://127.0.0.1:7071/api/'])(
    'take the address %s',
    (url) => {
      expect(readRedeployOptions(['redeploy', '--url', url], false).url).toBe('http://127.0.0.1:7071/api');
    },
  );

  test.each([
    [['--approve', 'me'], '--approve me: it is ask, auto or none'],
    [['--url', 'file:///etc'], '--url file:///etc: it is the address of the API'],
    [['--releas', 'x'], "Unknown option '--releas'"],
    [['build-1'], "Unexpected argument 'build-1'"],
  ])('%j are refused with the usage', (args, says) => {
    const read = () => readRedeployOptions(['rollback', ...args], false);
    expect(read).toThrow(says);
    expect(read).toThrow('npm run rollback -- [options]');
  });
});

describe('the sandbox that is up', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-where-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const NONE = 'no sandbox is up; run npm start in another terminal, or give --url';
  const where = (url: string, pid = 1) => ({ url, project: 'parking', pid });

  async function withHealth<Result>(work: (url: string) => Promise<Result>): Promise<Result> {
    const server = createServer((_request, response) => response.end('{}'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      return await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}/api`);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  test('is found until it says that it is gone', () =>
    withHealth(async (url) => {
      await announce(where(url), folder);
      expect(await findSandbox(folder)).toEqual(where(url));
      await withdraw(1, folder);
      await expect(findSandbox(folder)).rejects.toThrow(NONE);
    }));

  test('is the one that came up last, which another one does not take away', () =>
    withHealth(async (url) => {
      await announce(where('http://127.0.0.1:1/api', 1), folder);
      await announce(where(url, 2), folder);
      await withdraw(1, folder);
      expect((await findSandbox(folder)).pid).toBe(2);
    }));

  test('is not one that has died, and not one on another machine', async () => {
    for (const url of ['http://127.0.0.1:1/api', 'http://192.0.2.1/api', 'no address']) {
      await announce(where(url), folder);
      await expect(findSandbox(folder)).rejects.toThrow(NONE);
    }
    await writeFile(join(folder, 'slipway-sandbox.json'), 'half a fi');
    await expect(findSandbox(folder)).rejects.toThrow(NONE);
  });

  test('never writes through a link that somebody has put there', () =>
    withHealth(async (url) => {
      const precious = join(folder, 'precious.json');
      await writeFile(precious, 'precious');
      await symlink(precious, join(folder, 'slipway-sandbox.json'));
      await announce(where(url), folder);
      expect((await findSandbox(folder)).url).toBe(url);
      expect(await readFile(precious, 'utf8')).toBe('precious');
      await rm(join(folder, 'slipway-sandbox.json'));
      await expect(findSandbox(folder)).rejects.toThrow(NONE);
    }));
});
