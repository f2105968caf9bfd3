import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Change } from '../../shared/release/plan.ts';
import { infrastructure } from '../../shared/steps/infrastructure.ts';
import type { ArmStepWorld } from './arm-world.ts';
import { armWorld, GROUP, SUBSCRIPTION, storage, template } from './arm-world.ts';
import { contentOf, plan, runToEnd } from './step-runner.ts';

let { world, twin }: ArmStepWorld = armWorld();

beforeEach(() => {
  ({ world, twin } = armWorld());
});
afterEach(() => {
  expect(twin.violations()).toEqual([]);
});

const parameters = { deployment_id: { type: 'string', maxLength: 40 } };
/** A template of some storage accounts, each with the deployment id in a tag. */
const accounts = (...all: readonly [name: string, colour: string][]) =>
  template({
    parameters,
    resources: all.map(([name, colour]) =>
      storage(name, { tags: { id: "[parameters('deployment_id')]", colour }, properties: { colour } }),
    ),
    outputs: { colour: { type: 'string', value: all[0]?.[1] ?? 'none' } },
  });
const container = (account: string, name: string) => ({
  type: 'Microsoft.Storage/storageAccounts/blobServices/containers',
  apiVersion: '2023-05-01',
  name: `${account}/default/${name}`,
  dependsOn: [`[resourceId('Microsoft.Storage/storageAccounts', '${account}')]`],
});
const choose = (release: string, main: object | null, kind: typeof world.kind = 'release') => {
  world.run = kind === 'release' ? release : `${kind}-to-${release}`;
  world.release = release;
  world.kind = kind;
  world.artifacts = main === null ? {} : { infrastructure: { 'main.json': JSON.stringify(main) } };
  twin.log.clear();
};
const deploy = (release: string, main: object | null, kind: typeof world.kind = 'release') => {
  choose(release, main, kind);
  return runToEnd(infrastructure, world, { appliesUnchanged: true });
};
const rollBack = (release: string, main: object | null) => deploy(release, main, 'rollback');
const idOf = (name: string) =>
  `/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}/providers/Microsoft.Storage/storageAccounts/${name}`;
const tagsOf = (name: string) => twin.resource(idOf(name))?.body.tags;
const summary = (changes: readonly Change[]) =>
  changes.map((each) => `${each.action} ${each.target}: ${each.class}`);
const detailOf = (changes: readonly Change[]) =>
  changes.find(({ target }) => target.startsWith('main.json'))?.detail;
const TEMPLATE = `main.json in ${GROUP}`;
const TYPE = 'Microsoft.Storage/storageAccounts';

describe('after a rollback', () => {
  test('the resources are what they were before the release that it undoes, tags with the deployment id too', async () => {
    const good = accounts(['stone', 'red'], ['sttwo', 'red']);
    await deploy('release-1', good);
    const before = twin.resources();
    await deploy('release-2', accounts(['stone', 'blue'], ['sttwo', 'red']));
    expect(tagsOf('stone')).toMatchObject({ id: expect.stringMatching(/^release-2-/) });
    const { changes, output } = await rollBack('release-1', good);
    expect(summary(changes)).toEqual([
      `update ${TYPE}/stone: reversible`,
      `update ${TYPE}/sttwo: reversible`,
      `update ${TEMPLATE}: compensable`,
    ]);
    expect(twin.resources()).toEqual(before);
    expect(output).toMatchObject({ outputs: { colour: 'red' } });
    expect(output).not.toHaveProperty('left');
    expect((await rollBack('release-1', good)).changes).toEqual([]);
  });

  test('the id is that of the release which first brought the content, also where others had it unchanged', async () => {
    const good = accounts(['stone', 'red']);
    await deploy('release-1', good);
    await deploy('release-2', good);
    const before = twin.resources();
    await deploy('release-3', accounts(['stone', 'blue']));
    await deploy('release-4', accounts(['stone', 'green']));
    await rollBack('release-2', good);
    expect(tagsOf('stone')).toMatchObject({ id: expect.stringMatching(/^release-1-/) });
    expect(twin.resources()).toEqual(before);
  });

  test('a release that brings former content back by itself has an id of its own', async () => {
    const good = accounts(['stone', 'red']);
    await deploy('release-1', good);
    await deploy('release-2', accounts(['stone', 'blue']));
    await deploy('release-3', good);
    expect(tagsOf('stone')).toMatchObject({ id: expect.stringMatching(/^release-3-/) });
  });

  test('an inventory of the former form is enough to come back', async () => {
    const good = accounts(['stone', 'red']);
    await deploy('release-1', good);
    const before = twin.resources();
    const stored = world.contents.get(world.inventory.digest ?? '');
    const { content, deploymentId, deployment, outputs } = JSON.parse(new TextDecoder().decode(stored));
    const old = JSON.stringify({ schema: 1, content, deploymentId, deployment, outputs });
    world.inventory = { digest: await contentOf(world).put(old), uncertain: [] };
    expect((await deploy('release-2', good)).changes).toEqual([]);
    await deploy('release-3', accounts(['stone', 'blue']));
    await rollBack('release-2', good);
    expect(twin.resources()).toEqual(before);
  });
});

