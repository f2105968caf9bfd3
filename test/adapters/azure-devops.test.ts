import { Readable } from 'node:stream';
import type { HttpClient } from '@azure/core-rest-pipeline';
import { createHttpHeaders } from '@azure/core-rest-pipeline';
import { describe, expect, test } from '@jest/globals';
import { createAzureDevOps } from '../../sandbox/azure-devops/azure-devops.ts';
import { createAzureDevOpsClient } from '../../shared/adapters/azure-devops.ts';
import { HostLimits } from '../../shared/adapters/host-limit.ts';
import { systemClock } from '../../shared/adapters/system-clock.ts';
import { Refusal, TransientFailure } from '../../shared/errors.ts';
import { COMMIT, intakeWorld, requestsOf } from '../steps/intake-world.ts';
import { underVirtualTime } from '../steps/virtual-time.ts';

/** A world with one build, and a way to wait for what the client does in virtual time. */
function published(options: Parameters<typeof intakeWorld>[0] = {}) {
  const world = intakeWorld(options);
  const build = world.twin.publishBuild({
    project: 'parking',
    definition: 'ci-artifacts',
    commit: COMMIT,
    artifacts: { 'databricks-notebooks': { 'a.py': 'print(1)' } },
  });
  const wait = <Result>(work: Promise<Result>) => underVirtualTime(world.clock, work);
  const artifact = { name: 'databricks-notebooks', kind: 'PipelineArtifact', size: 8 };
  const reference = { id: String(build.id), definition: String(build.definitionId) };
  return { ...world, build, wait, artifact, reference };
}

