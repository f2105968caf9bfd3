import { createHash } from 'node:crypto';
import { buildWheel } from '../../../tools/example/wheel.ts';
import type { Artifacts } from '../step-runner.ts';

/** What every release has, so that a task can load all of it whichever release it began with. */
export const LOADED = ['ingest', 'deep/transform', 'deep/er/part', 'shared'] as const;
export const JOB = 'load';

/** A release, and what its files are once they are in the workspace. */
export interface Release {
  readonly name: string;
  readonly artifacts: Artifacts;
  /** SHA-256 by path below the folder, or by file name of a wheel. */
  readonly digests: ReadonlyMap<string, string>;
  /** A rule says that it must be refused: its wheel has a name that stands for other content. */
  readonly isBad: boolean;
  readonly recipe: Recipe;
}

/** Which revision of each part a release has. */
interface Recipe {
  readonly notebooks: Readonly<Record<string, number>>;
  readonly wheel: { readonly version: number; readonly content: number };
  readonly tests: number;
  readonly hasPlainFile: boolean;
}

type Random = () => number;

const FIRST: Recipe = {
  notebooks: Object.fromEntries(LOADED.map((path) => [path, 1])),
  wheel: { version: 1, content: 1 },
  tests: 1,
  hasPlainFile: false,
};

/** The next release of a project: some of its files changed, or all, or its wheel, or nothing. */
export async function nextRelease(number: number, before: Release | null, random: Random): Promise<Release> {
  const last = before?.recipe ?? FIRST;
  const share = random();
  const notebooks = Object.fromEntries(
    Object.entries(last.notebooks).map(([path, revision]) => [path, random() < share ? number : revision]),
  );
  const isBad = before !== null && random() < 0.04;
  const wheelChanges = random() < 0.5;
  const wheel = wheelChanges ? { version: number, content: number } : last.wheel;
  const recipe = {
    notebooks,
    wheel: isBad ? { version: last.wheel.version, content: number } : wheel,
    tests: random() < 0.3 ? number : last.tests,
    hasPlainFile: before === null ? random() < 0.4 : last.hasPlainFile,
  };
  const { artifacts, digests } = await build(recipe);
  return { name: `release-${number}`, artifacts, digests, isBad, recipe };
}

async function build({ notebooks, wheel, tests, hasPlainFile }: Recipe) {
  const sources = Object.entries(notebooks).map(([path, revision]) => {
    return [path, `# Databricks notebook source\n# revision ${revision} of ${path}\n`] as const;
  });
  const { fileName, content } = await builtWheel(wheel.version, wheel.content);
  const files = sources.map(([path, source]) => [`${path}.py`, source] as const);
  const plain = hasPlainFile ? { 'data/zones.csv': 'a,b' } : {};
  const artifacts: Artifacts = {
    'python-wheel': { [fileName]: content },
    'databricks-notebooks': { ...Object.fromEntries(files), ...plain },
    'databricks-tests': { 'run_suite.py': `revision = ${tests}` },
    'databricks-config': {
      'jobs.json': JSON.stringify({ jobs: [job()] }),
      'permissions.json': JSON.stringify({ folders: [folderAccess()] }),
    },
  };
  const digests = new Map([
    ...sources.map(([path, source]) => [path, sha256(source)] as const),
    [fileName, sha256(content)] as const,
  ]);
  return { artifacts, digests };
}

function job(): object {
  const folder = `\${slipway.notebookFolder}`;
  const libraries = [{ whl: `\${slipway.wheel}` }];
  const task = (task_key: string, path: string) => {
    return { task_key, notebook_task: { notebook_path: `${folder}/${path}` }, libraries };
  };
  const tasks = [
    task('ingest', 'ingest'),
    { ...task('transform', 'deep/transform'), depends_on: [{ task_key: 'ingest' }] },
    { ...task('report', 'shared'), depends_on: [{ task_key: 'transform' }] },
  ];
  return { name: JOB, max_concurrent_runs: 3, queue: { enabled: true }, tasks };
}

function folderAccess(): object {
  const access_control_list = [{ group_name: 'data-engineers', permission_level: 'CAN_READ' }];
  return { path: `\${slipway.notebookFolder}`, access_control_list };
}

function builtWheel(version: number, content: number) {
  const project = { name: 'parking-sensors', description: '', requiresPython: '>=3.10', scripts: new Map() };
  const modules = new Map([['parking_sensors/__init__.py', Buffer.from(`content = ${content}\n`)]]);
  return buildWheel({ project, version: `1.${version}`, modules });
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
