import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { DatabricksOptions } from '../../sandbox/databricks/context.ts';
import type { Chance } from '../../sandbox/twin/chance.ts';
import { createChance } from '../../sandbox/twin/chance.ts';
import { unityCatalog } from '../../shared/steps/unity-catalog.ts';
import type { DatabricksWorld } from './databricks-world.ts';
import { databricksWorld, WORKSPACE, writesOf } from './databricks-world.ts';
import { contentOf, plan, runToEnd } from './step-runner.ts';

const UC = '/api/2.1/unity-catalog';
let { world, twin }: DatabricksWorld = databricksWorld();

const open = (options: DatabricksOptions = {}) => {
  const root = 'abfss://meta@stmeta001.dfs.core.windows.net/';
  ({ world, twin } = databricksWorld({ limits: [], metastoreStorageRoot: root, ...options }));
};
beforeEach(() => open());
afterEach(() => {
  expect(twin.violations()).toEqual([]);
});

/** A file with the catalog `c` and its schema `s`. */
const file = (catalog: object, schema: object = {}, more: readonly object[] = []) => ({
  catalogs: [{ name: 'c', ...catalog, schemas: [{ name: 's', ...schema }, ...more] }],
});
const deploy = (release: string, value: object, kind: typeof world.kind = 'release') => {
  world.run = release;
  world.kind = kind;
  world.artifacts = { 'databricks-config': { 'unity-catalog.json': JSON.stringify(value) } };
  twin.log.clear();
  return runToEnd(unityCatalog, world, { appliesUnchanged: true });
};
const rollBack = (release: string, value: object) => deploy(release, value, 'rollback');
const change = async (path: string, fields: object) => {
  const body = Buffer.from(JSON.stringify(fields));
  const answer = await twin.handle({ method: 'PATCH', url: `${WORKSPACE}${UC}/${path}`, headers: {}, body });
  expect(answer.status).toBe(200);
};
const grant = (securable: string, principal: string, add: string[], remove: string[] = []) =>
  change(`permissions/${securable}`, { changes: [{ principal, add, remove }] });
const read = async (path: string) => {
  const answer = await twin.handle({
    method: 'GET',
    url: `${WORKSPACE}${UC}/${path}`,
    headers: {},
    body: Buffer.alloc(0),
  });
  return JSON.parse(Buffer.from(answer.body).toString());
};
const lines = (changes: readonly { action: string; target: string; detail?: string }[]) =>
  changes.map(({ action, target, detail }) => `${action} ${target}: ${detail}`);
const grants = (...privileges: string[]) => ({ grants: [{ principal: 'analysts', privileges }] });
const complete = { authoritative_grants: true };

