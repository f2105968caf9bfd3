import { describe, expect, test } from '@jest/globals';
import { PROJECT } from '../engine/simulator/scenario.ts';
import { bodyWith, deploymentWorld } from './deployment-world.ts';

/** A world in which these builds have gone through all environments, one after the other. */
async function released(builds: readonly number[], options: Parameters<typeof deploymentWorld>[0] = {}) {
  const w = deploymentWorld(options);
  for (const build of builds) await w.release(build);
  return w;
}

function detailOf({ jsonBody }: { readonly jsonBody: unknown }): string {
  return String(Object(jsonBody).detail);
}

function runOf({ jsonBody }: { readonly jsonBody: unknown }): string {
  return String(Object(jsonBody).run);
}

const BROKEN = { stage: 'production', step: 'wheel', how: 'refuses', mendedAfterInMs: null } as const;

describe('a rollback', () => {
  test('goes back to the newest earlier release that ended well, through plan and gate', async () => {
    const w = await released([1, 2, 3]);
    const answer = await w.ask({});
    expect(answer).toMatchObject({
      status: 202,
      jsonBody: { accepted: 'rollback', release: 'build-2', from: 'build-3' },
    });
    await w.rest();
    expect(w.run(runOf(answer))).toMatchObject({
      kind: 'rollback',
      status: 'succeeded',
      requestedBy: { id: 'Olga', name: 'Olga' },
      why: 'figures are wrong',
    });
    expect(w.deployed('production')).toBe('build-2');
    expect(w.deployed('dev')).toBe('build-3');
    expect(w.environment('production')?.live?.release).toBe('build-2');
  });

  test('says where to look', async () => {
    const w = await released([1, 2]);
    const answer = await w.ask({});
    const path = `/api/projects/${PROJECT}/runs/${runOf(answer)}`;
    expect(answer.headers).toEqual({ location: path });
    expect(answer.jsonBody).toMatchObject({ looksAt: path });
    expect(runOf(answer)).toMatch(/^rollback-[0-9a-f]{16}$/);
  });

  test.each([
    ['rollback', undefined, 1],
    ['rollback', false, 0],
    ['redeploy', undefined, 0],
    ['redeploy', true, 1],
  ] as const)(
    'of kind %s with confirm %p has %i approvals where the environment wants none',
    async (kind, confirm, approvals) => {
      const w = await released([1, 2]);
      const answer = await w.ask({
        kind,
        environment: 'dev',
        body: bodyWith({ release: 'build-1', confirm }),
      });
      await w.rest();
      const run = w.run(runOf(answer));
      expect(run?.status).toBe('succeeded');
      expect(run?.pipeline.stages.map(({ name, gate }) => [name, gate.approvals])).toEqual([
        ['intake', 0],
        ['dev', approvals],
      ]);
    },
  );

  test('that is only to be confirmed may be let go on by the person who asked for it', async () => {
    const w = await released([1, 2]);
    const answer = await w.ask({ environment: 'dev' });
    await w.rest();
    const gate = w.run(runOf(answer))?.pipeline.stages.at(-1)?.gate;
    expect(gate).toMatchObject({ approvals: 1, approvers: [], requesterMayApprove: true });
  });

  test('of an environment with a gate keeps the rules of that gate', async () => {
    const w = await released([1, 2]);
    const answer = await w.ask({});
    await w.rest();
    const production = w.run(runOf(answer))?.pipeline.stages.find(({ name }) => name === 'production');
    expect(production?.gate).toMatchObject({ approvals: 1, requesterMayApprove: false });
  });

  test('shows its plan and changes nothing before somebody has approved it', async () => {
    const w = deploymentWorld({ approves: false });
    for (const build of [1, 2]) await w.release(build);
    const answer = await w.ask({ environment: 'dev' });
    await w.rest();
    expect(w.run(runOf(answer))?.stages.at(-1)).toMatchObject({
      status: 'waiting-for-approval',
      plan: { changes: { create: 0, update: 2, delete: 0, run: 0 } },
    });
    expect(w.deployed('dev')).toBe('build-2');
  });

  test('goes through a freeze only when it says so, and says so in the run', async () => {
    const w = await released([1, 2]);
    const answer = await w.ask({ body: bodyWith({ overridesFreeze: true }) });
    await w.rest();
    expect(w.run(runOf(answer))?.overridesFreeze).toBe(true);
    const plain = await w.ask({ kind: 'redeploy', key: 'plain' });
    await w.rest();
    expect(w.run(runOf(plain))?.overridesFreeze).toBe(false);
  });

  test('may name the release to go back to', async () => {
    const w = await released([1, 2, 3]);
    expect(await w.ask({ body: bodyWith({ release: 'build-1' }) })).toMatchObject({
      status: 202,
      jsonBody: { release: 'build-1', from: 'build-3' },
    });
  });

  test('of a deployment that failed half-way goes back to the live release, not to the one before it', async () => {
    const broken = {
      stage: 'production',
      step: 'wheel',
      release: 'build-3',
      how: 'refuses',
      mendedAfterInMs: null,
    };
    const w = await released([1, 2], { behaviour: [{ ...broken, how: 'refuses' }] });
    expect((await w.release(3)).status).toBe('failed');
    expect(w.deployed('production')).toBeNull();
    const answer = await w.ask({});
    expect(answer).toMatchObject({ status: 202, jsonBody: { release: 'build-2', from: 'build-3' } });
    await w.rest();
    expect(w.deployed('production')).toBe('build-2');
    expect(w.environment('production')?.history.map(({ release }) => release)).toEqual(['build-1']);
  });

  test('does not go to a release that failed there, be it asked for by name', async () => {
    const behaviour = [{ ...BROKEN, release: 'build-1' }];
    const w = await released([1, 2, 3], { behaviour });
    expect(await w.ask({})).toMatchObject({ jsonBody: { release: 'build-2' } });
    expect(detailOf(await w.ask({ key: 'other', body: bodyWith({ release: 'build-1' }) }))).toBe(
      'build-1 is not known to have ended well in production. A rollback goes back to one of: build-2. ' +
        'To put another there, redeploy it by its name.',
    );
  });
});

