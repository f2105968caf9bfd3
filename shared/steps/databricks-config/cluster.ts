import type { DatabricksClient } from '../../engine/databricks-client.ts';
import type { Cluster, InstalledLibrary } from '../../engine/databricks-compute-client.ts';
import type { ApiObject } from '../../engine/databricks-jobs-client.ts';
import type { TaskEnd } from '../work-through.ts';
import { runsOnCluster } from './busy.ts';
import { isSame } from './difference.ts';
import { FAILED, GOING, libraryName } from './plan.ts';
import type { ThingKind } from './things.ts';
import { targetOf } from './wanted.ts';

/** What a cluster is to become. */
export interface ClusterWork {
  readonly id: string;
  readonly name: string;
  /** Settings to send; null where they are right already. */
  readonly settings: ApiObject | null;
  readonly install: readonly ApiObject[];
  readonly uninstall: readonly ApiObject[];
}

/** A running cluster takes new settings and gives up old libraries by a restart only; then its runs would fail. */
export async function changeCluster(work: ClusterWork, client: DatabricksClient): Promise<TaskEnd> {
  const { clusters } = client;
  const { id, settings } = work;
  const seen = await lookAt(work, client);
  if (!('cluster' in seen)) return seen;
  const { cluster, libraries, restarts } = seen;
  if (libraries.uninstall.length > 0) await clusters.uninstall(id, libraries.uninstall);
  if (libraries.install.length > 0) await clusters.install(id, libraries.install);
  if (restarts || settings !== null) {
    const answer = await (settings === null ? clusters.restart(id) : clusters.edit(id, settings));
    if (answer === 'no-cluster') return goneSince('cluster', work.name);
    if (answer === 'not-now') return passing(cluster);
  }
  return libraries.comesBack
    ? { later: `${nameOf(cluster)} restarts before its libraries can be installed.` }
    : null;
}

/**
 * Whether all of these clusters could be changed now. Asked before the first one is: one that has restarted with a new
 * library must not wait for jobs which cannot change, since another cluster is in use.
 */
export async function areFree(all: readonly ClusterWork[], client: DatabricksClient): Promise<TaskEnd> {
  const seen = await Promise.all(all.map((work) => lookAt(work, client)));
  const refused = seen.flatMap((one) => ('refused' in one ? [one.refused] : []));
  const later = seen.flatMap((one) => ('later' in one ? [one.later] : []));
  if (refused.length > 0) return { refused: refused.join(' ') };
  return later.length > 0 ? { later: later.join(' ') } : null;
}

/** What there is to do, or why it cannot be done now. */
async function lookAt(
  work: ClusterWork,
  client: DatabricksClient,
): Promise<
  | { readonly cluster: Cluster; readonly libraries: LibraryWork; readonly restarts: boolean }
  | NonNullable<TaskEnd>
> {
  const { clusters } = client;
  const cluster = await clusters.get(work.id);
  if (cluster === null) return goneSince('cluster', work.name);
  if (!STEADY.includes(cluster.state)) return passing(cluster);
  const isRunning = cluster.state === 'RUNNING';
  const libraries = libraryWork(work, await clusters.libraries(work.id), isRunning);
  const restarts = isRunning && (work.settings !== null || libraries.needRestart);
  const busy = restarts ? await busyWith(cluster, client) : null;
  return busy ?? { cluster, libraries, restarts };
}

/** Waits until a running cluster has tried to install libraries; one that is stopped tries at its next start. */
export async function haveCome(
  id: string,
  libraries: readonly ApiObject[],
  { clusters }: DatabricksClient,
): Promise<TaskEnd> {
  const cluster = await clusters.get(id);
  if (cluster === null || !UP.includes(cluster.state)) return null;
  const installed = (await clusters.libraries(id)).filter((one) =>
    libraries.some((library) => isSame(library, one.library)),
  );
  const failed = installed.filter(({ status }) => status === FAILED);
  if (failed.length > 0) {
    const why = failed.map(
      ({ library, message }) => `${libraryName(library)} (${message || 'no reason given'})`,
    );
    return {
      refused: `${nameOf(cluster)} could not install ${listOf(why)}. Correct that, then retry the stage.`,
    };
  }
  const isComing = cluster.state !== 'RUNNING' || installed.some(({ status }) => COMING.includes(status));
  return isComing ? { later: `${nameOf(cluster)} has not installed its libraries yet.` } : null;
}