describe('what a rollback leaves', () => {
  const good = accounts(['stone', 'red']);
  const bad = accounts(['stone', 'blue'], ['stnew', 'blue']);

  test('resources that the undone release added stay, and are named in the plan and the output', async () => {
    await deploy('release-1', good);
    expect(summary((await deploy('release-2', bad)).changes)).toContain(`create ${TYPE}/stnew: forward-only`);
    const { changes, output } = await rollBack('release-1', good);
    expect(summary(changes)).toEqual([`update ${TYPE}/stone: reversible`, `update ${TEMPLATE}: compensable`]);
    expect(detailOf(changes)).toBe(
      `the template or its parameters changed; not in main.json any more, and left in Azure: ${TYPE}/stnew`,
    );
    expect(output).toMatchObject({ left: [idOf('stnew')] });
    expect(twin.resource(idOf('stnew'))).toBeDefined();
  });

  test('so do parts of resources that the former template has', async () => {
    const withPart = { ...bad, resources: [storage('stone'), container('stone', 'part')] };
    await deploy('release-1', good);
    await deploy('release-2', withPart);
    const { output } = await rollBack('release-1', good);
    expect(output).toMatchObject({ left: [`${idOf('stone')}/blobServices/default/containers/part`] });
  });

  test('resources of others are not named', async () => {
    await deploy('release-1', good);
    const stone = twin.resource(idOf('stone'));
    if (stone === undefined) throw new Error('not deployed');
    twin.putResource({ ...stone, id: idOf('theirs'), name: 'theirs' });
    await deploy('release-2', accounts(['stone', 'blue']));
    expect((await rollBack('release-1', good)).output).not.toHaveProperty('left');
  });

  test('they are named until somebody removes them or a release has them again', async () => {
    await deploy('release-1', good);
    await deploy('release-2', bad);
    await rollBack('release-1', good);
    expect((await deploy('release-1', good)).output).toMatchObject({ left: [idOf('stnew')] });
    expect((await deploy('release-3', bad)).output).not.toHaveProperty('left');
    await rollBack('release-1', good);
    twin.removeResource(idOf('stnew'));
    expect((await deploy('release-4', accounts(['stone', 'green']))).output).not.toHaveProperty('left');
  });

  test('a release without infrastructure leaves all of it', async () => {
    await deploy('release-1', null);
    await deploy('release-2', bad);
    const { changes, output } = await rollBack('release-1', null);
    expect(changes).toEqual([]);
    expect(output).toMatchObject({ left: [idOf('stnew'), idOf('stone')] });
  });
});

