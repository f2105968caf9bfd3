import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type ArtifactFile, type Artifacts, writeArtifacts } from './artifacts.ts';
import {
  type FileChanges,
  filesUnder,
  type ProjectFiles,
  readProjectFiles,
  textOf,
  withChanges,
} from './project-files.ts';
import { readPyproject } from './pyproject.ts';
import { buildWheel, type Wheel } from './wheel.ts';

const EXAMPLE_ROOT = join(__dirname, '..', '..', 'examples', 'parking-sensors');

export interface BuildOptions {
  /** Gets one folder per artifact. */
  outputFolder: string;
  /** Version of the wheel (PEP 440); without it, that of the project's VERSION file. */
  version?: string;
  /** Changes to the project's files before it is built, by path relative to the project. */
  changes?: FileChanges;
}

export interface BuiltArtifacts {
  wheelFileName: string;
  files: ArtifactFile[];
}

/**
 * Builds the artifacts of the parking sensors example with Node alone, as its pipeline would publish them.
 * Same inputs, same bytes. Throws when the project lacks a file that an artifact needs.
 */
export async function buildArtifacts(options: BuildOptions): Promise<BuiltArtifacts> {
  const files = withChanges(await readProjectFiles(EXAMPLE_ROOT), options.changes ?? {});
  const version = options.version ?? textOf(files, 'VERSION').trim();
  const { wheel, artifacts } = await exampleArtifacts(files, version);
  return { wheelFileName: wheel.fileName, files: await writeArtifacts(options.outputFolder, artifacts) };
}

/** The artifacts of the unchanged example, in memory. */
export async function readExampleArtifacts(): Promise<Artifacts> {
  const files = await readProjectFiles(EXAMPLE_ROOT);
  return (await exampleArtifacts(files, textOf(files, 'VERSION').trim())).artifacts;
}

async function exampleArtifacts(
  files: ProjectFiles,
  version: string,
): Promise<{ wheel: Wheel; artifacts: Artifacts }> {
  const project = readPyproject(textOf(files, 'pyproject.toml'));
  const wheel = await buildWheel({ project, version, modules: filesUnder(files, 'src') });
  // The release can deploy only the compiled template, so an artifact without it is no artifact.
  textOf(files, 'infrastructure/main.json');
  const artifacts: Artifacts = {
    'python-wheel': new Map([[wheel.fileName, wheel.content]]),
    infrastructure: filesUnder(files, 'infrastructure'),
    'databricks-notebooks': filesUnder(files, 'databricks/notebooks'),
    'databricks-config': filesUnder(files, 'databricks/config'),
    'databricks-tests': testFiles(files),
  };
  return { wheel, artifacts };
}

/** Unit tests stay behind: they run before the build, not in the workspace. */
function testFiles(files: ProjectFiles): ProjectFiles {
  return new Map([...filesUnder(files, 'tests')].filter(([path]) => !path.startsWith('unit/')));
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { out: { type: 'string' }, version: { type: 'string' } } });
  if (values.out === undefined) throw new Error('usage: build-artifacts.ts --out DIR [--version 1.2.0]');
  const version = values.version === undefined ? {} : { version: values.version };
  const built = await buildArtifacts({ outputFolder: values.out, ...version });
  console.log(`${built.files.length} files, wheel ${built.wheelFileName}, in ${values.out}`);
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
