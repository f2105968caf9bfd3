import { beforeAll, describe, expect, test } from '@jest/globals';
import { ENVIRONMENT_KEYS } from '../../sandbox/cloud.ts';
import type { Run } from '../../shared/release/model.ts';
import { oddNotebooks } from '../../tools/example/odd-notebooks.ts';
import { seededRandom } from '../../tools/example/random.ts';
import { exampleBuild, withFiles } from './builds.ts';
import { faultFreeOf, violationsOf } from './invariants.ts';
import { writesIn } from './twins.ts';
import type { BuildContent, ReleaseWorld } from './world.ts';
import { newReleaseWorld } from './world.ts';

let build: BuildContent;

beforeAll(async () => {
  build = await exampleBuild();
});

/** How many changes each stage planned, steps together. */
function plannedIn(run: Run): Record<string, number> {
  const deployments = run.stages.filter(({ steps }) => steps.some(({ name }) => name === 'notebooks'));
  return Object.fromEntries(
    deployments.map(({ name, plan }) => {
      const { create = 0, update = 0, delete: removed = 0, run: started = 0 } = plan?.changes ?? {};
      return [name, create + update + removed + started];
    }),
  );
}

/** What a workspace holds of a kind, by name. */
function namesIn({ twins }: ReleaseWorld, key: (typeof ENVIRONMENT_KEYS)[number], kind: string): string[] {
  return twins.workspaces[key]
    .inventory()
    .filter((its) => its.kind === kind)
    .map(({ name }) => name);
}

describe('a build of the example project', () => {
  let w: ReleaseWorld;
  let run: Run;

  beforeAll(async () => {
    w = newReleaseWorld();
    run = await w.release(build);
  });

  test('goes through all environments to the end', () => {
    expect(run.stages.map(({ name, status }) => [name, status])).toEqual([
      ['intake', 'succeeded'],
      ['dev', 'succeeded'],
      ['staging', 'succeeded'],
      ['integration-tests', 'succeeded'],
      ['production', 'succeeded'],
      ['smoke-tests', 'succeeded'],
      ['rollout', 'succeeded'],
    ]);
    expect(w.history().ended).toBe(true);
  });

  test('keeps to the contracts of all services, to its gates, and keeps its secrets', () => {
    expect(violationsOf(w, 0, faultFreeOf(w))).toEqual([]);
  });

  test.each(ENVIRONMENT_KEYS)('leaves exactly what its artifacts say in %s', (key) => {
    const folder = '/Shared/parking-sensors';
    expect([...namesIn(w, key, 'notebook'), ...namesIn(w, key, 'file')].sort()).toEqual(
      [
        ...Object.keys(build['databricks-notebooks'] ?? {}).map(
          (path) => `${folder}/${path.replace(NOTEBOOK_EXTENSION, '')}`,
        ),
        ...Object.keys(build['databricks-tests'] ?? {}).map((path) => `${folder}-tests/${path}`),
      ].sort(),
    );
    expect(namesIn(w, key, 'job')).toEqual(['parking-sensors-load', 'parking-sensors-report']);
    const catalog = `parking_sensors_catalog_${key}`;
    expect(namesIn(w, key, 'catalog')).toEqual([catalog]);
    expect(
      namesIn(w, key, 'schema').filter((name) => /\.(bronze|silver|gold|utilities)$/.test(name)),
    ).toEqual(['bronze', 'gold', 'silver', 'utilities'].map((name) => `${catalog}.${name}`));
    const files = namesIn(w, key, 'volume-file').filter((name) => !name.includes('/test_results/'));
    expect(files).toEqual(
      Object.keys(build['python-wheel'] ?? {}).map(
        (name) => `/Volumes/${catalog}/utilities/libraries/${name}`,
      ),
    );
  });

  test('keeps the environments apart, in resource groups too', () => {
    const types = (key: string) =>
      w.twins.arm
        .resources()
        .filter(({ id }) => id.includes(`/rg-parking-sensors-${key}/`))
        .map(({ id }) => id.replaceAll(`-${key}`, '').replaceAll(key, '').replace(GUID, ''))
        .sort();
    expect(types('dev').length).toBeGreaterThan(3);
    expect(types('stg').length).toBe(types('dev').length);
    expect(types('prod').length).toBe(types('dev').length);
  });
});

/** The zones parser and the table are no notebooks: they keep their extensions. */
const NOTEBOOK_EXTENSION = /(?<!parse_zone)\.(py|sql|scala|r|ipynb)$/;
const GUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

describe('the same content once more', () => {
  let w: ReleaseWorld;
  let first: Run;
  let writes: number;

  beforeAll(async () => {
    w = newReleaseWorld();
    first = await w.release(build);
    writes = writesIn(w.twins).length;
  });

  test('as another build, it plans no change in any stage and writes nothing', async () => {
    const again = await w.release(build);
    expect(again.status).toBe('succeeded');
    expect(plannedIn(again)).toEqual({ dev: 0, staging: 0, production: 0 });
    expect(writesIn(w.twins).slice(writes)).toEqual([]);
  });

  test('as a redeploy, it plans no change, asks nobody and writes nothing', async () => {
    const again = await w.redeploy(first, 'production');
    expect(again.status).toBe('succeeded');
    expect(plannedIn(again)).toEqual({ production: 0 });
    expect(writesIn(w.twins).slice(writes)).toEqual([]);
  });
});

describe('a project of 500 notebooks', () => {
  let w: ReleaseWorld;
  let big: BuildContent;

  beforeAll(async () => {
    const notebooks = oddNotebooks(500, seededRandom(1));
    big = {
      ...build,
      'databricks-notebooks': Object.fromEntries(notebooks.map(({ path, content }) => [path, content])),
    };
    w = newReleaseWorld();
    expect((await w.release(big)).status).toBe('succeeded');
  });

  test('has its first deployment done in a request a notebook and one a folder, and three more', () => {
    const paths = Object.keys(big['databricks-notebooks'] ?? {});
    const folders = new Set(paths.map((path) => path.split('/').slice(0, -1).join('/')));
    const counts = w.twins.workspaces.prod.log.counts();
    const asked = Object.entries(counts).filter(([operation]) => operation.startsWith('Workspace.'));
    const requests = asked.reduce((sum, [, count]) => sum + count, 0);
    expect(requests).toBeLessThanOrEqual(paths.length + folders.size + 3);
  });

  test('with one of them changed and one removed is two changes a stage, and few writes', async () => {
    const [changed = '', removed = ''] = Object.keys(big['databricks-notebooks'] ?? {}).filter((path) =>
      path.endsWith('.py'),
    );
    const held = namesIn(w, 'prod', 'notebook').length + namesIn(w, 'prod', 'file').length;
    const before = writesIn(w.twins).length;
    const run = await w.release(
      withFiles(big, 'databricks-notebooks', {
        [changed]: '# Databricks notebook source\nprint("changed")\n',
        [removed]: null,
      }),
    );
    expect(run.status).toBe('succeeded');
    expect(plannedIn(run)).toEqual({ dev: 2, staging: 2, production: 2 });
    expect(writesIn(w.twins).length - before).toBeLessThanOrEqual(3 * 3);
    expect(namesIn(w, 'prod', 'notebook').length + namesIn(w, 'prod', 'file').length).toBe(held - 1);
  });
});