describe('a redeploy', () => {
  test('puts the live release there once more: it plans nothing and asks nobody', async () => {
    const w = await released([1, 2]);
    const effects = w.app.outside.effects.length;
    const answer = await w.ask({ kind: 'redeploy' });
    await w.rest();
    expect(answer).toMatchObject({
      status: 202,
      jsonBody: { accepted: 'redeploy', release: 'build-2', from: 'build-2' },
    });
    expect(w.run(runOf(answer))).toMatchObject({ kind: 'redeploy', status: 'succeeded' });
    expect(w.app.outside.effects.length).toBe(effects);
  });

  test('may name any release that was taken in', async () => {
    const w = await released([1, 2]);
    const answer = await w.ask({ kind: 'redeploy', body: bodyWith({ release: 'build-1' }) });
    await w.rest();
    expect(w.run(runOf(answer))?.status).toBe('succeeded');
    expect(w.deployed('production')).toBe('build-1');
  });
});

describe('a request that comes again', () => {
  test('twenty times at once makes one run, and every answer is the same', async () => {
    const w = await released([1, 2]);
    const answers = await Promise.all(Array.from({ length: 20 }, () => w.ask({})));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    await w.rest();
    const rollbacks = w.world.store.runs(PROJECT).filter(({ kind }) => kind === 'rollback');
    expect(rollbacks).toHaveLength(1);
    expect(rollbacks[0]?.status).toBe('succeeded');
  });

  test('when its run is over gets the first answer again, although another release is live now', async () => {
    const w = await released([1, 2, 3]);
    const first = await w.ask({});
    await w.rest();
    expect(await w.ask({})).toEqual(first);
    await w.rest();
    expect(w.environment('production')?.live?.release).toBe('build-2');
  });

  test('with the name and the id of the same person, or in another order, is the same request', async () => {
    const w = await released([1, 2]);
    const first = await w.ask({});
    await w.rest();
    const body = JSON.stringify({
      why: 'figures are wrong',
      by: { id: 'Olga', name: 'Olga' },
      confirm: true,
    });
    expect(await w.ask({ body })).toEqual(first);
  });

  test.each([
    ['another reason', bodyWith({ why: 'something else' })],
    ['another person', bodyWith({ by: 'Paul' })],
    ['a release, where none was named', bodyWith({ release: 'build-1' })],
    ['another gate', bodyWith({ confirm: false })],
    ['another word on freezes', bodyWith({ overridesFreeze: true })],
  ])('under the same key with %s is refused with 422', async (_what, body) => {
    const w = await released([1, 2]);
    const first = await w.ask({});
    await w.rest();
    const second = await w.ask({ body });
    expect(second.status).toBe(422);
    expect(detailOf(second)).toBe(
      `With Idempotency-Key key-1 run ${runOf(first)} was asked for, with another body. Send that body, or another key.`,
    );
  });

  test('under the same key for another environment, or the other kind, is another run', async () => {
    const w = await released([1, 2, 3]);
    const calls = [{}, { environment: 'dev' }, { kind: 'redeploy' }] as const;
    const answers = await Promise.all(calls.map((call) => w.ask(call)));
    expect(new Set(answers.map(runOf)).size).toBe(3);
  });
});

