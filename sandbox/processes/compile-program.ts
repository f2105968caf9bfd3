import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import type { BuildResult, Metafile } from 'esbuild';

/** What tells whether a compiled program is still the one its sources give: `mtime:size` of every source file. */
type Fingerprints = Record<string, string>;

const compiling = new Map<string, Promise<string>>();

/**
 * Turns a TypeScript program into one JavaScript file, packages included, and returns its path.
 *
 * A program loaded this way starts several times faster than through a TypeScript loader. The result is kept in
 * `.slipway/build` and made again only when one of its sources changed. `__dirname` in the compiled program is not
 * the folder of the source, so a program gets its paths as arguments.
 *
 * @param entryFile absolute path of the program's `.ts` file; a `.js` file is returned as it is
 * @throws Error with esbuild's messages when the sources do not compile
 */
export function compileProgram(entryFile: string): Promise<string> {
  if (!entryFile.endsWith('.ts')) return Promise.resolve(entryFile);
  const known = compiling.get(entryFile);
  if (known) return known;
  const compiled = compileUnlessFresh(entryFile);
  compiling.set(entryFile, compiled);
  compiled.catch(() => compiling.delete(entryFile));
  return compiled;
}

async function compileUnlessFresh(entryFile: string): Promise<string> {
  const root = packageRoot(entryFile);
  const outFile = join(root, '.slipway', 'build', relative(root, entryFile).replace(/\.ts$/, '.js'));
  if (await isFresh(outFile, root)) return outFile;
  const { code, metafile } = await bundle(entryFile, root);
  await mkdir(dirname(outFile), { recursive: true });
  await replaceFile(outFile, code);
  await replaceFile(
    `${outFile}.inputs.json`,
    JSON.stringify(await fingerprints(Object.keys(metafile.inputs), root)),
  );
  return outFile;
}

async function bundle(entryFile: string, root: string): Promise<{ code: string; metafile: Metafile }> {
  // Loaded here so that a program which only starts compiled programs does not pay for the compiler.
  const { build }: typeof import('esbuild') = require('esbuild');
  const result: BuildResult<{ write: false; metafile: true }> = await build({
    entryPoints: [entryFile],
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    mainFields: ['module', 'main'],
    // Loaded only when needed, from node_modules: parsing them would slow every start down.
    external: ['esbuild', '@azure/identity'],
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  return { code: result.outputFiles[0]?.text ?? '', metafile: result.metafile };
}

async function isFresh(outFile: string, root: string): Promise<boolean> {
  try {
    const kept: unknown = JSON.parse(await readFile(`${outFile}.inputs.json`, 'utf8'));
    if (typeof kept !== 'object' || kept === null || !existsSync(outFile)) return false;
    const now = await fingerprints(Object.keys(kept), root);
    return JSON.stringify(now) === JSON.stringify(kept);
  } catch {
    return false;
  }
}

async function fingerprints(files: string[], root: string): Promise<Fingerprints> {
  const entries = files.map(async (file) => {
    const { mtimeMs, size } = await stat(resolve(root, file));
    return [file, `${mtimeMs}:${size}`] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** Two processes may compile the same program at once: each writes its own file and moves it into place. */
async function replaceFile(file: string, content: string): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, content);
  await rename(temporary, file);
}

function packageRoot(file: string): string {
  const folder = dirname(file);
  if (existsSync(join(folder, 'package.json')) || folder === dirname(folder)) return folder;
  return packageRoot(folder);
}