describe('what Azure DevOps says is read carefully', () => {
  test('what does not exist is null', async () => {
    const { azureDevOps, wait } = published();
    expect(await wait(azureDevOps.build('parking', '1'))).toBeNull();
    expect(await wait(azureDevOps.build('no-such-project', '20001'))).toBeNull();
    expect(await wait(azureDevOps.approval('parking', 'none'))).toBeNull();
    expect(await wait(azureDevOps.variableGroup('parking', 'none'))).toBeNull();
    expect(await wait(azureDevOps.environment('parking', 'none'))).toBeNull();
    expect(await wait(azureDevOps.artifacts('parking', '1'))).toEqual([]);
  });

  test('a build is in the project that the event of its completion named', async () => {
    const { azureDevOps, wait, twin, build } = published();
    const projectId = twin.addProject('parking').id;
    expect(await wait(azureDevOps.build('parking', String(build.id)))).toMatchObject({ projectId });
    expect(projectId).toMatch(/^[0-9a-f]{8}-/);
  });

  test('names are asked for as they are, and cannot leave their place in the path', async () => {
    const { azureDevOps, wait, twin } = published();
    expect(await wait(azureDevOps.build('../other', '1'))).toBeNull();
    expect(twin.service.log.requests()).toMatchObject([{ path: '/contoso/..%2Fother/_apis/build/builds/1' }]);
    await expect(wait(azureDevOps.build('parking', '..'))).rejects.toThrow('cannot be a name in an address');
  });

  test.each([
    ['a page with a status of success', { kind: 'html', match: '*' }],
    [
      'a redirect to the sign-in page',
      { kind: 'login-redirect', match: '*', location: 'https://login.example' },
    ],
    ['401', { kind: 'status', match: '*', status: 401 }],
  ] as const)('%s means that the identity is not known there', async (_title, fault) => {
    const { azureDevOps, wait, twin, build } = published();
    twin.service.faults.add(fault);
    const failed = wait(azureDevOps.build('parking', String(build.id)));
    await expect(failed).rejects.toThrow(
      /organisation contoso of Azure DevOps does not accept Slipway's identity/,
    );
    await expect(failed).rejects.toBeInstanceOf(TransientFailure);
  });

  test('403 is a refusal that says what to grant', async () => {
    const { azureDevOps, wait, twin } = published();
    twin.service.faults.add({ kind: 'status', match: '*', status: 403, message: 'needs View builds' });
    const failed = wait(azureDevOps.build('parking', '20001'));
    await expect(failed).rejects.toBeInstanceOf(Refusal);
    await expect(failed).rejects.toThrow(/does not allow this to Slipway's identity: .*Grant it, then retry/);
  });

  test('an error that begins with a byte order mark is read all the same', async () => {
    const { azureDevOps, wait, twin } = published();
    twin.manners.errorsBeginWithMark = true;
    expect(await wait(azureDevOps.build('parking', '1'))).toBeNull();
  });
});

describe('trouble on the way', () => {
  test('after 429 the client waits as long as it is told', async () => {
    const { azureDevOps, wait, twin, clock, build } = published();
    twin.service.faults.add({ kind: 'status', match: '*', status: 429, retryAfterInSeconds: 7, times: 1 });
    const before = clock.now();
    expect(await wait(azureDevOps.build('parking', String(build.id)))).toMatchObject({ status: 'completed' });
    expect(clock.now() - before).toBeGreaterThanOrEqual(7_000);
    expect(requestsOf(twin)).toEqual({ 'Builds.Get': 2 });
  });

  test('a success that asks for patience slows the next request down', async () => {
    const { clock } = published();
    const patience = [5];
    const times: number[] = [];
    const httpClient: HttpClient = {
      sendRequest: async (request) => {
        times.push(clock.now());
        const seconds = patience.shift();
        const headers = createHttpHeaders({ 'content-type': 'application/json' });
        if (seconds !== undefined) headers.set('retry-after', String(seconds));
        return { request, status: 200, headers, bodyAsText: '{"count":0,"value":[]}' };
      },
    };
    const client = createAzureDevOpsClient({
      organization: 'contoso',
      baseUrl: 'https://dev.azure.com',
      artifactHosts: [],
      credential: null,
      clock,
      limits: new HostLimits(clock),
      httpClient,
    });
    await underVirtualTime(clock, client.environment('parking', 'a'));
    await underVirtualTime(clock, client.environment('parking', 'b'));
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBe(5_000);
  });

  test('a run whose start got no answer is not started again by the client', async () => {
    const { azureDevOps, wait, twin } = published();
    const { id } = twin.addPipeline({ project: 'parking', name: 'cd', stages: [{ name: 'x', holds: true }] });
    twin.service.faults.add({ kind: 'drop', match: 'Runs.RunPipeline', when: 'after', times: 1 });
    await expect(wait(azureDevOps.startRun('parking', String(id), { build: '1' }))).rejects.toThrow(
      TransientFailure,
    );
    const runs = await wait(azureDevOps.runs('parking', String(id)));
    expect(runs).toHaveLength(1);
    const found = await wait(azureDevOps.run('parking', { pipeline: String(id), run: runs[0]?.id ?? '' }));
    expect(found).toMatchObject({ parameters: { build: '1' }, state: 'inProgress' });
  });
});

describe('content of artifacts', () => {
  test('comes from a signed address without our token', async () => {
    const { azureDevOps, wait, twin, artifact, reference } = published();
    const files = await wait(azureDevOps.downloadArtifact('parking', reference, artifact));
    expect(files.map(({ path, bytes }) => [path, Buffer.from(bytes).toString()])).toEqual([
      ['a.py', 'print(1)'],
    ]);
    expect(requestsOf(twin)).toEqual({ 'RunArtifacts.Get': 1, 'Content.Signed': 1 });
  });

  test('that is too large as the build says is not asked for', async () => {
    const { azureDevOps, wait, twin, artifact, reference } = published();
    const large = { ...artifact, size: 2 ** 30 };
    await expect(wait(azureDevOps.downloadArtifact('parking', reference, large))).rejects.toThrow(
      'The artifact databricks-notebooks is larger than 512 MiB.',
    );
    expect(requestsOf(twin)).toEqual({});
  });

  test('of a container that is larger than it may be is refused in the same words', async () => {
    const { clock, reference } = published();
    const chunk = Buffer.alloc(1024 * 1024);
    const httpClient: HttpClient = {
      sendRequest: async (request) => {
        const headers = createHttpHeaders({ 'content-type': 'application/zip' });
        const readableStreamBody = Readable.from(Array.from({ length: 513 }, () => chunk));
        return { request, status: 200, headers, readableStreamBody };
      },
    };
    const limits = new HostLimits(clock);
    const places = { baseUrl: 'https://dev.azure.com', artifactHosts: [], credential: null };
    const client = createAzureDevOpsClient({ organization: 'contoso', ...places, clock, limits, httpClient });
    const container = { name: 'notebooks', kind: 'Container', size: null };
    await expect(client.downloadArtifact('parking', reference, container)).rejects.toThrow(
      'The artifact notebooks is larger than 512 MiB.',
    );
  });

  test.each([
    ['another host', 'https://artifacts.visualstudio.com.evil.example'],
    ['a host that only ends alike', 'https://evilartifacts.visualstudio.com'],
    ['an address inside', 'https://169.254.169.254'],
    ['plain http', 'http://artprodweu3.artifacts.visualstudio.com'],
  ])('is not fetched from %s', async (_title, content) => {
    const { azureDevOps, wait, twin, artifact, reference } = published({ content });
    await expect(wait(azureDevOps.downloadArtifact('parking', reference, artifact))).rejects.toThrow(
      /which is none of the allowed hosts. If it is right, add it to the setting ARTIFACT_HOSTS/,
    );
    expect(requestsOf(twin)).toEqual({ 'RunArtifacts.Get': 1 });
  });

  test('that is gone is a refusal', async () => {
    const { azureDevOps, wait, reference } = published();
    const gone = { name: 'gone', kind: 'PipelineArtifact', size: null };
    await expect(wait(azureDevOps.downloadArtifact('parking', reference, gone))).rejects.toThrow(
      /The artifact gone of build \d+ is gone\. Build again, then retry\./,
    );
  });
});

test('over real sockets a release is read and downloaded the same way', async () => {
  const twin = createAzureDevOps({ organization: 'contoso' });
  twin.addProject('parking');
  const build = twin.publishBuild({
    project: 'parking',
    definition: 'ci-artifacts',
    commit: COMMIT,
    artifacts: { infrastructure: { 'main.json': '{}' } },
  });
  const hosts = await twin.listen();
  try {
    const client = createAzureDevOpsClient({
      organization: 'contoso',
      baseUrl: new URL(hosts.url).origin,
      artifactHosts: ['127.0.0.1'],
      credential: { getToken: async () => ({ token: 'token', expiresOnTimestamp: Date.now() + 3_600_000 }) },
      clock: systemClock,
      limits: new HostLimits(systemClock),
    });
    const [artifact] = await client.artifacts('parking', String(build.id));
    const reference = { id: String(build.id), definition: String(build.definitionId) };
    const none = { name: '', kind: '', size: null };
    const files = await client.downloadArtifact('parking', reference, artifact ?? none);
    expect(files.map(({ path }) => path)).toEqual(['main.json']);
    expect(twin.service.violations()).toEqual([]);
  } finally {
    await hosts.close();
  }
});
