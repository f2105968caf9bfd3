import type { ImportForm, NotebookLanguage } from '../../engine/databricks-client.ts';
import type { ContentStore } from '../../engine/ports.ts';
import { Refusal } from '../../errors.ts';
import type { Manifest, ManifestFile } from '../../project/manifest.ts';
import { filesOf } from '../../project/manifest.ts';
import { inParallel } from '../in-parallel.ts';
import { testRoot } from '../release-layout.ts';
import { folderOf, foldersBetween, pathProblem } from './paths.ts';

/** What the workspace makes of a file: a notebook in a language, one from Jupyter, or a plain file. */
export const FORMS = ['PYTHON', 'SQL', 'SCALA', 'R', 'JUPYTER', 'FILE'] as const;
export type Form = (typeof FORMS)[number];

/** A file of the release, and what it is to be in the workspace. */
export interface WorkspaceFile {
  /** Absolute path in the workspace: that of the file, for notebooks without extension. */
  readonly path: string;
  /** Path of the file in its artifact. */
  readonly from: string;
  readonly sha256: string;
  readonly size: number;
  readonly form: Form;
}

/** The most that one import may carry, decoded (Workspace API: 10 MB). */
export const MAX_BYTES = 10 * 1024 * 1024;

const LANGUAGES: readonly {
  readonly extension: RegExp;
  readonly form: NotebookLanguage;
  readonly header: string;
}[] = [
  { extension: /\.py$/i, form: 'PYTHON', header: '# Databricks notebook source' },
  { extension: /\.sql$/i, form: 'SQL', header: '-- Databricks notebook source' },
  { extension: /\.scala$/i, form: 'SCALA', header: '// Databricks notebook source' },
  { extension: /\.r$/i, form: 'R', header: '# Databricks notebook source' },
];
const JUPYTER = /\.ipynb$/i;
const MOST_HEADER_BYTES = 256;

/** How a file is sent, so that the workspace makes of it what the plan says, whatever it would guess itself. */
export function importForm(form: Form): ImportForm {
  if (form === 'FILE') return { format: 'RAW' };
  return form === 'JUPYTER' ? { format: 'JUPYTER' } : { format: 'SOURCE', language: form };
}

/** The bytes to send: a byte order mark would hide the header of a notebook, and stays in plain files only. */
export function importContent(form: Form, content: Uint8Array): Uint8Array {
  const hasMark = content[0] === 0xef && content[1] === 0xbb && content[2] === 0xbf;
  return form !== 'FILE' && hasMark ? content.subarray(3) : content;
}

/** What is known of a file from an earlier deployment: equal files have equal forms. */
export type KnownForm = (file: ManifestFile) => Form | undefined;

/** The files of an artifact, and the folder of the workspace that they go to. */
export interface FileTree {
  readonly root: string;
  readonly files: readonly ManifestFile[];
}

/** The notebooks and the tests of a release below a root. */
export function treesOf(manifest: Manifest, root: string): FileTree[] {
  return [
    { root, files: filesOf(manifest, 'databricks-notebooks') },
    { root: testRoot(root), files: filesOf(manifest, 'databricks-tests') },
  ];
}

/**
 * What the files of artifacts will be below their folders of the workspace. Reads only files that might be notebooks
 * and are not known.
 * @throws Refusal naming every file that cannot be deployed.
 */
