import type { ApiObject, JobRun } from '../../engine/databricks-jobs-client.ts';
import type { Stock } from './items.ts';
import { withoutMount } from './items.ts';

/** Somebody that may still load something: a run with the settings that it began with, or a cluster. */
interface User {
  /** For people. */
  readonly name: string;
  /** Everything that it names, in lower case. */
  readonly text: string;
  /** Which libraries it loads is not told, and may be any of ours. */
  readonly hidesLibraries: boolean;
}

/** Says who uses a target; null when nobody does. */
export interface Uses {
  of(target: string, kind: 'version' | 'wheel'): string | null;
  /** Who uses files in place. */
  ofFiles(): string | null;
}

/**
 * Looks which runs are active or queued and which libraries clusters have. Jobs were switched to the new release
 * before, so a run that is not on the list now will not load what is old.
 */
export async function readUses({ client, places, inPlaceRoots }: Stock): Promise<Uses> {
  const [runs, libraries] = await Promise.all([client.runs.active(), client.clusters.allLibraries()]);
  const users: User[] = [];
  for (const run of runs) {
    const text = textOf(run.tasks.map(({ task }) => task));
    const hidesLibraries = await mayHideOurs(run, text, { client, places });
    users.push({ name: `run ${run.id} (${run.name})`, text, hidesLibraries });
  }
  for (const [id, installed] of libraries)
    users.push({ name: `cluster ${id}`, text: textOf(installed), hidesLibraries: false });
  const find = (isUser: (user: User) => boolean) => users.find(isUser)?.name ?? null;
  return {
    of: (target, kind) =>
      find(({ text, hidesLibraries }) => names(text, target) || (kind === 'wheel' && hidesLibraries)),
    ofFiles: () => find(({ text }) => inPlaceRoots.some((root) => namesInPlace(text, root))),
  };
}

/**
 * A serverless task installs what its environment names, and runs do not tell their environments. So a run that is
 * ours, or of a job that names wheels of ours, may load any of them.
 */
async function mayHideOurs(
  { tasks, job }: JobRun,
  text: string,
  { client, places }: Pick<Stock, 'client' | 'places'>,
): Promise<boolean> {
  if (!tasks.some(({ task }) => hasEnvironment(task))) return false;
  if (places.some((place) => names(text, place))) return true;
  if (job === null) return false;
  const settings = (await client.jobs.get(job))?.settings;
  return settings === undefined || places.some((place) => names(textOf(settings), place));
}

function hasEnvironment(task: ApiObject): boolean {
  return textOf(task).includes('"environment_key"');
}

/** Names of catalogs are not case-sensitive, so a path may be spelled in several ways: all of them count. */
function textOf(value: unknown): string {
  return JSON.stringify(value).toLowerCase();
}

/** The part of a path that all its spellings have, as it stands in JSON text. */
function spelled(path: string): string {
  const inner = withoutMount(path).replace(/^dbfs:/, '');
  return JSON.stringify(inner).slice(1, -1).toLowerCase();
}

function names(text: string, path: string): boolean {
  return text.includes(spelled(path));
}

/** Whether a folder or something in it is named that is not in the folder of a version. */
function namesInPlace(text: string, root: string): boolean {
  const escaped = spelled(root).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`${escaped}(?:"|/(?!releases/[0-9a-f]{16}(?![^/"])))`).test(text);
}
