import { describe, expect, test } from '@jest/globals';
import { readManifest } from '../../shared/project/manifest.ts';
import { sha256 } from '../../shared/release/canonical-json.ts';
import { artifacts } from '../../shared/steps/artifacts.ts';
import { MemoryContent } from '../adapters/memory-content.ts';
import type { IntakeOptions } from './intake-world.ts';
import { COMMIT, intakeWorld, memoryReleases, requestsOf } from './intake-world.ts';
import type { World } from './step-runner.ts';
import { newWorld, runToEnd } from './step-runner.ts';

const NOTEBOOKS = {
  'bronze/01_ingest.py': '# Databricks notebook source\nprint(1)\n',
  'exploration/Zone forecast é.ipynb': '{}',
};
const WHEEL = { 'parking_sensors-1.2.0-py3-none-any.whl': 'wheel' };

function intake(build: Record<string, unknown> = {}, options: IntakeOptions = {}) {
  const { clock, clients, twin } = intakeWorld(options);
  const published = twin.publishBuild({
    project: 'parking',
    definition: 'ci-artifacts',
    commit: COMMIT,
    requestedFor: 'Bob Example',
    artifacts: { 'python-wheel': WHEEL, 'databricks-notebooks': NOTEBOOKS, drop: { 'log.txt': 'x' } },
    ...build,
  });
  const releases = memoryReleases();
  const input = {
    organization: 'contoso',
    project: 'parking',
    definition: String(published.definitionId),
    branches: ['main'],
    build: String(published.id),
  };
  const run = `build-${published.id}`;
  const world = newWorld({ clock, clients, releases, input, run, stage: 'intake' });
  return { world, twin, releases, published };
}

async function manifestIn(world: World, digest: unknown) {
  const content = new MemoryContent();
  for (const [key, bytes] of world.contents) content.contents.set(key, bytes);
  return readManifest(content, String(digest));
}

describe('what a build published becomes a release', () => {
  test.each(['PipelineArtifact', 'Container'])(
    '%s: known artifacts are stored by content, others stay',
    async (kind) => {
      const { world, twin, releases, published } = intake({ artifactKind: kind });
      const { output } = await runToEnd(artifacts, world);
      const manifest = await manifestIn(world, output?.manifest);
      expect(manifest.artifacts).toEqual({
        'python-wheel': [{ path: Object.keys(WHEEL)[0], size: 5, sha256: sha256('wheel') }],
        'databricks-notebooks': Object.entries(NOTEBOOKS).map(([path, text]) => ({
          path,
          size: Buffer.byteLength(text),
          sha256: sha256(text),
        })),
      });
      expect(output).toMatchObject({ files: 3, artifacts: ['databricks-notebooks', 'python-wheel'] });
      expect(releases.added).toMatchObject([
        {
          name: `build-${published.id}`,
          order: published.id,
          manifest: output?.manifest,
          source: { branch: 'refs/heads/main', commit: COMMIT },
        },
      ]);
      expect([...twin.service.violations(), ...twin.content.violations()]).toEqual([]);
    },
  );

  test('each artifact is downloaded once', async () => {
    const { world, twin } = intake();
    await runToEnd(artifacts, world);
    expect(requestsOf(twin)).toEqual({
      'Builds.Get': 1,
      'Artifacts.List': 1,
      'RunArtifacts.Get': 2,
      'Content.Signed': 2,
    });
  });

  test('a release that is known is taken as it is, without a request', async () => {
    const { world, twin } = intake();
    const first = await runToEnd(artifacts, world);
    twin.service.log.clear();
    twin.content.log.clear();
    const second = await runToEnd(artifacts, world);
    expect(second.output).toEqual(first.output);
    expect(requestsOf(twin)).toEqual({});
  });

  test('a slow download is cut, and what is stored is not fetched again', async () => {
    const { world, twin } = intake();
    twin.content.faults.add({ kind: 'latency', match: '*', latencyInMs: 50_000, times: 1 });
    const { calls, output } = await runToEnd(artifacts, world);
    expect(calls).toBe(2);
    expect(output).toMatchObject({ files: 3 });
    expect(requestsOf(twin)).toMatchObject({ 'Content.Signed': 2 });
  });

  test('the same content gives the same manifest, whatever the build', async () => {
    const [one, other] = [intake(), intake({ buildNumber: 'another' })];
    const first = await runToEnd(artifacts, one.world);
    const second = await runToEnd(artifacts, other.world);
    expect(second.output?.manifest).toBe(first.output?.manifest);
  });
});