describe('after a rollback the workspace is what it was before the release that it undoes:', () => {
  const cases: readonly [string, object, object][] = [
    ['grants that it added', file({}), file(grants('USE_CATALOG'), grants('SELECT'))],
    ['grants added to those of the same principal', file(grants('USE_CATALOG')), file(grants('BROWSE'))],
    ['grants that it took away', file(grants('USE_CATALOG')), file({ ...complete })],
    [
      'grants that it took away where the former list is complete, too',
      file({ ...complete, ...grants('BROWSE') }),
      file(complete),
    ],
    ['a comment that the former file names', file({ comment: 'a' }), file({ comment: 'b' })],
    ['a comment that it does not name', file({}), file({ comment: 'b' }, { comment: 'c' })],
    ['a mode of isolation', file({}), file({ isolation_mode: 'ISOLATED' })],
    [
      'keys of properties',
      file({ properties: { ours: '1' } }),
      file({ properties: { ours: '2', more: '3' } }),
    ],
    ['properties where there were none', file({}), file({}, { properties: { more: '3' } })],
  ];
  test.each(cases)('%s', async (_what, good, bad) => {
    await deploy('release-1', good);
    await grant('schema/c.s', 'auditors', ['SELECT']);
    await grant('catalog/c', 'auditors', ['BROWSE']);
    await change('schemas/c.s', { properties: { theirs: 'x' } });
    await deploy('release-2', good);
    const [before, known] = [twin.inventory(), world.inventory];
    expect((await deploy('release-3', bad)).changes).not.toEqual([]);
    const { refused, output } = await rollBack('release-2', good);
    expect(refused).toBeNull();
    expect(twin.inventory()).toEqual(before);
    expect(world.inventory).toEqual(known);
    expect(output).not.toHaveProperty('left');
    expect((await rollBack('release-2', good)).changes).toEqual([]);
    expect(writesOf(twin)).toBe(0);
  });

  test('an owner', async () => {
    await deploy('release-1', file({}));
    const { owner } = await read('catalogs/c');
    await deploy('release-2', file({ owner: 'others' }));
    expect(await read('catalogs/c')).toMatchObject({ owner: 'others' });
    const { changes } = await rollBack('release-1', file({}));
    expect(lines(changes)).toEqual(['update former settings of catalog c: owner as before']);
    expect(await read('catalogs/c')).toMatchObject({ owner });
  });

  test('several releases back, with what stood there then and not what came between', async () => {
    const good = file(grants('BROWSE'));
    await deploy('release-1', file({ comment: 'one', ...grants('BROWSE', 'USE_CATALOG') }));
    await deploy('release-2', good);
    const before = twin.inventory();
    await deploy('release-3', file({ comment: 'three' }, grants('SELECT')));
    await deploy('release-4', file({ comment: 'four', ...complete }));
    const { changes } = await rollBack('release-2', good);
    expect(lines(changes)).toEqual([
      'update former grants on catalog c: analysts: +USE_CATALOG',
      'update former grants on schema c.s: analysts: -SELECT',
      'update former settings of catalog c: comment as before',
      'update grants on catalog c: analysts: +BROWSE',
    ]);
    expect(twin.inventory()).toEqual(before);
  });

  test('and a rollback of a later release starts from there', async () => {
    await deploy('release-1', file({}));
    await deploy('release-2', file({ comment: 'two' }, grants('SELECT')));
    await rollBack('release-1', file({}));
    const before = twin.inventory();
    await deploy('release-3', file({ comment: 'three' }, grants('MODIFY')));
    await rollBack('release-1', file({}));
    expect(twin.inventory()).toEqual(before);
  });

  test('a release that Slipway does not remember is what was before all that it remembers', async () => {
    const before = await inventoryOfFirst();
    await deploy('release-2', file({ comment: 'two' }, grants('SELECT')));
    await deploy('release-3', file({ comment: 'three' }));
    await rollBack('release-1', file({}));
    expect(twin.inventory()).toEqual(before);
    await deploy('release-4', file({ comment: 'four' }));
    await rollBack('release-1', file({}));
    expect(twin.inventory()).toEqual(before);
  });

  test('a release that came twice is what was there after it came last', async () => {
    await deploy('release-1', file({}));
    await deploy('release-2', file({ comment: 'two' }, grants('SELECT')));
    await deploy('release-1', file({}), 'redeploy');
    const before = twin.inventory();
    await deploy('release-3', file({ comment: 'three' }, grants('MODIFY')));
    await rollBack('release-1', file({}));
    expect(twin.inventory()).toEqual(before);
  });

  test('whatever the order of dozens of releases without changes', async () => {
    await deploy('release-0', file({}));
    for (let number = 1; number <= 60; number += 1) await deploy(`release-${number}`, file({}));
    const before = twin.inventory();
    await deploy('release-61', file({ comment: 'b' }, grants('SELECT')));
    await rollBack('release-60', file({}));
    expect(twin.inventory()).toEqual(before);
  });
});

/** Deploys release-1 as a Slipway did whose inventory had schema 1. */
async function inventoryOfFirst() {
  await deploy('release-1', file({}));
  const old = { schema: 1, workspace: WORKSPACE, securables: ['catalog c', 'schema c.s'] };
  world.inventory = { digest: await contentOf(world).put(JSON.stringify(old)), uncertain: [] };
  return twin.inventory();
}

