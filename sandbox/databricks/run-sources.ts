import { Refusal } from '../twin/exchange.ts';
import type { Library } from './cluster-model.ts';
import { findLibrary, libraryDigest, libraryPath } from './clusters.ts';
import { contentByPath } from './content-by-path.ts';
import type { DatabricksContext } from './context.ts';
import { sha256 } from './inventory.ts';
import { failedBecause } from './run-endings.ts';
import type { Ending, TaskMoment } from './run-model.ts';
import { placeOf, writeFile } from './volume-files.ts';

/** Loads what a task needs when it begins: its notebook or file, its libraries, those of its cluster. */
export function loadAtStart(context: DatabricksContext, moment: TaskMoment): Ending | undefined {
  const { notebook_task, spark_python_task } = moment.taskRun.task;
  const path = notebook_task?.notebook_path ?? spark_python_task?.python_file;
  const failure = path === undefined ? undefined : loadPath(context, moment, path);
  return failure ?? loadLibraries(context, moment);
}

/** Loads one path and writes it to the log; a missing one ends the task. */
export function loadPath(context: DatabricksContext, moment: TaskMoment, path: string): Ending | undefined {
  const content = contentByPath(context, path);
  if (!content) return failedBecause('RESOURCE_NOT_FOUND', `Unable to access "${path}".`);
  log(context, moment, { path, digest: sha256(content) });
  return undefined;
}

/** Leaves a file behind in a volume; one that is not there ends the task. */
export function writePath(
  context: DatabricksContext,
  { at }: TaskMoment,
  { path, content }: { path: string; content: string },
): Ending | undefined {
  try {
    writeFile(placeOf(context, path), Buffer.from(content), at);
    return undefined;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return failedBecause('STORAGE_ACCESS_ERROR', `Unable to write "${path}".`);
  }
}

/** A running cluster gives what it loaded when the library was installed, not what the file holds now. */
function loadLibraries(context: DatabricksContext, moment: TaskMoment): Ending | undefined {
  const { task } = moment.taskRun;
  const cluster = context.state.clusters.get(task.existing_cluster_id ?? '');
  for (const { library, digest } of cluster?.libraries ?? []) {
    if (digest !== undefined) log(context, moment, { path: nameOf(library), digest });
  }
  const isLoaded = (library: Library) =>
    cluster !== undefined && findLibrary(cluster, library)?.digest !== undefined;
  const wanted = [...(task.libraries ?? []), ...dependenciesOf(moment)].filter(
    (library) => !isLoaded(library),
  );
  for (const library of wanted) {
    const digest = libraryDigest(context, library);
    if (digest === undefined) {
      return failedBecause(
        'LIBRARY_INSTALLATION_ERROR',
        `Library installation failed: no file at ${nameOf(library)}.`,
      );
    }
    cluster?.libraries.push({ library, status: 'INSTALLED', digest });
    log(context, moment, { path: nameOf(library), digest });
  }
  return undefined;
}

/** What the environment of a serverless task installs: files by path, packages by name. */
function dependenciesOf({ run, taskRun }: TaskMoment): Library[] {
  const key = taskRun.task.environment_key;
  const found = run.settings.environments?.find((one) => one.environment_key === key);
  const dependencies = found?.spec?.dependencies ?? [];
  return dependencies.map((text) => (text.startsWith('/') ? { whl: text } : { pypi: { package: text } }));
}

function nameOf(library: Library): string {
  return libraryPath(library) ?? library.pypi?.package ?? library.maven?.coordinates ?? 'library';
}

function log(
  { state }: DatabricksContext,
  { run, taskRun, at }: TaskMoment,
  source: { path: string; digest: string },
): void {
  state.loadedSources.push({ run: String(run.id), task: taskRun.task.task_key, ...source, at });
}
