import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ARTIFACT_NAMES } from '../../tools/example/artifacts.ts';
import { type BuildOptions, buildArtifacts } from '../../tools/example/build-artifacts.ts';
import type { FileChanges } from '../../tools/example/project-files.ts';
import { withTemporaryFolder } from './temporary-folder.ts';

const INGEST = 'bronze/01_ingest.py';

/** Digest by path of a build with these options. */
async function digestsOf(options: Omit<BuildOptions, 'outputFolder'> = {}): Promise<Map<string, string>> {
  const built = await withTemporaryFolder((outputFolder) => buildArtifacts({ outputFolder, ...options }));
  return new Map(built.files.map(({ path, sha256 }) => [path, sha256]));
}

async function differences(changes: FileChanges): Promise<string[]> {
  const [before, after] = [await digestsOf(), await digestsOf({ changes })];
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].filter((path) => before.get(path) !== after.get(path));
}

describe('the artifacts of the example', () => {
  test('are the five that the pipeline publishes', async () => {
    await withTemporaryFolder(async (outputFolder) => {
      await buildArtifacts({ outputFolder });
      expect((await readdir(outputFolder)).sort()).toEqual([...ARTIFACT_NAMES].sort());
    });
  });

  test('have the same bytes when built twice', async () => {
    expect(await digestsOf()).toEqual(await digestsOf());
  });

  test('hold what was reported, byte for byte', async () => {
    await withTemporaryFolder(async (outputFolder) => {
      const { files } = await buildArtifacts({ outputFolder });
      const sizes = await Promise.all(
        files.map(async ({ path }) => (await readFile(join(outputFolder, path))).length),
      );
      expect(sizes).toEqual(files.map(({ size }) => size));
    });
  });

  test('hold the compiled template beside the Bicep, and no unit tests or caches', async () => {
    const paths = [...(await digestsOf()).keys()];
    expect(paths).toEqual(expect.arrayContaining(['infrastructure/main.json', 'infrastructure/main.bicep']));
    expect(paths).toEqual(expect.arrayContaining(['databricks-tests/run_suite.py']));
    expect(paths.filter((path) => /unit\/|__pycache__|\.pyc$/.test(path))).toEqual([]);
  });

  test('cannot be built without the compiled template', async () => {
    await expect(digestsOf({ changes: { 'infrastructure/main.json': null } })).rejects.toThrow(
      'infrastructure/main.json is missing',
    );
  });
});

describe('a changed build', () => {
  test('with one changed notebook differs in that notebook alone', async () => {
    const notebook = `databricks/notebooks/${INGEST}`;
    expect(await differences({ [notebook]: '# Databricks notebook source\nprint(2)\n' })).toEqual([
      `databricks-notebooks/${INGEST}`,
    ]);
  });

  test('with a changed module differs in the wheel alone', async () => {
    expect(await differences({ 'src/parking_sensors/gold.py': 'UNKNOWN_BAY_ID = 0\n' })).toEqual([
      'python-wheel/parking_sensors-1.2.0-py3-none-any.whl',
    ]);
  });

  test('with another version has another wheel file', async () => {
    const paths = [...(await digestsOf({ version: '1.3.0' })).keys()];
    expect(paths.filter((path) => path.startsWith('python-wheel/'))).toEqual([
      'python-wheel/parking_sensors-1.3.0-py3-none-any.whl',
    ]);
  });

  test('into the same folder leaves no file of the build before, and touches nothing else', async () => {
    await withTemporaryFolder(async (outputFolder) => {
      await buildArtifacts({ outputFolder });
      await mkdir(join(outputFolder, 'notes'));
      await writeFile(join(outputFolder, 'notes', 'mine.txt'), 'kept');
      await buildArtifacts({ outputFolder, changes: { [`databricks/notebooks/${INGEST}`]: null } });
      await expect(readFile(join(outputFolder, 'databricks-notebooks', INGEST))).rejects.toThrow('ENOENT');
      expect(await readFile(join(outputFolder, 'notes', 'mine.txt'), 'utf8')).toBe('kept');
    });
  });

  test('cannot remove a file that the project does not have', async () => {
    await expect(digestsOf({ changes: { 'src/missing.py': null } })).rejects.toThrow(
      'cannot remove src/missing.py',
    );
  });
});
