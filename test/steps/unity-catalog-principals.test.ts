import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { unityCatalog } from '../../shared/steps/unity-catalog.ts';
import type { DatabricksWorld } from './databricks-world.ts';
import { databricksWorld, WORKSPACE, writesOf } from './databricks-world.ts';
import { contentOf, runToEnd } from './step-runner.ts';

const APPLICATION = 'ABCDEF01-2345-4678-9ABC-DEF012345678';
const ADA = 'Ada@Contoso.com';
let { world, twin }: DatabricksWorld = databricksWorld();

beforeEach(() => {
  const metastoreStorageRoot = 'abfss://meta@stmeta001.dfs.core.windows.net/';
  ({ world, twin } = databricksWorld({ limits: [], metastoreStorageRoot }));
});
afterEach(() => {
  expect(twin.violations()).toEqual([]);
});

const grant = (principal: string, ...privileges: string[]) => ({ principal, privileges });
const deploy = (release: string, catalog: object, kind: typeof world.kind = 'release') => {
  world.run = release;
  world.kind = kind;
  const file = JSON.stringify({ catalogs: [{ name: 'c', ...catalog }] });
  world.artifacts = { 'databricks-config': { 'unity-catalog.json': file } };
  twin.log.clear();
  return runToEnd(unityCatalog, world, { appliesUnchanged: true });
};
const rollBack = (release: string, catalog: object) => deploy(release, catalog, 'rollback');
const held = async () => {
  const url = `${WORKSPACE}/api/2.1/unity-catalog/permissions/catalog/c`;
  const answer = await twin.handle({ method: 'GET', url, headers: {}, body: Buffer.alloc(0) });
  const all: { principal: string; privileges: string[] }[] =
    JSON.parse(Buffer.from(answer.body).toString()).privilege_assignments ?? [];
  return Object.fromEntries(all.map(({ principal, privileges }) => [principal, privileges.sort()]));
};
const details = (changes: readonly { detail?: string }[]) => changes.map(({ detail }) => detail);

describe('who is granted something: Unity Catalog keeps addresses and application ids in lower case', () => {
  const complete = { grants: [grant(ADA, 'BROWSE'), grant(APPLICATION, 'USE_CATALOG')] };

  test.each([true, false])(
    'so a list that is complete (%s) with capitals in them is deployed once',
    async (authoritative_grants) => {
      const catalog = { ...complete, authoritative_grants };
      await deploy('release-1', catalog);
      const first = await held();
      expect(first).toEqual({
        [ADA.toLowerCase()]: ['BROWSE'],
        [APPLICATION.toLowerCase()]: ['USE_CATALOG'],
      });
      for (const release of ['release-2', 'release-3']) {
        expect((await deploy(release, catalog)).changes).toEqual([]);
        expect(writesOf(twin)).toBe(0);
      }
      expect(await held()).toEqual(first);
    },
  );

  test('but names of groups are as they are written', async () => {
    const only = (principal: string) => ({
      authoritative_grants: true,
      grants: [grant(principal, 'BROWSE')],
    });
    await deploy('release-1', only('Analysts'));
    const { changes } = await deploy('release-2', only('analysts'));
    expect(details(changes)).toEqual(['Analysts: -BROWSE; analysts: +BROWSE']);
    expect(await held()).toEqual({ analysts: ['BROWSE'] });
  });

  test('so two spellings of one address are one principal', async () => {
    const grants = [grant(ADA, 'BROWSE'), grant('ada@contoso.com', 'USE_CATALOG')];
    await deploy('release-1', { grants: [] });
    const { changes } = await deploy('release-2', { grants });
    expect(details(changes)).toEqual([`${ADA}: +BROWSE +USE_CATALOG`]);
    expect((await deploy('release-3', { grants })).changes).toEqual([]);
  });

  test('so an owner with capitals is set once', async () => {
    await deploy('release-1', {});
    expect(details((await deploy('release-2', { owner: ADA })).changes)).toEqual(['changes owner']);
    expect((await deploy('release-3', { owner: ADA })).changes).toEqual([]);
  });
});

describe('a rollback', () => {
  test('takes back what was granted to an address with capitals', async () => {
    await deploy('release-1', {});
    await deploy('release-2', { grants: [grant(ADA, 'BROWSE')] });
    await rollBack('release-1', {});
    expect(await held()).toEqual({});
  });

  test('leaves what its own file grants to another spelling of the address', async () => {
    await deploy('release-1', { grants: [grant('ada@contoso.com', 'BROWSE')] });
    await deploy('release-2', { authoritative_grants: true });
    await deploy('release-3', { grants: [grant(ADA, 'BROWSE', 'USE_CATALOG')] });
    await rollBack('release-1', { grants: [grant('ada@contoso.com', 'BROWSE')] });
    expect(await held()).toEqual({ 'ada@contoso.com': ['BROWSE'] });
    const { changes } = await rollBack('release-1', { grants: [grant('ada@contoso.com', 'BROWSE')] });
    expect(changes).toEqual([]);
  });

  test('goes by the oldest of what is known of an address, however it was spelled', async () => {
    await deploy('release-1', {});
    const was = (principal: string, before: boolean) => ({
      target: 'catalog c',
      settings: [],
      grants: [{ principal, privilege: 'BROWSE', was: before }],
    });
    const digest = await contentOf(world).put(
      JSON.stringify({
        schema: 2,
        workspace: WORKSPACE,
        securables: ['catalog c'],
        history: [
          { release: 'release-1', before: [] },
          { release: 'release-2', before: [was(ADA, false)] },
          { release: 'release-3', before: [was(ADA.toLowerCase(), true)] },
        ],
      }),
    );
    world.inventory = { digest, uncertain: [] };
    const { changes } = await rollBack('release-1', {});
    expect(changes).toEqual([]);
    expect(await held()).toEqual({});
  });
});