describe('what is not released', () => {
  test.each([
    [{ result: 'failed' }, 'ended failed; only a build that succeeded is released.'],
    [{ result: 'partiallySucceeded' }, 'ended partiallySucceeded; only a build that succeeded is released.'],
    [{ branch: 'refs/heads/feature/x' }, 'is of refs/heads/feature/x; releases are made of main.'],
  ])('a build with %p, whatever the webhook said', async (changes, reason) => {
    const { world, twin, releases } = intake(changes);
    const { refused } = await runToEnd(artifacts, world);
    expect(refused).toContain(reason);
    expect(requestsOf(twin)).toEqual({ 'Builds.Get': 1 });
    expect(releases.added).toEqual([]);
  });

  test('a build of another pipeline than the registered one', async () => {
    const { world } = intake();
    world.input = { ...world.input, definition: '9999' };
    const { refused } = await runToEnd(artifacts, world);
    expect(refused).toMatch(/^Build .* is of pipeline \d+; the artifacts pipeline is 9999\.$/);
  });

  test('a build that does not exist', async () => {
    const { world } = intake();
    world.input = { ...world.input, build: '777' };
    const { refused } = await runToEnd(artifacts, world);
    expect(refused).toBe(
      'Build 777 is not in the project parking of contoso. It may have been deleted: build again.',
    );
  });

  test('a build that goes on', async () => {
    const { world, twin } = intake();
    const run = twin.startRun({ project: 'parking', pipeline: 'ci-artifacts' });
    world.input = { ...world.input, build: String(run.id) };
    expect((await runToEnd(artifacts, world)).refused).toContain(
      'is inProgress. Release it when it has completed.',
    );
  });

  test('a build without any artifact that Slipway knows', async () => {
    const { world } = intake({ artifacts: { drop: { 'log.txt': 'x' } } });
    await expect(runToEnd(artifacts, world)).rejects.toThrow(
      /published no artifact that Slipway knows \(python-wheel, .*\); it published: drop\./,
    );
  });

  test('a build without what is required: nothing that earlier builds put there may go for that', async () => {
    const { world, twin, releases, published } = intake();
    world.input = { ...world.input, requires: ['python-wheel', 'databricks-notebooks', 'databricks-config'] };
    await expect(runToEnd(artifacts, world)).rejects.toThrow(
      `Build ${published.buildNumber} (${published.id}) did not publish databricks-config; it published: python-wheel, ` +
        'databricks-notebooks, drop. Without it Slipway would take away what earlier builds put there. Publish it, or, if ' +
        'the project has none, write skip: [unity-catalog, databricks-config] into every environment of slipway.yaml and ' +
        'register that; then build again.',
    );
    expect(requestsOf(twin)).toEqual({ 'Builds.Get': 1, 'Artifacts.List': 1 });
    expect(releases.added).toEqual([]);
  });

  test('an archive that no build would make; nothing is stored', async () => {
    const { world, releases } = intake({ artifacts: { 'databricks-notebooks': { 'a%2e.py': 'x' } } });
    await expect(runToEnd(artifacts, world)).rejects.toThrow('cannot be unpacked');
    expect(releases.added).toEqual([]);
    expect([...world.contents.values()].map((bytes) => Buffer.from(bytes).toString())).not.toContain('x');
  });
});

describe('trouble on the way', () => {
  test('a busy content host is asked again after the time that it names', async () => {
    const { world, twin } = intake();
    twin.content.faults.add({ kind: 'status', match: '*', status: 503, retryAfterInSeconds: 5, times: 1 });
    const before = world.clock.now();
    expect((await runToEnd(artifacts, world)).output).toMatchObject({ files: 3 });
    expect(world.clock.now() - before).toBeGreaterThanOrEqual(5_000);
  });

  test('content on a host that is not allowed is not fetched', async () => {
    const { world, twin } = intake({}, { content: 'https://evil.example' });
    await expect(runToEnd(artifacts, world)).rejects.toThrow(
      'is at evil.example, which is none of the allowed hosts',
    );
    expect(requestsOf(twin)).not.toHaveProperty('Content.Signed');
  });

  test('no message repeats a signed address', async () => {
    const { world, twin } = intake();
    twin.content.faults.add({ kind: 'drop', match: '*' });
    const failed = await runToEnd(artifacts, world).catch(String);
    expect(failed).toContain('cannot be read from artprodweu3.artifacts.visualstudio.com');
    expect(failed).not.toContain('signature');
  });
});
