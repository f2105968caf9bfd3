import { describe, expect, test } from '@jest/globals';
import { ask, at, COMMIT, createOrganization, subscribe } from './organization.ts';

const OTHER = 'f'.repeat(40);

function createPullRequest(changes: Record<string, unknown> = {}) {
  const organization = createOrganization();
  const { id } = organization.twin.openPullRequest({
    project: 'parking',
    title: 'Count cars twice',
    sourceBranch: 'refs/heads/feature',
    commit: COMMIT,
    createdBy: 'Bob Example',
    reviewers: ['Ada Example'],
    changes: [
      { path: '/src/count.py', changeType: 'edit' },
      { path: '/src/new.py', changeType: 'add' },
    ],
    ...changes,
  });
  const base = 'parking/_apis/git/repositories/parking/pullRequests';
  return { ...organization, id, base, route: `${base}/${id}` };
}

/** What the subscriber heard, as the event type and the text. */
function heard(received: readonly { body: string }[]): unknown[] {
  return received.map(({ body }) => {
    const { eventType, message } = JSON.parse(body);
    return [eventType, message.text];
  });
}

describe('pull requests', () => {
  test('one is read by repository, and by its id alone', async () => {
    const { twin, id, route } = createPullRequest();
    const { json } = await ask(twin, 'GET', route);
    expect(json).toMatchObject({
      pullRequestId: id,
      status: 'active',
      sourceRefName: 'refs/heads/feature',
      targetRefName: 'refs/heads/main',
      lastMergeSourceCommit: { commitId: COMMIT },
      createdBy: { displayName: 'Bob Example' },
      reviewers: [{ displayName: 'Ada Example', vote: 0 }],
    });
    expect((await ask(twin, 'GET', `parking/_apis/git/pullrequests/${id}`)).json).toEqual(json);
    expect(twin.service.violations()).toEqual([]);
  });

  test('a list has the active ones, unless others are asked for', async () => {
    const { twin, id, base } = createPullRequest();
    const count = async (query: string) => at((await ask(twin, 'GET', `${base}${query}`)).json, 'count');
    expect([await count(''), await count('?searchCriteria.sourceRefName=refs/heads/x')]).toEqual([1, 0]);
    twin.closePullRequest({ pullRequestId: id, status: 'completed' });
    expect([await count(''), await count('?searchCriteria.status=completed')]).toEqual([0, 1]);
  });

  test('a push adds an iteration and moves the head', async () => {
    const { twin, id, route } = createPullRequest();
    twin.pushToPullRequest({
      pullRequestId: id,
      commit: OTHER,
      changes: [{ path: '/a.py', changeType: 'add' }],
    });
    expect(at((await ask(twin, 'GET', route)).json, 'lastMergeSourceCommit.commitId')).toBe(OTHER);
    const { json } = await ask(twin, 'GET', `${route}/iterations`);
    expect([at(json, 'count'), at(json, 'value.1.sourceRefCommit.commitId')]).toEqual([2, OTHER]);
    const paths = async (iteration: number) =>
      at(
        (await ask(twin, 'GET', `${route}/iterations/${iteration}/changes`)).json,
        'changeEntries.0.item.path',
      );
    expect([await paths(1), await paths(2)]).toEqual(['/src/count.py', '/a.py']);
    expect(twin.service.violations()).toEqual([]);
  });

  test('changes come in pages', async () => {
    const { twin, route } = createPullRequest();
    const first = await ask(twin, 'GET', `${route}/iterations/1/changes?$top=1`);
    expect([at(first.json, 'changeEntries.length'), at(first.json, 'nextSkip')]).toEqual([1, 1]);
    const last = await ask(twin, 'GET', `${route}/iterations/1/changes?$top=1&$skip=1`);
    expect([at(last.json, 'changeEntries.0.item.path'), at(last.json, 'nextSkip')]).toEqual([
      '/src/new.py',
      undefined,
    ]);
  });

  test('an unknown one is not found', async () => {
    const { twin, base } = createPullRequest();
    const { status, json } = await ask(twin, 'GET', `${base}/1`);
    expect([status, at(json, 'typeKey')]).toEqual([404, 'GitPullRequestNotFoundException']);
  });
});

describe('the events of a pull request', () => {
  test('opening, pushing and completing are told, and merged is told of tries only', async () => {
    const { twin, received } = createOrganization();
    for (const event of ['created', 'updated', 'merged']) await subscribe(twin, `git.pullrequest.${event}`);
    const request = { project: 'parking', title: 'x', sourceBranch: 'refs/heads/x', commit: COMMIT };
    const { id } = twin.openPullRequest({ ...request, createdBy: 'Bob Example' });
    twin.pushToPullRequest({ pullRequestId: id, commit: OTHER, by: 'Bob Example' });
    twin.closePullRequest({ pullRequestId: id, status: 'completed', by: 'Ada Example' });
    await twin.deliveries.deliverDue();
    expect(heard(received)).toEqual([
      ['git.pullrequest.created', 'Bob Example created a new pull request'],
      ['git.pullrequest.merged', 'Bob Example has created a pull request merge commit'],
      ['git.pullrequest.updated', 'Bob Example updated the source branch'],
      ['git.pullrequest.merged', 'Bob Example has created a pull request merge commit'],
      ['git.pullrequest.updated', 'Ada Example marked the pull request as completed'],
    ]);
  });

  test.each([
    ['notificationType', 'PushNotification', 1],
    ['notificationType', 'ReviewerVoteNotification', 0],
    ['branch', 'main', 2],
    ['branch', 'refs/heads/main', 2],
    ['branch', 'release', 0],
  ])('the filter %s = "%s" lets %i updates through', async (name, value, expected) => {
    const { twin, received, id } = createPullRequest();
    await subscribe(twin, 'git.pullrequest.updated', { publisherInputs: { [name]: value } });
    twin.pushToPullRequest({ pullRequestId: id, commit: OTHER });
    twin.closePullRequest({ pullRequestId: id, status: 'completed' });
    await twin.deliveries.deliverDue();
    expect(received).toHaveLength(expected);
  });
});

