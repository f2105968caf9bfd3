import { json } from '../twin/exchange.ts';
import { type Route, route } from '../twin/route.ts';
import type { Cluster } from './cluster-model.ts';
import { addCluster, addLibraries, completeSpec, removeLibraries, start, stop } from './clusters.ts';
import type { DatabricksContext } from './context.ts';
import * as table from './contract/clusters-table.ts';
import { refusal } from './errors.ts';
import { pageOf } from './pages.ts';
import { loseCluster } from './run-life.ts';

const LISTED_FOR_IN_MS = 30 * 24 * 60 * 60 * 1000;
const MAX_PAGE = 100;
/** Clusters of jobs are not kept, and nobody makes one by hand. */
const SOURCE = 'API';

/** Clusters and their libraries. */
export function clusterRoutes(context: DatabricksContext): Route[] {
  const { state, clock } = context;
  return [
    route(table.create, ({ body, principal }) =>
      json({ cluster_id: addCluster(context, body, principal).id }),
    ),
    route(table.edit, ({ body: { cluster_id, ...spec }, principal }) => {
      const cluster = inState(clusterOf(context, cluster_id), ['RUNNING', 'TERMINATED']);
      cluster.spec = completeSpec(context, spec, principal);
      if (cluster.state === 'RUNNING') restart(context, cluster);
      return json({});
    }),
    route(table.start, ({ body }) => {
      start(context, inState(clusterOf(context, body.cluster_id), ['TERMINATED']), clock.now());
      return json({});
    }),
    route(table.restart, ({ body }) => {
      restart(context, inState(clusterOf(context, body.cluster_id), ['RUNNING']));
      return json({});
    }),
    route(table.terminate, ({ body }) => {
      const cluster = clusterOf(context, body.cluster_id);
      if (cluster.state !== 'TERMINATED') stop(context, cluster, clock.now());
      loseCluster(context, cluster.id);
      return json({});
    }),
    route(table.permanentDelete, ({ body }) => {
      const { id } = clusterOf(context, body.cluster_id);
      state.clusters.delete(id);
      state.permissions.delete(`/clusters/${id}`);
      loseCluster(context, id);
      return json({});
    }),
    ...readingRoutes(context),
    ...libraryRoutes(context),
  ];
}

function readingRoutes(context: DatabricksContext): Route[] {
  const { state, clock } = context;
  return [
    route(table.get, ({ query }) => json(detailsOf(clusterOf(context, query.cluster_id)))),
    route(table.list, ({ query }) => {
      const source = query['filter_by.cluster_sources'] ?? SOURCE;
      const isListed = ({ terminatedAt }: Cluster) =>
        source === SOURCE && (terminatedAt === undefined || clock.now() - terminatedAt <= LISTED_FOR_IN_MS);
      const size = Math.min(query.page_size || MAX_PAGE, MAX_PAGE);
      const { items, next } = pageOf([...state.clusters.values()].filter(isListed), {
        size,
        token: query.page_token,
      });
      return json({ ...(items.length > 0 ? { clusters: items.map(detailsOf) } : {}), ...next });
    }),
  ];
}

function libraryRoutes(context: DatabricksContext): Route[] {
  return [
    route(table.installLibraries, ({ body }) => {
      addLibraries(context, clusterOf(context, body.cluster_id), body.libraries);
      return json({});
    }),
    route(table.uninstallLibraries, ({ body }) => {
      removeLibraries(clusterOf(context, body.cluster_id), body.libraries);
      return json({});
    }),
    route(table.libraryStatus, ({ query }) => json(statusesOf(clusterOf(context, query.cluster_id)))),
    route(table.allLibraryStatuses, () => {
      const statuses = [...context.state.clusters.values()]
        .filter(({ libraries }) => libraries.length > 0)
        .map(statusesOf);
      return json(statuses.length > 0 ? { statuses } : {});
    }),
  ];
}

function statusesOf({ id, libraries }: Cluster) {
  const library_statuses = libraries.map(({ library, status, message }) => ({
    library,
    status,
    is_library_for_all_clusters: false,
    ...(message === undefined ? {} : { messages: [message] }),
  }));
  return { cluster_id: id, ...(library_statuses.length > 0 ? { library_statuses } : {}) };
}

/** Restarts a running cluster; what ran on it fails. */
function restart(context: DatabricksContext, cluster: Cluster): void {
  start(context, cluster, context.clock.now());
  loseCluster(context, cluster.id);
}

function clusterOf({ state, options }: DatabricksContext, id: string): Cluster {
  const found = state.clusters.get(id);
  if (found) return found;
  const status = options.notFoundStatus ?? 400;
  throw refusal('INVALID_PARAMETER_VALUE', `Cluster ${id} does not exist`, { status });
}

function inState(cluster: Cluster, allowed: readonly Cluster['state'][]): Cluster {
  if (allowed.includes(cluster.state)) return cluster;
  throw refusal('INVALID_STATE', `Cluster ${cluster.id} is in unexpected state ${cluster.state}.`);
}

function detailsOf({ id, spec, creator, state, startedAt, terminatedAt }: Cluster) {
  const { apply_policy_default_values: _notEchoed, ...echo } = spec;
  const reason = { code: 'USER_REQUEST', type: 'SUCCESS' };
  return {
    ...echo,
    cluster_id: id,
    cluster_source: SOURCE,
    creator_user_name: creator,
    default_tags: { Vendor: 'Databricks', Creator: creator, ClusterId: id },
    spec: echo,
    start_time: startedAt,
    state,
    state_message: '',
    ...(terminatedAt === undefined ? {} : { terminated_time: terminatedAt, termination_reason: reason }),
  };
}
