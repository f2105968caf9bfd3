import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { ArtifactFile } from '../../tools/example/artifacts.ts';
import { type GenerateOptions, generateProject } from '../../tools/example/generate-project.ts';
import { withTemporaryFolder } from './temporary-folder.ts';

const MEBIBYTE = 1024 * 1024;

const generate = (options: Partial<GenerateOptions> = {}): Promise<ArtifactFile[]> =>
  withTemporaryFolder((outputFolder) =>
    generateProject({ outputFolder, seed: 7, notebooks: 200, ...options }),
  );

const notebooksOf = (files: ArtifactFile[]) =>
  files.filter(({ path }) => path.startsWith('databricks-notebooks/'));

const withoutExtension = (path: string) => path.replace(/\.\w+$/, '');

describe('a generated project', () => {
  test('has the same bytes for the same seed, and other names for another', async () => {
    const files = await generate();
    expect(await generate()).toEqual(files);
    expect((await generate({ seed: 8 })).map(({ path }) => path)).not.toEqual(files.map(({ path }) => path));
  });

  test('has as many notebooks and files as asked for', async () => {
    expect(notebooksOf(await generate({ notebooks: 137 }))).toHaveLength(137);
  });

  test('has every kind of file, odd signs and scripts, and deep folders', async () => {
    const paths = notebooksOf(await generate()).map(({ path }) => path);
    for (const odd of [
      / /,
      /[à-ü]/,
      /分析/,
      /🚗/,
      /\[/,
      /#/,
      /\/\.hidden/,
      /v1\.2\.final/,
      /(\/[^/]+){12}$/,
    ]) {
      expect(paths.filter((path) => odd.test(path))).not.toEqual([]);
    }
    expect(new Set(paths.map((path) => path.slice(path.lastIndexOf('.') + 1)))).toEqual(
      new Set(['py', 'sql', 'r', 'scala', 'ipynb', 'csv', 'json', 'md', 'txt']),
    );
  });

  test('has an empty file', async () => {
    expect((await generate()).some(({ size }) => size === 0)).toBe(true);
  });

  test('puts no two notebooks at one workspace path, unless asked to', async () => {
    const paths = notebooksOf(await generate()).map(({ path }) => withoutExtension(path));
    expect(new Set(paths).size).toBe(paths.length);
    const colliding = notebooksOf(await generate({ colliding: true })).map(({ path }) =>
      withoutExtension(path),
    );
    expect(colliding.length - new Set(colliding).size).toBe(1);
  });

  test('has a notebook just under the import limit and one over it when asked to', async () => {
    const sizes = (await generate({ notebooks: 0, large: true, oversized: true })).map(({ size }) => size);
    expect(sizes).toEqual(expect.arrayContaining([9 * MEBIBYTE, 11 * MEBIBYTE]));
    expect(Math.max(...(await generate()).map(({ size }) => size))).toBeLessThan(MEBIBYTE);
  });

  test('has jobs whose tasks name notebooks that it has', async () => {
    await withTemporaryFolder(async (outputFolder) => {
      const files = await generateProject({ outputFolder, seed: 7, notebooks: 200 });
      const jobs = await readFile(join(outputFolder, 'databricks-config', 'jobs.json'), 'utf8');
      const named = [...jobs.matchAll(/\$\{slipway\.notebookFolder\}\/(.*)"/g)].map(([, path]) => path);
      const have = new Set(
        notebooksOf(files).map(({ path }) => withoutExtension(path).replace('databricks-notebooks/', '')),
      );
      expect(named.length).toBeGreaterThan(50);
      expect(named.filter((path) => !have.has(path ?? ''))).toEqual([]);
    });
  });
});