describe('statuses', () => {
  const status = { state: 'succeeded', context: { genre: 'slipway', name: 'qa' }, description: 'ok' };

  test('the same context again adds to the history', async () => {
    const { twin, route } = createPullRequest();
    await ask(twin, 'POST', `${route}/statuses`, { body: { ...status, state: 'pending' } });
    await ask(twin, 'POST', `${route}/statuses`, { body: status });
    const { json } = await ask(twin, 'GET', `${route}/statuses`);
    expect([at(json, 'value.0.state'), at(json, 'value.1.state')]).toEqual(['pending', 'succeeded']);
    expect(twin.service.violations()).toEqual([]);
  });

  test('one of an iteration is found there only', async () => {
    const { twin, id, route } = createPullRequest();
    twin.pushToPullRequest({ pullRequestId: id, commit: OTHER });
    await ask(twin, 'POST', `${route}/statuses`, { body: { ...status, iterationId: 1 } });
    await ask(twin, 'POST', `${route}/iterations/1/statuses`, { body: status });
    const count = async (path: string) => at((await ask(twin, 'GET', `${route}/${path}`)).json, 'count');
    expect([await count('iterations/1/statuses'), await count('iterations/2/statuses')]).toEqual([2, 0]);
    expect((await ask(twin, 'POST', `${route}/iterations/9/statuses`, { body: status })).status).toBe(404);
  });

  test('one without a context is refused', async () => {
    const { twin, route } = createPullRequest();
    expect((await ask(twin, 'POST', `${route}/statuses`, { body: { state: 'failed' } })).status).toBe(400);
  });
});

describe('threads', () => {
  test('a thread carries a marker, and takes comments and a status', async () => {
    const { twin, route } = createPullRequest();
    const body = {
      comments: [{ content: 'Plan', commentType: 1 }],
      status: 1,
      properties: { slipway: 'run-1' },
    };
    const { json } = await ask(twin, 'POST', `${route}/threads`, { body });
    const thread = `${route}/threads/${at(json, 'id')}`;
    await ask(twin, 'POST', `${thread}/comments`, { body: { content: 'More', parentCommentId: 1 } });
    await ask(twin, 'PATCH', `${thread}/comments/1`, { body: { content: 'New plan' } });
    await ask(twin, 'PATCH', thread, { body: { status: 'fixed' } });
    expect((await ask(twin, 'GET', thread)).json).toMatchObject({
      status: 'fixed',
      properties: { slipway: { $type: 'System.String', $value: 'run-1' } },
      comments: [
        { content: 'New plan', commentType: 'text' },
        { content: 'More', parentCommentId: 1 },
      ],
    });
    expect(twin.service.violations()).toEqual([]);
  });

  test('two equal requests make two threads', async () => {
    const { twin, route } = createPullRequest();
    const body = { comments: [{ content: 'Plan' }], status: 'active' };
    await ask(twin, 'POST', `${route}/threads`, { body });
    await ask(twin, 'POST', `${route}/threads`, { body });
    expect(at((await ask(twin, 'GET', `${route}/threads`)).json, 'count')).toBe(2);
  });
});

describe('repositories', () => {
  test('a project has one of its own name', async () => {
    const { twin } = createOrganization();
    const { json } = await ask(twin, 'GET', 'parking/_apis/git/repositories');
    expect(json).toMatchObject({ count: 1, value: [{ name: 'parking' }] });
    const id = at(json, 'value.0.id');
    expect((await ask(twin, 'GET', `parking/_apis/git/repositories/${id}`)).json).toEqual(
      at(json, 'value.0'),
    );
    expect(twin.service.violations()).toEqual([]);
  });

  test('the content of a commit or of a branch comes as a ZIP', async () => {
    const { twin } = createOrganization();
    const files = { 'src/a.py': 'one', 'docs/b.md': 'two' };
    twin.addCommit({ project: 'parking', commit: COMMIT, branch: 'refs/heads/main', files });
    const items = 'parking/_apis/git/repositories/parking/items?$format=zip';
    const get = (query: string) => ask(twin, 'GET', `${items}&${query}`);
    const byCommit = await get(`versionDescriptor.version=${COMMIT}&versionDescriptor.versionType=commit`);
    const byBranch = await get('versionDescriptor.version=main&versionDescriptor.versionType=branch');
    expect([byCommit.status, Buffer.from(byCommit.body).equals(Buffer.from(byBranch.body))]).toEqual([
      200,
      true,
    ]);
    const part = Buffer.from((await get('scopePath=/src')).body);
    expect([part.includes('src/a.py'), part.includes('docs/b.md')]).toEqual([true, false]);
    expect(
      (await get(`versionDescriptor.version=${OTHER}&versionDescriptor.versionType=commit`)).status,
    ).toBe(404);
    expect(twin.service.violations()).toEqual([]);
  });
});
