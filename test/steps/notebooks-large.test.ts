import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { notebooks } from '../../shared/steps/notebooks.ts';
import type { StepKind } from '../../shared/steps/step.ts';
import type { DatabricksWorld } from './databricks-world.ts';
import { databricksWorld, objectsOf, writesOf } from './databricks-world.ts';
import { runToEnd } from './step-runner.ts';

const PY = '# Databricks notebook source\n';
/** Of 120 s after which the host ends a function, with room for a service that is slower than usual. */
const LONGEST_CALL_IN_MS = 80_000;

let { world, twin }: DatabricksWorld = databricksWorld();
let longestCallInMs = 0;
let mostCalls = 100;

/** The step, with a watch on how long a call of it takes, and an end for one that would never come to it. */
const watched: StepKind = {
  ...notebooks,
  async apply(context, changes) {
    const begunAt = world.clock.now();
    mostCalls -= 1;
    if (mostCalls === 0) throw new Error('this will never end');
    const outcome = await notebooks.apply(context, changes);
    longestCallInMs = Math.max(longestCallInMs, world.clock.now() - begunAt);
    return outcome;
  },
};
const deploy = () => runToEnd(watched, world);

/** A release with as many folders; a file that is no notebook keeps it from going as an archive. */
function release(folders: number, filesInEach: number, more: Record<string, string> = { 'a.txt': '' }): void {
  const files = Array.from({ length: folders * filesInEach }, (_, index) => [
    `f${index % folders}/n${index}.py`,
    `${PY}${index}`,
  ]);
  world.artifacts = { 'databricks-notebooks': { ...Object.fromEntries(files), ...more } };
}

beforeEach(() => {
  ({ world, twin } = databricksWorld());
  world.input = { strategy: 'versioned', keep: 3 };
  longestCallInMs = 0;
  mostCalls = 100;
});
afterEach(() => {
  expect(twin.violations()).toEqual([]);
  expect(longestCallInMs).toBeLessThan(LONGEST_CALL_IN_MS);
});

test('a version with 800 folders is sent and read back by several calls', async () => {
  release(800, 1);
  const { refused, calls } = await deploy();
  expect(refused).toBeNull();
  expect(calls).toBeGreaterThan(1);
  expect(objectsOf(twin)).toHaveLength(801);
  expect(twin.log.count('Workspace.import')).toBe(801);
  expect(twin.log.count('Workspace.mkdirs')).toBe(800);
});

test('one of 1000 folders that goes as an archive is read back by several calls', async () => {
  release(1_000, 1, {});
  expect((await deploy()).refused).toBeNull();
  expect(twin.log.counts()).toMatchObject({ 'Workspace.import': 1, 'Workspace.list': 1_001 });
});

test('one with 1000 files in a single folder is, too', async () => {
  release(1, 1_000);
  expect((await deploy()).refused).toBeNull();
  expect(twin.log.count('Workspace.import')).toBe(1_001);
  expect(twin.log.count('Workspace.list')).toBeLessThanOrEqual(12);
});

test('one that is there whole is only looked at, whatever its size', async () => {
  release(800, 1);
  await deploy();
  world.inventory = { digest: null, uncertain: [] };
  twin.log.clear();
  expect((await deploy()).refused).toBeNull();
  expect(writesOf(twin)).toBe(0);
  expect(twin.log.count('Workspace.list')).toBe(802);
});

test('on a slow service every call gets further', async () => {
  twin.faults.add({ kind: 'latency', latencyInMs: 4_000 });
  release(300, 1);
  const { refused } = await deploy();
  expect(refused).toBeNull();
  expect(objectsOf(twin)).toHaveLength(301);
});

test('a slow service that swallows what it is sent is refused in the end', async () => {
  twin.faults.add({ kind: 'latency', latencyInMs: 4_000 });
  const { databricks } = world.clients;
  world.clients = {
    ...world.clients,
    databricks: (url) => {
      const client = databricks(url);
      const put = async (...[path]: Parameters<typeof client.workspace.put>) => {
        await client.workspace.status(path);
        return 'done' as const;
      };
      return { ...client, workspace: { ...client.workspace, put } };
    },
  };
  release(1, 260);
  expect((await deploy()).refused).toContain('is not what the release says, though it was sent twice');
});

test('in place, a release of any size goes in calls that end in time', async () => {
  world.input = {};
  release(200, 8);
  expect((await deploy()).refused).toBeNull();
  expect(objectsOf(twin)).toHaveLength(1_601);
});
