import type { ApiObject, JobRun } from '../../engine/databricks-jobs-client.ts';
import type { Instant } from '../../release/model.ts';
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
  /** When a run began; null for a cluster. */
  readonly begunAt: Instant | null;
}

/** What the clocks of Slipway and Databricks may differ by, and more. */
const CLOCKS_DIFFER_BY_IN_MS = 60_000;

/** Says who uses a target; null when nobody does. */
export interface Uses {
  of(target: string, kind: 'version' | 'wheel'): string | null;
  /**
   * Who may load a file in place. Files load each other, so a run that began before the jobs were switched may load
   * any of them; one that began after the file was first left there, only what it names.
   * @param keptAt when that was; null: now.
   */
  ofFile(target: string, keptAt: Instant | null): string | null;
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
    users.push({ name: `run ${run.id} (${run.name})`, text, hidesLibraries, begunAt: run.startedAt });
  }
  for (const [id, installed] of libraries)
    users.push({ name: `cluster ${id}`, text: textOf(installed), hidesLibraries: false, begunAt: null });
  const find = (isUser: (user: User) => boolean) => users.find(isUser)?.name ?? null;
  const namesAny = (text: string) => inPlaceRoots.some((root) => namesInPlace(text, root));
  return {
    of: (target, kind) =>
      find(({ text, hidesLibraries }) => names(text, target) || (kind === 'wheel' && hidesLibraries)),
    ofFile: (target, keptAt) =>
      find((user) => namesExactly(user.text, target) || (isOld(user, keptAt) && namesAny(user.text))),
  };
}

function isOld({ begunAt }: User, keptAt: Instant | null): boolean {
  if (keptAt === null) return true;
  return begunAt !== null && begunAt < keptAt + CLOCKS_DIFFER_BY_IN_MS;
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
  const found = await client.jobs.look(job);
  return found === null || found === 'hidden' || places.some((place) => names(textOf(found.settings), place));
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

/** Whether a file is named, and not only one whose name begins alike. */
function namesExactly(text: string, path: string): boolean {
  return new RegExp(`${escaped(path)}(?![\\p{L}\\p{N}_./-])`, 'u').test(text);
}

/** Whether a folder or something in it is named that is not in the folder of a version. */
function namesInPlace(text: string, root: string): boolean {
  return new RegExp(`${escaped(root)}(?:"|/(?!releases/[0-9a-f]{16}(?![^/"])))`).test(text);
}

function escaped(path: string): string {
  return spelled(path).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