describe('what a rollback leaves', () => {
  test('securables that the undone release made stay, without its grants, and are named', async () => {
    await deploy('release-1', file({}));
    await deploy('release-2', file({ comment: 'two' }, {}, [{ name: 'new', ...grants('SELECT') }]));
    const { changes, output } = await rollBack('release-1', file({}));
    expect(lines(changes)).toEqual([
      'update former grants on schema c.new: analysts: -SELECT (no longer in unity-catalog.json, and kept: schema c.new)',
      'update former settings of catalog c: comment as before',
    ]);
    expect(output).toMatchObject({ left: ['schema c.new'] });
    expect(twin.inventory().map(({ kind, name }) => `${kind} ${name}`)).toContain('schema c.new');
    expect(twin.inventory().filter(({ kind }) => kind === 'grant')).toEqual([]);
  });

  test('a securable that somebody dropped meanwhile is nothing to put right', async () => {
    await deploy('release-1', file({}));
    await deploy('release-2', file({}, {}, [{ name: 'new', ...grants('SELECT') }]));
    await twin.handle({
      method: 'DELETE',
      url: `${WORKSPACE}${UC}/schemas/c.new`,
      headers: {},
      body: Buffer.alloc(0),
    });
    expect((await rollBack('release-1', file({}))).changes).toEqual([]);
  });

  test('grants to a principal that is gone stay away, and do not hold up the others', async () => {
    const principals = ['analysts', 'leaver', 'auditors'];
    open({ principals });
    await deploy('release-1', file({}));
    for (const one of ['leaver', 'auditors']) await grant('catalog/c', one, ['BROWSE']);
    await deploy('release-1', file({}));
    await deploy('release-2', file({ ...complete, ...grants('USE_CATALOG') }));
    principals.splice(1, 1);
    const { refused, output } = await rollBack('release-1', file({}));
    expect(refused).toBeNull();
    expect(output).toMatchObject({ left: ['former grants on catalog c'] });
    expect(world.log.join()).toMatch(
      /catalog c stays as it is: .* Could not find principal with name leaver/,
    );
    const held = twin.inventory().filter(({ kind }) => kind === 'grant');
    expect(held.map(({ name }) => name)).toEqual(['CATALOG c auditors']);
  });

  test('a release, unlike a rollback, takes back no grant and no setting', async () => {
    await deploy('release-1', file({}));
    await deploy('release-2', file({ comment: 'two' }, grants('SELECT')));
    expect((await deploy('release-3', file({}))).changes).toEqual([]);
    expect(await read('catalogs/c')).toMatchObject({ comment: 'two' });
  });
});

describe('the plan', () => {
  test('of a rollback is the same for the same world, and has no values in it', async () => {
    await deploy('release-1', file({ properties: { a: 'hidden-old' } }));
    await deploy('release-2', file({ properties: { b: 'hidden-new' } }));
    world.run = 'release-1';
    world.kind = 'rollback';
    world.artifacts = { 'databricks-config': { 'unity-catalog.json': JSON.stringify(file({})) } };
    const changes = await plan(unityCatalog, world);
    expect(changes).not.toEqual([]);
    expect(await plan(unityCatalog, world)).toEqual(changes);
    expect(JSON.stringify(changes)).not.toContain('hidden');
  });

  test('says of every change how it can be undone', async () => {
    const first = await deploy('release-1', file(grants('BROWSE')));
    const second = await deploy('release-2', file({ comment: 'two' }));
    const third = await rollBack('release-1', file(grants('BROWSE')));
    const classes = [first, second, third].flatMap(({ changes }) =>
      changes.map((each) => `${each.target}: ${each.class}`),
    );
    expect(classes).toEqual([
      'catalog c: forward-only',
      'grants on catalog c: compensable',
      'schema c.s: forward-only',
      'catalog c: reversible',
      'former settings of catalog c: reversible',
    ]);
  });

  test('asks for nothing twice that a release does not ask for, and a rollback only for what was changed', async () => {
    await deploy('release-1', file({}));
    await deploy('release-2', file({ comment: 'two' }));
    await deploy('release-3', file({ comment: 'two' }));
    expect(twin.log.counts()).toEqual({ 'Catalogs.get': 1, 'Schemas.get': 1 });
    await rollBack('release-2', file({ comment: 'two' }));
    expect(twin.log.counts()).toEqual({ 'Catalogs.get': 1, 'Schemas.get': 1 });
  });
});