describe('when something goes wrong', () => {
  const good = accounts(['stone', 'red'], ['sttwo', 'red']);
  const bad = accounts(['stone', 'blue'], ['sttwo', 'blue'], ['stnew', 'blue']);

  test('a release that failed half-way is undone, and what it had made by then is named', async () => {
    await deploy('release-1', good);
    const before = twin.resources();
    twin.addResourceFault({ kind: 'fail', match: '/*/sttwo', code: 'Conflict', message: 'Busy.', times: 1 });
    expect((await deploy('release-2', bad)).refused).toContain('Busy');
    expect(tagsOf('stone')).toMatchObject({ colour: 'blue' });
    const { output } = await rollBack('release-1', good);
    const isMade = twin.resource(idOf('stnew')) !== undefined;
    expect(output?.left).toEqual(isMade ? [idOf('stnew')] : undefined);
    expect(twin.resources().filter(({ id }) => id !== idOf('stnew'))).toEqual(before);
  });

  test('a release whose end nobody knows is undone, and a rollback that is interrupted ends at the next try', async () => {
    await deploy('release-1', good);
    const before = twin.resources();
    const interrupted = async (work: () => Promise<unknown>) => {
      twin.faults.add({ kind: 'drop', match: 'Deployments_*', skip: 3, when: 'after' });
      await expect(work()).rejects.toMatchObject({ name: 'TransientFailure' });
      twin.faults.clear();
    };
    await interrupted(() => deploy('release-2', bad));
    await interrupted(() => rollBack('release-1', good));
    await rollBack('release-1', good);
    expect(twin.log.count('Deployments_CreateOrUpdate')).toBe(0);
    expect(twin.resources().filter(({ id }) => id !== idOf('stnew'))).toEqual(before);
  });

  test('a lost answer of the start makes no second deployment', async () => {
    await deploy('release-1', good);
    await deploy('release-2', bad);
    choose('release-1', good, 'rollback');
    twin.faults.add({ kind: 'drop', match: 'Deployments_CreateOrUpdate', times: 1, when: 'after' });
    await runToEnd(infrastructure, world);
    expect(twin.log.count('Deployments_CreateOrUpdate')).toBe(1);
  });
});

describe('the noise of what-if', () => {
  const noisy = (colour: string, ...more: object[]) =>
    template({
      parameters,
      resources: [
        storage('stone', { tags: { id: "[parameters('deployment_id')]" } }),
        storage('sttwo', { tags: { blob: "[reference('stone').primaryEndpoints.blob]", colour } }),
        ...more,
      ],
    });

  test('about values that only the deployment knows makes no change of a rollback to what is there', async () => {
    await deploy('release-1', noisy('red'));
    await deploy('release-2', noisy('red'));
    expect((await rollBack('release-1', noisy('red'))).changes).toEqual([]);
  });

  test('is no change beside the real ones, and what comes back is what was', async () => {
    await deploy('release-1', noisy('red'));
    const before = twin.resources();
    await deploy('release-2', noisy('blue'));
    const { changes } = await rollBack('release-1', noisy('red'));
    expect(changes.find(({ target }) => target === `${TYPE}/sttwo`)?.detail).toBe('~tags.colour');
    expect(twin.resources()).toEqual(before);
  });

  test('a rollback is planned the same way twice', async () => {
    await deploy('release-1', noisy('red'));
    await deploy('release-2', noisy('blue', storage('stnew')));
    choose('release-1', noisy('red'), 'rollback');
    const changes = await plan(infrastructure, world);
    expect(await plan(infrastructure, world)).toEqual(changes);
  });

  test('content that comes back is deployed although what-if sees no difference', async () => {
    const silent = (text: string) => ({
      ...noisy('red'),
      outputs: { text: { type: 'string', value: text } },
    });
    await deploy('release-1', silent('one'));
    await deploy('release-2', silent('two'));
    expect((await rollBack('release-1', silent('one'))).output).toMatchObject({ outputs: { text: 'one' } });
  });
});