/** States of a cluster that runs, or soon will. */
const UP = ['RUNNING', 'RESTARTING', 'PENDING', 'RESIZING'];
/** What becomes of libraries in these statuses is not known yet. */
const COMING = ['PENDING', 'RESOLVING', 'INSTALLING'];

/** Removes a cluster as soon as no run needs it. */
export async function removeCluster(id: string, client: DatabricksClient): Promise<TaskEnd> {
  const cluster = await client.clusters.get(id);
  if (cluster === null) return null;
  const users = await runsOnCluster(client.runs, id);
  if (users.length > 0)
    return {
      later:
        `${nameOf(cluster)} is not in clusters.json any more, and ${listOf(users)} still uses it. Cancel what is ` +
        'not needed, or wait for its end, then retry the stage.',
    };
  await client.clusters.remove(id);
  return null;
}

/** States in which a cluster can be changed. */
const STEADY = ['RUNNING', 'TERMINATED', 'ERROR'];

interface LibraryWork {
  readonly install: readonly ApiObject[];
  readonly uninstall: readonly ApiObject[];
  /** Whether something stays loaded until then. */
  readonly needRestart: boolean;
  /** Whether something that goes at the restart must be installed again after it. */
  readonly comesBack: boolean;
}

/** What is left to do: some of it may be done already, when the answer to it was lost. */
function libraryWork(
  work: Pick<ClusterWork, 'install' | 'uninstall'>,
  installed: readonly InstalledLibrary[],
  isRunning: boolean,
): LibraryWork {
  const statusOf = (one: ApiObject) => installed.find(({ library }) => isSame(library, one))?.status;
  const failed = work.install.filter((one) => statusOf(one) === FAILED);
  const going = work.install.filter((one) => statusOf(one) === GOING);
  const comingBack = isRunning ? [...failed, ...going] : [];
  const leaving = work.uninstall.filter((one) => statusOf(one) !== undefined);
  return {
    install: work.install.filter((one) => {
      const status = statusOf(one);
      return status === undefined || ((status === GOING || status === FAILED) && !isRunning);
    }),
    uninstall: [...leaving.filter((one) => statusOf(one) !== GOING), ...failed],
    needRestart: leaving.length + comingBack.length > 0,
    comesBack: comingBack.length > 0,
  };
}

async function busyWith(cluster: Cluster, { runs }: DatabricksClient): Promise<TaskEnd> {
  const users = await runsOnCluster(runs, cluster.id);
  if (users.length === 0) return null;
  return {
    later:
      `${nameOf(cluster)} must restart to take its change, and ${listOf(users)} uses it. Cancel what is not needed, ` +
      'or wait for its end, then retry the stage.',
  };
}

function passing(cluster: Cluster): { readonly later: string } {
  return { later: `${nameOf(cluster)} is ${cluster.state} and cannot be changed now.` };
}

export function goneSince(kind: ThingKind, name: string): { readonly refused: string } {
  return { refused: `${targetOf(kind, name)} is gone since it was planned. Retry the stage.` };
}

function nameOf({ id, name }: Cluster): string {
  return `${targetOf('cluster', name)} (${id})`;
}

/** Some of many, so that a sentence stays one. */
export function listOf(users: readonly string[]): string {
  const more = users.length - MOST_NAMED;
  const named = users.slice(0, MOST_NAMED).join(', ');
  return more > 0 ? `${named} and ${more} more` : named;
}

const MOST_NAMED = 5;