describe('when something goes wrong', () => {
  const good = file({ comment: 'good', properties: { ours: '1' } }, grants('SELECT'));
  const bad = file(
    { comment: 'bad', properties: { ours: '2', more: '3' }, ...grants('BROWSE') },
    { comment: 'bad', ...complete, grants: [{ principal: 'auditors', privileges: ['SELECT'] }] },
    [{ name: 'new', ...grants('SELECT') }],
  );
  const start = async () => {
    open();
    await deploy('release-1', good);
    return twin.inventory();
  };
  /** Everything but the schema that the bad release made. */
  const withoutNew = () => twin.inventory().filter(({ kind, name }) => kind !== 'schema' || name !== 'c.new');

  test('a release that died anywhere is undone as far as it came, by a rollback that dies anywhere', async () => {
    for (const when of ['before', 'after'] as const) {
      for (let request = 0; request < 12; request += 1) {
        const before = await start();
        twin.faults.add({ kind: 'status', match: '*', skip: request, status: 500, when });
        await deploy('release-2', bad).catch(() => undefined);
        twin.faults.clear();
        twin.faults.add({ kind: 'status', match: '*', skip: request, status: 500, when });
        await rollBack('release-1', good).catch(() => undefined);
        twin.faults.clear();
        expect((await rollBack('release-1', good)).refused).toBeNull();
        expect(withoutNew()).toEqual(before);
      }
    }
  });

  test('a lost answer costs one request more, and nothing is left behind', async () => {
    const writesWith = async (times: number) => {
      const before = await start();
      await deploy('release-2', bad);
      if (times > 0) twin.faults.add({ kind: 'drop', match: '*.update', times, when: 'after' });
      await rollBack('release-1', good);
      expect(withoutNew()).toEqual(before);
      return writesOf(twin);
    };
    const writes = await writesWith(0);
    expect(await writesWith(3)).toBe(writes + 3);
  });

  test('a schema that nobody knows to be there is named only if it is', async () => {
    for (const when of ['before', 'after'] as const) {
      await start();
      twin.faults.add({ kind: 'status', match: 'Schemas.create', status: 500, when });
      await deploy('release-2', bad).catch(() => undefined);
      twin.faults.clear();
      const { output } = await rollBack('release-1', good);
      expect(output?.left).toEqual(when === 'after' ? ['schema c.new'] : undefined);
    }
  });

  test('a release that died and one after it that did not are undone together', async () => {
    const before = await start();
    twin.faults.add({ kind: 'status', match: 'Grants.update', status: 500, when: 'after' });
    await deploy('release-2', bad).catch(() => undefined);
    twin.faults.clear();
    await deploy('release-3', file({ comment: 'other' }));
    await rollBack('release-1', good);
    expect(withoutNew()).toEqual(before);
  });
});

test('any releases, dying anywhere, are undone by a rollback, dying anywhere', async () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    open();
    const chance = createChance(seed);
    const dying = async (work: () => Promise<unknown>) => {
      if (chance.random() < 0.5) {
        const when = pickOf(chance, ['before', 'after'] as const);
        twin.faults.add({ kind: 'status', match: '*', skip: below(chance, 12), status: 500, when });
      }
      await work().catch(() => undefined);
      twin.faults.clear();
    };
    const good = randomFile(chance, 'good');
    await deploy('release-0', randomFile(chance, 'first'));
    await deploy('release-1', good);
    for (const one of ['analysts', 'auditors']) await grant('schema/c.s', one, [pickOf(chance, PRIVILEGES)]);
    await deploy('release-1', good);
    const before = twin.inventory();
    const number = 1 + below(chance, 3);
    for (let bad = 2; bad < 2 + number; bad += 1)
      await dying(() => deploy(`release-${bad}`, randomFile(chance, `bad-${bad}`, ['t'])));
    await dying(() => rollBack('release-1', good));
    const { refused } = await rollBack('release-1', good);
    const after = twin.inventory().filter(({ kind, name }) => kind !== 'schema' || name !== 'c.t');
    expect({ seed, refused, after }).toEqual({ seed, refused: null, after: before });
  }
});

const PRIVILEGES = ['SELECT', 'MODIFY', 'USE_SCHEMA'] as const;

function randomFile(chance: Chance, name: string, more: readonly string[] = []) {
  const some = <Item>(items: readonly Item[]) => items.filter(() => chance.random() < 0.5);
  const settings = (): object => {
    const properties = Object.fromEntries(some(['a', 'b', 'c']).map((key) => [key, `${name}-${key}`]));
    const principals = some(['analysts', 'auditors']);
    const given = principals.map((principal) => ({ principal, privileges: ['SELECT', ...some(PRIVILEGES)] }));
    return {
      ...(chance.random() < 0.5 ? { comment: name } : {}),
      ...(chance.random() < 0.5 ? { properties } : {}),
      ...(chance.random() < 0.7 ? { grants: given } : {}),
      ...(chance.random() < 0.25 ? complete : {}),
    };
  };
  return file(
    settings(),
    settings(),
    some(more).map((each) => ({ name: each, ...settings() })),
  );
}

function pickOf<Item>(chance: Chance, items: readonly [Item, ...Item[]]): Item {
  return items[below(chance, items.length)] ?? items[0];
}

function below(chance: Chance, limit: number): number {
  return Math.floor(chance.random() * limit);
}