export async function workspaceFiles(
  trees: readonly FileTree[],
  { content, known }: { readonly content: ContentStore; readonly known: KnownForm },
): Promise<WorkspaceFile[]> {
  const files = trees.flatMap((tree) => tree.files);
  const problems = files.flatMap(fileProblems);
  if (problems.length > 0) throw refusal(problems);
  const forms = new Map<ManifestFile, Form>();
  await inParallel(files, { inFlight: 10 }, async (file) => {
    const form = known(file) ?? (await formOf(file, content));
    if (form !== null) forms.set(file, form);
  });
  const broken = files.filter((file) => !forms.has(file));
  if (broken.length > 0) throw refusal(broken.map(({ path }) => `${path} is no Jupyter notebook.`));
  const placed = trees.map(({ root, files: own }) => ({
    root,
    files: own.map((file) => placeAt(root, file, forms.get(file) ?? 'FILE')),
  }));
  const clashes = placed.flatMap((tree) => clashesIn(tree.files, tree.root));
  if (clashes.length > 0) throw refusal(clashes);
  return placed.flatMap((tree) => tree.files);
}

function refusal(problems: readonly string[]): Refusal {
  return new Refusal(`The notebooks cannot be deployed. ${problems.join(' ')}`);
}

function fileProblems({ path, size }: ManifestFile): string[] {
  const problem = pathProblem(path);
  if (problem !== null) return [`${JSON.stringify(path)} ${problem}.`];
  if (size <= MAX_BYTES) return [];
  const megabytes = (size / 1024 / 1024).toFixed(1);
  return [
    `${path} has ${megabytes} MB; Databricks takes at most 10 MB: make it smaller, e.g. clear its output.`,
  ];
}

/** Null for an `.ipynb` file that is no notebook. */
async function formOf({ path, sha256 }: ManifestFile, content: ContentStore): Promise<Form | null> {
  const language = LANGUAGES.find(({ extension }) => extension.test(path));
  if (language === undefined && !JUPYTER.test(path)) return 'FILE';
  const bytes = await content.get(sha256);
  if (language === undefined) return isJupyter(new TextDecoder().decode(bytes)) ? 'JUPYTER' : null;
  const [firstLine = ''] = new TextDecoder().decode(bytes.subarray(0, MOST_HEADER_BYTES)).split(/\r?\n/, 1);
  return firstLine.trimEnd() === language.header ? language.form : 'FILE';
}

function isJupyter(text: string): boolean {
  try {
    const notebook: unknown = JSON.parse(text);
    return typeof notebook === 'object' && notebook !== null && 'cells' in notebook;
  } catch {
    return false;
  }
}

function placeAt(root: string, { path, sha256, size }: ManifestFile, form: Form): WorkspaceFile {
  return { path: `${root}/${nameOf(path, form)}`, from: path, sha256, size, form };
}

function nameOf(from: string, form: Form): string {
  const name = form === 'FILE' ? from : from.replace(/\.\w+$/, '');
  return name.normalize('NFC');
}

/** The root below which a file was put, whatever the variables say now. */
export function rootOf(path: string, { from, form }: Pick<WorkspaceFile, 'from' | 'form'>): string {
  const name = `/${nameOf(from, form)}`;
  return path.endsWith(name) ? path.slice(0, -name.length) : folderOf(path);
}

/** Two files for one path, a notebook without a name, a file where a folder must be. */
function clashesIn(files: readonly WorkspaceFile[], root: string): string[] {
  const byPath = new Map<string, WorkspaceFile[]>();
  for (const file of files) byPath.set(file.path, [...(byPath.get(file.path) ?? []), file]);
  const nameless = files.filter(({ path }) => path.endsWith('/'));
  const doubled = [...byPath].filter(([, those]) => those.length > 1);
  return [
    ...nameless.map(({ from }) => `${from} has no name left without its extension.`),
    ...doubled.map(([path, those]) => {
      const names = those.map(({ from }) => from).join(' and ');
      return `${names} would both become ${path}, since Databricks drops the extension of notebooks: rename one.`;
    }),
    ...files.flatMap(({ from, path }) => {
      const folder = foldersBetween(root, path).find((each) => byPath.has(each));
      const other = byPath.get(folder ?? '')?.[0];
      if (folder === undefined || other === undefined) return [];
      return [`${other.from} would become ${folder}, where the folder of ${from} must be: rename one.`];
    }),
  ];
}
