import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bundle } from './bundle-app.ts';

export interface AppFolders {
  /** Holds the package.json and host.json of the project. */
  rootFolder: string;
  /** What is deployed; everything else in it is removed. */
  outFolder: string;
}

/**
 * Writes the deployable folder: the code, a package.json that names the main file and no dependencies, and host.json.
 * `main.js` comes last, and what an earlier build left goes only then, so that a host that watches the folder always
 * finds an app that can be loaded.
 *
 * @returns the names of the written files
 */
export async function writeApp(bundle: Bundle, { rootFolder, outFolder }: AppFolders): Promise<string[]> {
  const files = new Map(bundle.files);
  files.set('package.json', await deployedPackage(rootFolder));
  files.set('host.json', await readFile(join(rootFolder, 'host.json'), 'utf8'));
  const names = [...files.keys()].sort(
    (first, second) => Number(first === 'main.js') - Number(second === 'main.js'),
  );
  await mkdir(outFolder, { recursive: true });
  for (const name of names) await writeFile(join(outFolder, name), files.get(name) ?? '');
  const stale = (await readdir(outFolder)).filter((name) => !files.has(name));
  for (const name of stale) await rm(join(outFolder, name), { recursive: true });
  return names;
}

async function deployedPackage(rootFolder: string): Promise<string> {
  const content: unknown = JSON.parse(await readFile(join(rootFolder, 'package.json'), 'utf8'));
  const { name, version } = Object.assign({ name: 'app', version: '0.0.0' }, content);
  return `${JSON.stringify({ name, version, private: true, main: 'main.js' }, null, 2)}\n`;
}
