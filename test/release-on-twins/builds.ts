import { readExampleArtifacts } from '../../tools/example/build-artifacts.ts';
import { buildWheel } from '../../tools/example/wheel.ts';
import type { BuildContent } from './world.ts';

/** What a build of the example project publishes. */
export async function exampleBuild(): Promise<BuildContent> {
  const artifacts = Object.entries(await readExampleArtifacts());
  return Object.fromEntries(artifacts.map(([name, files]) => [name, Object.fromEntries(files)]));
}

/** The same build with other files in one artifact; null takes a file away. */
export function withFiles(
  build: BuildContent,
  artifact: string,
  changes: Readonly<Record<string, string | Uint8Array | null>>,
): BuildContent {
  const files: Record<string, string | Uint8Array> = { ...build[artifact] };
  for (const [path, content] of Object.entries(changes)) {
    if (content === null) delete files[path];
    else files[path] = content;
  }
  return { ...build, [artifact]: files };
}

/** The same build with a wheel of this version, and no other. */
export async function withWheel(build: BuildContent, version: string): Promise<BuildContent> {
  const project = { name: 'parking-sensors', description: '', requiresPython: '>=3.10', scripts: new Map() };
  const modules = new Map([['parking_sensors/__init__.py', Buffer.from(`VERSION = "${version}"\n`)]]);
  const { fileName, content } = await buildWheel({ project, version, modules });
  return { ...build, 'python-wheel': { [fileName]: content } };
}
