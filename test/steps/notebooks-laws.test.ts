import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cleanUp } from '../../shared/steps/clean-up.ts';
import { notebooks } from '../../shared/steps/notebooks.ts';
import type { DatabricksWorld } from './databricks-world.ts';
import { callTwin, databricksWorld, objectsOf } from './databricks-world.ts';
import type { Environment } from './environment.ts';
import { environmentOf } from './environment.ts';
import { runToEnd } from './step-runner.ts';

const ROOT = '/Shared/parking-sensors';
const FOREIGN = `${ROOT}/theirs/keep.txt`;

/** Files that get in each other's way: the same paths as notebook, as file and as folder. */
const CONTENTS: Readonly<Record<string, readonly string[]>> = {
  'a.py': ['# Databricks notebook source\n1', '# Databricks notebook source\n2', 'x = 1'],
  'a.r': ['# Databricks notebook source\n1'],
  'a.sql': ['-- Databricks notebook source\n1', 'select 1'],
  a: ['plain'],
  'a/b.py': ['# Databricks notebook source\n1', 'x = 1'],
  'a/b/c.csv': ['1', '2'],
  'theirs/ours.py': ['# Databricks notebook source\n1'],
  'deep/er/est/x.txt': ['1'],
};

type Files = Readonly<Record<string, string>>;

const release = fc
  .subarray(Object.keys(CONTENTS), { maxLength: 3 })
  .chain((paths) =>
    fc.tuple(
      ...paths.map((path) => fc.tuple(fc.constant(path), fc.constantFrom(...(CONTENTS[path] ?? [''])))),
    ),
  )
  .map((entries): Files => Object.fromEntries(entries));
const fault = fc.record({
  match: fc.constantFrom('Workspace.import', 'Workspace.mkdirs', 'Workspace.delete'),
  when: fc.constantFrom('before' as const, 'after' as const),
  skip: fc.nat(4),
  /** Four in a row are more than one call tries. */
  times: fc.constantFrom(1, 4, 8),
});
const history = fc.array(fc.tuple(release, fc.option(fault, { freq: 2 }), fc.boolean()), {
  minLength: 1,
  maxLength: 6,
});

/** What a workspace holds after only this release, deployed into nothing; null when it is refused. */
async function alone(files: Files): Promise<string[] | null> {
  const { world, twin } = databricksWorld({ limits: [] });
  world.artifacts = { 'databricks-notebooks': files };
  const isDone = await runToEnd(notebooks, world).then(
    () => true,
    () => false,
  );
  return isDone ? objectsOf(twin) : null;
}

interface Site extends DatabricksWorld {
  readonly environment: Environment;
}

/** Sends a release and, unless somebody leaves that out, cleans up. */
async function deploy({ world, environment }: Site, files: Files, cleans: boolean): Promise<string> {
  world.artifacts = { 'databricks-notebooks': files };
  try {
    const { refused } = await environment.run(notebooks);
    if (refused === null && cleans) await environment.run(cleanUp);
    return refused ?? 'done';
  } catch (error) {
    return error instanceof Error ? error.name : 'unknown';
  }
}

test('whatever was deployed and interrupted before, a release ends as if it were the first, and others keep theirs', async () => {
  await fc.assert(
    fc.asyncProperty(history, async (releases) => {
      const plain = databricksWorld({ limits: [] });
      const site = { ...plain, environment: environmentOf(plain) };
      await callTwin(site.twin, '/api/2.0/workspace/mkdirs', { path: `${ROOT}/theirs` });
      await callTwin(site.twin, '/api/2.0/workspace/import', { path: FOREIGN, content: '', format: 'RAW' });
      let last: Files = {};
      for (const [files, trouble, cleans] of releases) {
        if (trouble !== null) site.twin.faults.add({ kind: 'drop', ...trouble });
        await deploy(site, files, cleans);
        site.twin.faults.clear();
        if ((await alone(files)) !== null) last = files;
      }
      expect(await deploy(site, last, true)).toBe('done');
      const expected = [...((await alone(last)) ?? []), `file ${FOREIGN}`].sort();
      expect(objectsOf(site.twin).sort()).toEqual(expected);
      site.twin.log.clear();
      await deploy(site, last, true);
      expect(site.twin.log.count()).toBe(0);
      expect(site.twin.violations()).toEqual([]);
    }),
    { numRuns: 100, seed: 20261123 },
  );
});
