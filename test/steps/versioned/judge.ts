import type { DatabricksTwin } from '../../../sandbox/databricks/twin.ts';
import { ask } from './people.ts';
import type { Release } from './releases.ts';

/** When a release was live: from the end of its deployment to the begin of the next one. */
export interface Reign {
  readonly release: Release;
  readonly from: number;
  to: number;
}

/** What a run did, as the twin tells it at the end. */
interface Attempt {
  readonly run: string;
  readonly begunAt: number;
  readonly loads: readonly { readonly name: string; readonly path: string; readonly digest: string }[];
}

export interface Verdict {
  readonly attempts: number;
  readonly loads: number;
  readonly violations: string[];
}

const MISSING = /RESOURCE_NOT_FOUND|LIBRARY_INSTALLATION_ERROR|INVALID_CLUSTER_REQUEST/;

/** Looks at everything that runs loaded: nothing was missing, and nothing was of two releases. */
export async function judgeRuns(
  twin: DatabricksTwin,
  runs: readonly string[],
  { releases, reigns }: { readonly releases: readonly Release[]; readonly reigns: readonly Reign[] },
): Promise<Verdict> {
  const violations: string[] = [];
  let [attempts, loads] = [0, 0];
  for (const run of runs) {
    const { text } = await ask(twin.handle, `/runs/get?run_id=${run}&include_history=true`);
    const lost = MISSING.exec(text);
    if (lost !== null)
      violations.push(`run ${run}: ${lost[0]}: ${/Unable to access[^.]*|no file at [^"]*/.exec(text)?.[0]}`);
    for (const attempt of attemptsOf(twin, run, text)) {
      attempts += 1;
      loads += attempt.loads.length;
      violations.push(...judgeAttempt(attempt, releases, reigns));
    }
  }
  return { attempts, loads, violations };
}

/** Every repair begins another attempt at its run. */
function attemptsOf(twin: DatabricksTwin, run: string, text: string): Attempt[] {
  const history = [...text.matchAll(/"start_time":(\d+),"task_run_ids"/g)].map(([, at]) => Number(at));
  const own = twin.loadedSources().filter((source) => source.run === run);
  return history.map((begunAt, index) => {
    const end = history[index + 1] ?? Number.POSITIVE_INFINITY;
    const loads = own.filter(({ at }) => at >= begunAt && at < end);
    return { run, begunAt, loads: loads.map(({ path, digest }) => ({ name: nameOf(path), path, digest })) };
  });
}

/** Path below the folder of a release, whatever the strategy; file name of a wheel. */
function nameOf(path: string): string {
  if (path.endsWith('.whl')) return path.slice(path.lastIndexOf('/') + 1);
  return path.replace(/^(\/Workspace)?\/Shared\/parking-sensors(\/releases\/[0-9a-f]{16})?\//, '');
}

function judgeAttempt(
  { run, begunAt, loads }: Attempt,
  releases: readonly Release[],
  reigns: readonly Reign[],
): string[] {
  const isOf = ({ digests }: Release) => loads.every(({ name, digest }) => digests.get(name) === digest);
  const shown = loads.map(({ path, digest }) => `${path}@${digest.slice(0, 6)}`).join(' ');
  if (!releases.some(isOf)) return [`run ${run} at ${begunAt} loaded sources of two releases: ${shown}`];
  const reign = reigns.find(({ from, to }) => begunAt > from && begunAt < to);
  if (reign === undefined || isOf(reign.release)) return [];
  return [`run ${run} at ${begunAt} loaded another release than ${reign.release.name}: ${shown}`];
}

/** Folders of versions of a tree, as the workspace has them. */
export function versionFolders(twin: DatabricksTwin, tree: string): string[] {
  const isVersion = new RegExp(`^${tree}/releases/[0-9a-f]{16}$`);
  return twin
    .inventory()
    .filter(({ kind, name }) => kind === 'directory' && isVersion.test(name))
    .map(({ name }) => name);
}

/** Wheels that are in the volume: SHA-256 by full path. */
export function wheelFiles(twin: DatabricksTwin): ReadonlyMap<string, string> {
  const files = twin.inventory().filter(({ kind }) => kind === 'volume-file');
  return new Map(files.map(({ name, digest }) => [name, digest]));
}

/** Whether everything of a release is where the job looks for it. */
export function judgeLive(twin: DatabricksTwin, release: Release, folder: string): string[] {
  const digests = new Map(twin.inventory().map(({ name, digest }) => [name, digest]));
  const wheels = [...wheelFiles(twin)].map(([path, digest]) => `${nameOf(path)} ${digest}`);
  return [...release.digests].flatMap(([name, digest]) => {
    const isThere = name.endsWith('.whl')
      ? wheels.includes(`${name} ${digest}`)
      : digests.get(`${folder}/${name}`) === digest;
    return isThere ? [] : [`${release.name} is live without its ${name}`];
  });
}

/** Whether people may read the folder that is live, as the files of the release say. */
export async function judgeAccess({ handle }: DatabricksTwin, folder: string): Promise<string[]> {
  const { text } = await ask(handle, `/api/2.0/workspace/get-status?path=${encodeURIComponent(folder)}`);
  const id = /"object_id":(\d+)/.exec(text)?.[1];
  const access = await ask(handle, `/api/2.0/permissions/directories/${id}`);
  return access.text.includes('data-engineers') ? [] : [`nobody may read ${folder}`];
}

/** What active and queued runs may still load, in the words of their tasks. No fault hits this look. */
export async function activeTexts({ faults, handle }: DatabricksTwin): Promise<string[]> {
  const inForce = [...faults.list()];
  faults.clear();
  const texts: string[] = [];
  let token = '';
  do {
    const query = `?active_only=true&expand_tasks=true${token === '' ? '' : `&page_token=${token}`}`;
    const { text } = await ask(handle, `/runs/list${query}`);
    texts.push(text);
    token = /"next_page_token":"([^"]+)"/.exec(text)?.[1] ?? '';
  } while (token !== '');
  for (const fault of inForce) faults.add(fault);
  return texts;
}

/** More is kept than the newest and what runs use. */
export function judgeStorage(twin: DatabricksTwin, keep: number, used: readonly string[]): string[] {
  const isUsed = (path: string) => used.some((text) => text.includes(path));
  const trees = ['/Shared/parking-sensors', '/Shared/parking-sensors-tests'];
  const stocks = [...trees.map((tree) => versionFolders(twin, tree)), [...wheelFiles(twin).keys()]];
  return stocks.flatMap((paths) => {
    const usedToo = paths.filter(isUsed).length;
    return paths.length <= keep + usedToo
      ? []
      : [`${paths.length} are kept of ${keep} and ${usedToo} in use: ${paths.join(' ')}`];
  });
}

/** A file name that has stood for two contents. */
export function judgeNames(twin: DatabricksTwin, names: Map<string, string>): string[] {
  return [...wheelFiles(twin)].flatMap(([path, digest]) => {
    const name = nameOf(path);
    const known = names.get(name) ?? digest;
    names.set(name, known);
    return known === digest ? [] : [`${name} has stood for two contents`];
  });
}