describe('what cannot be done is said with the next step', () => {
  test.each([
    [null, 'the header Idempotency-Key is missing'],
    ['', 'the header Idempotency-Key is not usable'],
    ['two words', 'the header Idempotency-Key is not usable'],
    ['x'.repeat(101), 'the header Idempotency-Key is not usable'],
    ['schlüssel', 'the header Idempotency-Key is not usable'],
  ])('the key %p is none', async (key, begins) => {
    const answer = await deploymentWorld().ask({ key });
    expect(answer.status).toBe(400);
    expect(detailOf(answer)).toBe(
      `${begins}: give 1 to 100 visible characters of your own, and the same ones when you send this request again`,
    );
  });

  test.each([
    ['not JSON', 'no', 'the body is not JSON'],
    ['nothing', '{}', /^by: .*; why: /],
    ['a field that nobody knows', bodyWith({ releas: 'build-1' }), /releas/],
    ['a flag that is none', bodyWith({ confirm: 'yes' }), /^confirm: /],
    ['an empty release', bodyWith({ release: ' ' }), /^release: /],
  ])('a body that is %s', async (_what, body, says) => {
    const answer = await (await released([1, 2])).ask({ body });
    expect(answer.status).toBe(400);
    expect(detailOf(answer)).toMatch(says);
  });

  test('a project that is not registered', async () => {
    expect(detailOf(await deploymentWorld({ file: null }).ask({}))).toBe(`There is no project ${PROJECT}.`);
    expect(await deploymentWorld().ask({ project: 'another' })).toMatchObject({ status: 404 });
  });

  test.each(['prod', 'constructor', '__proto__'])(
    'environment %s, which the project does not have',
    async (environment) => {
      const answer = await (await released([1])).ask({ environment });
      expect(answer.status).toBe(404);
      expect(detailOf(answer)).toBe(
        `Project ${PROJECT} has no environment "${environment}". It has: dev, production.`,
      );
    },
  );

  test.each(['redeploy', 'rollback'] as const)('a release that is not there, in a %s', async (kind) => {
    const answer = await (await released([1, 2])).ask({ kind, body: bodyWith({ release: 'build-22' }) });
    expect(answer.status).toBe(404);
    expect(detailOf(answer)).toBe(
      `There is no release "build-22" in project ${PROJECT}. Did you mean "build-2"? There are: build-2, build-1.`,
    );
  });

  test('a redeploy where nothing is live', async () => {
    const answer = await deploymentWorld().ask({ kind: 'redeploy' });
    expect(answer.status).toBe(409);
    expect(detailOf(answer)).toBe(
      'Nothing is live in production yet. Name the release in the body; there are: none.',
    );
  });

  test('a rollback where nothing was ever deployed', async () => {
    const answer = await deploymentWorld().ask({});
    expect(answer.status).toBe(409);
    expect(detailOf(answer)).toBe('Nothing was ever deployed to production.');
  });

  test('a rollback of the first release', async () => {
    const answer = await (await released([1])).ask({});
    expect(answer.status).toBe(409);
    expect(detailOf(answer)).toBe(
      'build-1 is in production. No release is known that ended well there before. Redeploy one by its name.',
    );
  });

  test('a rollback to the release that is live', async () => {
    const answer = await (await released([1, 2])).ask({ body: bodyWith({ release: 'build-2' }) });
    expect(answer.status).toBe(409);
    expect(detailOf(answer)).toBe(
      'build-2 is live in production. To put it there once more, ask for a redeploy.',
    );
  });

  test('a rollback to the release that the last one undid', async () => {
    const w = await released([1, 2, 3]);
    await w.ask({});
    await w.rest();
    const answer = await w.ask({ key: 'forward', body: bodyWith({ release: 'build-3' }) });
    expect(answer.status).toBe(409);
    expect(detailOf(answer)).toContain('build-3 is not known to have ended well in production');
    expect(await w.ask({ key: 'back' })).toMatchObject({ jsonBody: { release: 'build-1' } });
  });

  test('a request while the queue is down: 503, nothing has begun, and the same request works later', async () => {
    const before = await released([1, 2]);
    await before.rest();
    const sends = before.world.calls.length + 2;
    const w = await released([1, 2], { faults: [{ call: sends, kind: 'server-error' }] });
    await w.rest();
    const refused = await w.ask({});
    expect(w.world.calls.at(-1)).toMatchObject({ number: sends, name: 'bus.send' });
    expect(refused.status).toBe(503);
    await w.rest();
    expect(w.world.store.runs(PROJECT).map(({ kind }) => kind)).not.toContain('rollback');
    expect((await w.ask({})).status).toBe(202);
    await w.rest();
    expect(w.deployed('production')).toBe('build-1');
  });
});
