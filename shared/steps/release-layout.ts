import * as z from 'zod';
import { Refusal, UnreadableInput } from '../errors.ts';
import type { ArtifactName, Manifest, ManifestFile } from '../project/manifest.ts';
import { filesOf } from '../project/manifest.ts';
import { canonicalJson, sha256 } from '../release/canonical-json.ts';
import { rootFolder } from './notebooks/paths.ts';
import { manifestOf, valuesOf } from './run-inputs.ts';
import type { StepContext } from './step.ts';
import { libraryFolder } from './wheel/target.ts';

/** Where a release is in its workspace. Folders are spelled with `/Workspace`, as jobs name them. */
export interface ReleaseLayout {
  readonly notebookFolder: string;
  /** Null for a release without the artifact `databricks-tests`. */
  readonly testFolder: string | null;
  readonly wheels: readonly string[];
}

/** How releases follow each other: over one another in one place, or beside each other. */
export interface Strategy {
  readonly strategy: 'in-place' | 'versioned';
  /** How many versions stay, the live one included. */
  readonly keep: number;
}

const strategyShape = z.object({
  strategy: z.enum(['in-place', 'versioned']).default('in-place'),
  keep: z.number().int().min(1).default(3),
});

/** The part of a step's input that says how releases follow each other. */
export function strategyOf({ input, step }: Pick<StepContext, 'input' | 'step'>): Strategy {
  const read = strategyShape.safeParse(input);
  if (read.success) return read.data;
  throw new UnreadableInput(`input of the step ${step}: ${z.prettifyError(read.error)}`);
}

/**
 * Where the release is once `wheel` and `notebooks` have run.
 * @throws Refusal when a variable names no folder that a release may go to, or two wheels have the same name.
 */
export async function layoutOf(context: StepContext): Promise<ReleaseLayout> {
  const manifest = await manifestOf(context);
  const { variables } = await valuesOf(context);
  const { strategy } = strategyOf(context);
  // Whether a folder of a person is allowed is for the step `notebooks` to say.
  const root = rootFolder(variables[NOTEBOOK_PATH], { variable: NOTEBOOK_PATH, allowPersonal: true });
  const tests = filesOf(manifest, 'databricks-tests');
  return {
    notebookFolder: `/Workspace${versionFolder(root, filesOf(manifest, 'databricks-notebooks'), strategy)}`,
    testFolder: tests.length === 0 ? null : `/Workspace${versionFolder(testRoot(root), tests, strategy)}`,
    wheels: wheelsOf(manifest, variables[LIBRARY_PATH], strategy).map(({ path }) => path),
  };
}

export const NOTEBOOK_PATH = 'databricksNotebookPath';
export const LIBRARY_PATH = 'databricksDbfsLibPath';

/** The folder of the artifact `databricks-tests`, beside that of the notebooks. */
export function testRoot(root: string): string {
  return `${root}-tests`;
}

/** A folder that holds one version: only such a one may ever be removed as a whole. */
export const VERSION_FOLDER = /^\/.+\/releases\/[0-9a-f]{16}$/;

/** The folder below a root that the files of an artifact go to. */
export function versionFolder(
  root: string,
  files: readonly ManifestFile[],
  strategy: Strategy['strategy'],
): string {
  return strategy === 'in-place' ? root : below(root, sha256(treeText(files)));
}

/** What is in a folder, as canonical text: paths and contents, and the number of the rule that makes notebooks of files. */
export function treeText(files: readonly ManifestFile[]): string {
  const listed = files.map(({ path, sha256: digest }) => [path, digest] as const);
  listed.sort(([left], [right]) => (left < right ? -1 : 1));
  return canonicalJson({ rule: 1, files: listed });
}

function below(folder: string, digest: string): string {
  return `${folder}/releases/${digest.slice(0, 16)}`;
}

/** A wheel of the release, and where it goes. */
export interface Wheel extends ManifestFile {
  readonly fileName: string;
  /** As libraries of clusters and jobs name it. */
  readonly path: string;
}

/**
 * The wheels of a release.
 * @param libPath value of `databricksDbfsLibPath`.
 * @throws Refusal when that is no folder, or when two wheels have the same name.
 */
export function wheelsOf(
  manifest: Manifest,
  libPath: string | undefined,
  strategy: Strategy['strategy'],
): readonly Wheel[] {
  // As above: that is for the step `wheel` to say.
  const folder = libraryFolder(libPath, true).path;
  const files = wheelFiles(manifest);
  const named = files.map((file) => {
    const fileName = file.path.slice(file.path.lastIndexOf('/') + 1);
    const own = strategy === 'in-place' ? folder : below(folder, file.sha256);
    return { ...file, fileName, path: `${own}/${fileName}` };
  });
  const names = named.map(({ fileName }) => fileName);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Refusal(`The artifact python-wheel has two files named ${twice}.`);
  return named;
}

function wheelFiles(manifest: Manifest): readonly ManifestFile[] {
  const files = filesOf(manifest, 'python-wheel');
  const wheels = files.filter(({ path }) => path.toLowerCase().endsWith('.whl'));
  if (files.length > 0 && wheels.length === 0)
    throw new Refusal('The artifact python-wheel has no .whl file.');
  return wheels;
}

/**
 * Names in `${…}` that the layout gives a value: those of the artifacts that the release has. None when something
 * is wrong with it, which the steps `wheel` and `notebooks` refuse in their own words.
 */
export async function layoutNames(context: StepContext): Promise<readonly (readonly [string, string])[]> {
  const manifest = await manifestOf(context);
  const has = (artifact: ArtifactName) => filesOf(manifest, artifact).length > 0;
  if (!has('databricks-notebooks') && !has('databricks-tests') && !has('python-wheel')) return [];
  const layout = await layoutOf(context).catch(nullIfRefused);
  if (layout === null) return [];
  const pairs = [
    ['slipway.notebookFolder', has('databricks-notebooks') ? layout.notebookFolder : undefined],
    ['slipway.testFolder', layout.testFolder ?? undefined],
    ['slipway.wheel', layout.wheels[0]],
  ] as const;
  return pairs.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
}

function nullIfRefused(error: unknown): null {
  if (error instanceof Refusal) return null;
  throw error;
}
