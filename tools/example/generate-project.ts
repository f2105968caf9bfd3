import { parseArgs } from 'node:util';
import { type ArtifactFile, type Artifacts, writeArtifacts } from './artifacts.ts';
import { readExampleArtifacts } from './build-artifacts.ts';
import { collidingNotebooks, type NotebookFile, notebookOfSize, oddNotebooks } from './odd-notebooks.ts';
import { seededRandom } from './random.ts';

const MEBIBYTE = 1024 * 1024;
const NOTEBOOK_HEADER = /^(#|--|\/\/) Databricks notebook source/;

export interface GenerateOptions {
  /** Gets one folder per artifact. */
  outputFolder: string;
  /** Decides names, folders and oddities. */
  seed: number;
  /** How many notebooks and files, beside the special ones below. */
  notebooks: number;
  /** Adds a notebook of 9 MiB, under Databricks' import limit of 10 MiB but over many others. */
  large?: boolean;
  /** Adds a notebook of 11 MiB, which Databricks refuses: the release must say so before it changes anything. */
  oversized?: boolean;
  /** Adds two notebooks that end at one workspace path: the release must refuse them. */
  colliding?: boolean;
}

/**
 * Writes the artifacts of a big, odd project: many notebooks of all kinds with spaces, signs, dots
 * and letters of many scripts in their names, deep folders, an empty file, Windows line ends, byte
 * order marks, and jobs that run the notebooks. Wheel, infrastructure and the rest are the
 * example's. Same options, same bytes.
 */
export async function generateProject(options: GenerateOptions): Promise<ArtifactFile[]> {
  const notebooks = [
    ...oddNotebooks(options.notebooks, seededRandom(options.seed)),
    ...specialNotebooks(options),
  ];
  const example = await readExampleArtifacts();
  const config = new Map(example['databricks-config']);
  config.set('jobs.json', Buffer.from(`${JSON.stringify({ jobs: jobsOver(notebooks) }, null, 2)}\n`));
  const flags = config.get('feature-flags.json')?.toString('utf8') ?? '';
  config.set('feature-flags.json', Buffer.from(flags.replaceAll('parking-sensors-load', 'generated job 0')));
  const artifacts: Artifacts = {
    ...example,
    'databricks-notebooks': new Map(notebooks.map(({ path, content }) => [path, content])),
    'databricks-config': config,
  };
  return writeArtifacts(options.outputFolder, artifacts);
}

function specialNotebooks(options: GenerateOptions): NotebookFile[] {
  return [
    ...(options.large ? [notebookOfSize('big/nine mebibytes.py', 9 * MEBIBYTE)] : []),
    ...(options.oversized ? [notebookOfSize('big/eleven mebibytes.py', 11 * MEBIBYTE)] : []),
    ...(options.colliding ? collidingNotebooks() : []),
  ];
}

/** One job for every ten notebooks, its tasks one after the other. */
function jobsOver(notebooks: readonly NotebookFile[]): object[] {
  // Behind a byte order mark a header may not count as one, so no job relies on such a notebook.
  const runnable = notebooks.filter(({ content }) => NOTEBOOK_HEADER.test(content.toString('utf8', 0, 64)));
  const jobCount = Math.ceil(runnable.length / 10);
  return Array.from({ length: jobCount }, (_, job) => ({
    name: `generated job ${job}`,
    tasks: runnable.slice(job * 10, job * 10 + 10).map(({ path }, task) => ({
      task_key: `task_${task}`,
      ...(task > 0 ? { depends_on: [{ task_key: `task_${task - 1}` }] } : {}),
      existing_cluster_id: reference('clusters.parking-sensors-exploration'),
      notebook_task: {
        notebook_path: `${reference('slipway.notebookFolder')}/${path.replace(/\.\w+$/, '')}`,
        source: 'WORKSPACE',
      },
    })),
  }));
}

/** A name that Slipway puts a value in for, as the configuration writes it. */
function reference(name: string): string {
  return `\${${name}}`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      out: { type: 'string' },
      seed: { type: 'string', default: '1' },
      notebooks: { type: 'string', default: '200' },
      large: { type: 'boolean', default: false },
      oversized: { type: 'boolean', default: false },
      colliding: { type: 'boolean', default: false },
    },
  });
  const { out, seed, notebooks, ...special } = values;
  if (out === undefined)
    throw new Error(
      'usage: generate-project.ts --out DIR [--seed 1] [--notebooks 200] [--large] [--oversized] [--colliding]',
    );
  const files = await generateProject({
    outputFolder: out,
    seed: Number(seed),
    notebooks: Number(notebooks),
    ...special,
  });
  console.log(`${files.length} files in ${out}`);
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
