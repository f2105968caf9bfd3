import type { Cluster, ClusterLibrary, ClusterSpec, Library } from './cluster-model.ts';
import { contentByPath } from './content-by-path.ts';
import type { DatabricksContext } from './context.ts';
import { refusal } from './errors.ts';
import { sha256 } from './inventory.ts';

const SINGLE_USER_MODES = ['SINGLE_USER', 'DATA_SECURITY_MODE_DEDICATED'];

/** A new cluster, on its way to RUNNING. */
export function addCluster(context: DatabricksContext, spec: ClusterSpec, creator: string): Cluster {
  const { state, clock, chance } = context;
  const id = `0101-${String(Math.floor(chance.random() * 1e6)).padStart(6, '0')}-${chance.uuid().slice(0, 8)}`;
  const completed = completeSpec(context, spec, creator);
  const cluster: Cluster = {
    id,
    spec: completed,
    creator,
    state: 'PENDING',
    startedAt: clock.now(),
    libraries: [],
  };
  state.clusters.set(id, cluster);
  start(context, cluster, clock.now());
  return cluster;
}

/** What the server fills in; a policy that does not exist is refused. */
export function completeSpec({ state }: DatabricksContext, spec: ClusterSpec, creator: string): ClusterSpec {
  if (spec.policy_id !== undefined && !state.policies.has(spec.policy_id)) {
    throw refusal('INVALID_PARAMETER_VALUE', `Can't find a cluster policy with id: ${spec.policy_id}.`);
  }
  const isSingleUser = SINGLE_USER_MODES.includes(spec.data_security_mode ?? '');
  const driver = spec.driver_node_type_id ?? spec.node_type_id;
  return {
    enable_elastic_disk: true,
    autotermination_minutes: 120,
    ...spec,
    ...(driver === undefined ? {} : { driver_node_type_id: driver }),
    ...(isSingleUser ? { single_user_name: spec.single_user_name ?? creator } : {}),
  };
}

/** Begins to start or restart a cluster: marked libraries go, the others will be installed anew. */
export function start({ options }: DatabricksContext, cluster: Cluster, at: number): void {
  cluster.state = cluster.state === 'RUNNING' ? 'RESTARTING' : 'PENDING';
  cluster.startedAt = at;
  cluster.endsAt = at + (options.clusterStartInMs ?? 200);
  delete cluster.terminatedAt;
  const kept = cluster.libraries.filter(({ status }) => status !== 'UNINSTALL_ON_RESTART');
  cluster.libraries = kept.map(({ library }) => ({ library, status: 'PENDING' }));
}

/** Begins to stop a cluster. */
export function stop({ options }: DatabricksContext, cluster: Cluster, at: number): void {
  cluster.state = 'TERMINATING';
  cluster.endsAt = at + (options.clusterStopInMs ?? 50);
}

/** The passing state of a cluster has ended. */
export function advanceCluster(context: DatabricksContext, cluster: Cluster, at: number): void {
  delete cluster.endsAt;
  if (cluster.state === 'TERMINATING') {
    cluster.state = 'TERMINATED';
    cluster.terminatedAt = at;
    return;
  }
  cluster.state = 'RUNNING';
  for (const library of cluster.libraries) schedule(context, library, at);
}

/** Adds libraries. One that is there already is not installed again, also when its file has changed. */
export function addLibraries(
  context: DatabricksContext,
  cluster: Cluster,
  libraries: readonly Library[],
): void {
  for (const library of libraries) {
    if (findLibrary(cluster, library)) continue;
    const added: ClusterLibrary = { library, status: 'PENDING' };
    cluster.libraries.push(added);
    if (cluster.state === 'RUNNING') schedule(context, added, context.clock.now());
  }
}

/** Removes libraries, from a running cluster only at its next restart. */
export function removeLibraries(cluster: Cluster, libraries: readonly Library[]): void {
  for (const library of libraries) {
    const found = findLibrary(cluster, library);
    if (!found) continue;
    if (cluster.state === 'TERMINATED') cluster.libraries = cluster.libraries.filter((one) => one !== found);
    else found.status = 'UNINSTALL_ON_RESTART';
  }
}

/** The same library on a cluster. */
export function findLibrary(cluster: Cluster, library: Library): ClusterLibrary | undefined {
  return cluster.libraries.find((one) => JSON.stringify(one.library) === JSON.stringify(library));
}

/** The installation of a library has ended: its file is loaded as it is now, or it is missing. */
export function finishInstall(context: DatabricksContext, library: ClusterLibrary): void {
  delete library.endsAt;
  const digest = libraryDigest(context, library.library);
  library.status = digest === undefined ? 'FAILED' : 'INSTALLED';
  if (digest === undefined)
    library.message = `Library file ${libraryPath(library.library) ?? ''} does not exist.`;
  else library.digest = digest;
}

/** The path of a library that is a file. */
export function libraryPath({ whl, jar, egg, requirements }: Library): string | undefined {
  return whl ?? jar ?? egg ?? requirements;
}

/** The digest of a library as it is now: of its file, or of its coordinates; `undefined` when the file is missing. */
export function libraryDigest(context: DatabricksContext, library: Library): string | undefined {
  const path = libraryPath(library);
  const content = path === undefined ? JSON.stringify(library) : contentByPath(context, path);
  return content && sha256(content);
}

function schedule({ options }: DatabricksContext, library: ClusterLibrary, at: number): void {
  if (library.status === 'PENDING') library.endsAt = at + (options.libraryInstallInMs ?? 50);
}
