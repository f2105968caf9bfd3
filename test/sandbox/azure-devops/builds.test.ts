import { describe, expect, test } from '@jest/globals';
import { ask, at, COMMIT, createOrganization, smallBuild } from './organization.ts';

const BUILDS = 'parking/_apis/build/builds';

describe('builds', () => {
  test('a published build is read back with its commit, branch and result', async () => {
    const { twin } = createOrganization();
    const { id } = twin.publishBuild(smallBuild({ branch: 'refs/heads/release', buildNumber: '7.1' }));
    const { json } = await ask(twin, 'GET', `${BUILDS}/${id}`);
    expect(json).toMatchObject({
      id,
      buildNumber: '7.1',
      status: 'completed',
      result: 'succeeded',
      sourceBranch: 'refs/heads/release',
      sourceVersion: COMMIT,
      definition: { name: 'ci-artifacts' },
      requestedFor: { displayName: 'Bob Example' },
    });
    expect(twin.service.violations()).toEqual([]);
  });

  test('builds of one pipeline share its definition and are numbered by day', async () => {
    const { twin, clock } = createOrganization();
    const first = twin.publishBuild(smallBuild());
    const second = twin.publishBuild(smallBuild());
    clock.time += 24 * 60 * 60 * 1000;
    const third = twin.publishBuild(smallBuild());
    expect(new Set([first, second, third].map(({ definitionId }) => definitionId)).size).toBe(1);
    expect([first, second, third].map(({ buildNumber }) => buildNumber)).toEqual([
      '20261122.1',
      '20261122.2',
      '20261123.1',
    ]);
  });

  test('an unknown project cannot have a build', () => {
    const { twin } = createOrganization();
    expect(() => twin.publishBuild(smallBuild({ project: 'nowhere' }))).toThrow(
      'there is no project "nowhere"',
    );
  });

  test.each([
    ['buildNumber=1.*', ['1.2', '1.1']],
    ['branchName=refs/heads/main', ['2.1', '1.1']],
    ['resultFilter=failed', ['2.1']],
    ['minTime=2026-11-22T08:00:30Z', ['2.1', '1.2']],
    ['tagFilters=weekly', ['1.2']],
    ['queryOrder=finishTimeAscending', ['1.1', '1.2', '2.1']],
  ])('a list can be cut by %s', async (query, expected) => {
    const { twin, clock } = createOrganization();
    twin.publishBuild(smallBuild({ buildNumber: '1.1' }));
    clock.time += 60_000;
    twin.publishBuild(smallBuild({ buildNumber: '1.2', branch: 'refs/heads/x', tags: ['weekly'] }));
    clock.time += 60_000;
    twin.publishBuild(smallBuild({ buildNumber: '2.1', result: 'failed', definition: 'other' }));
    const { json } = await ask(twin, 'GET', `${BUILDS}?${query}`);
    expect([0, 1, 2].map((index) => at(json, `value.${index}.buildNumber`)).filter(Boolean)).toEqual(
      expected,
    );
    expect(at(json, 'count')).toBe(expected.length);
  });

  test('a list comes in pages, and a build that is new in between moves nothing', async () => {
    const { twin } = createOrganization();
    const ids = [1, 2, 3, 4, 5].map(() => twin.publishBuild(smallBuild()).id).reverse();
    const seen: unknown[] = [];
    let token: string | undefined;
    do {
      const { json, headers } = await ask(
        twin,
        'GET',
        `${BUILDS}?$top=2${token ? `&continuationToken=${token}` : ''}`,
      );
      seen.push(at(json, 'value.0.id'), at(json, 'value.1.id'));
      token = headers['x-ms-continuationtoken'];
      if (seen.length === 2) twin.publishBuild(smallBuild());
    } while (token);
    expect(seen.filter(Boolean)).toEqual(ids);
  });

  test('tags are kept once each', async () => {
    const { twin } = createOrganization();
    const { id } = twin.publishBuild(smallBuild());
    await ask(twin, 'PUT', `${BUILDS}/${id}/tags/release`);
    await ask(twin, 'POST', `${BUILDS}/${id}/tags`, { body: ['release', 'weekly'] });
    const { json } = await ask(twin, 'GET', `${BUILDS}/${id}/tags`);
    expect(json).toEqual({ count: 2, value: ['release', 'weekly'] });
  });

  test('a build of another project is not found', async () => {
    const { twin } = createOrganization();
    twin.addProject('other');
    const { id } = twin.publishBuild(smallBuild());
    const { status, json } = await ask(twin, 'GET', `other/_apis/build/builds/${id}`);
    expect([status, at(json, 'typeKey')]).toEqual([404, 'BuildNotFoundException']);
  });
});

describe('projects', () => {
  test('projects are listed and read by name or id', async () => {
    const { twin } = createOrganization();
    const { id } = twin.addProject('second', 'Another one');
    expect(at((await ask(twin, 'GET', '_apis/projects')).json, 'count')).toBe(2);
    expect((await ask(twin, 'GET', `_apis/projects/${id}`)).json).toMatchObject({ name: 'second' });
    expect((await ask(twin, 'GET', '_apis/projects/SECOND')).json).toMatchObject({ id });
    expect((await ask(twin, 'GET', '_apis/projects/none')).status).toBe(404);
    expect(twin.service.violations()).toEqual([]);
  });
});
