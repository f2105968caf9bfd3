import type {
  Cluster,
  ClusterPolicies,
  ClusterPolicy,
  Clusters,
  InstalledLibrary,
} from '../engine/databricks-compute-client.ts';
import type { ApiObject } from '../engine/databricks-jobs-client.ts';
import type { Call } from './databricks-call.ts';
import { isObject, isResponse, numberIn, objectIn, objectsIn, pagesOf, textIn } from './databricks-call.ts';
import { isExisting, isMissingItself, nullIfMissing } from './databricks-errors.ts';
import type { HttpError } from './http-error.ts';

const CLUSTERS = '/api/2.1/clusters';
const LIBRARIES = '/api/2.0/libraries';
const POLICIES = '/api/2.0/policies/clusters';
const MOST_PER_PAGE = 100;
/** A workspace also lists the clusters that its jobs made in the last month: there may be very many of them. */
const SOURCES = ['API', 'UI'];

/** The Clusters and Libraries APIs. */
export function clustersOf(call: Call): Clusters {
  const get = async (id: string) => {
    const request = { method: 'GET', path: `${CLUSTERS}/get`, query: { cluster_id: id } } as const;
    const answer = await call(request, nullIfMissing);
    return answer === null ? null : toCluster(objectIn(answer));
  };
  return {
    get,
    async find(name) {
      const listed = await Promise.all(SOURCES.map((source) => listOf(call, source)));
      const named = listed.flat().filter(({ cluster_name }) => cluster_name === name);
      // Lists do not tell the settings that a cluster was made with.
      const clusters = await Promise.all(named.sort(byAge).map(({ cluster_id }) => get(textIn(cluster_id))));
      return clusters.filter((cluster) => cluster !== null);
    },
    async create(json) {
      const answer = await call({ method: 'POST', path: `${CLUSTERS}/create`, json });
      return textIn(objectIn(answer).cluster_id);
    },
    async edit(id, spec) {
      const json = { ...spec, cluster_id: id };
      const request = { method: 'POST', path: `${CLUSTERS}/edit`, json, idempotent: true } as const;
      const answer = await call(request, (error) => notNow(error) ?? noCluster(error, id));
      return isResponse(answer) ? 'done' : answer;
    },
    async restart(id) {
      const request = actOn(`${CLUSTERS}/restart`, { cluster_id: id });
      const answer = await call(request, (error) => notNow(error) ?? noCluster(error, id));
      return isResponse(answer) ? 'done' : answer;
    },
    async remove(id) {
      await call(actOn(`${CLUSTERS}/permanent-delete`, { cluster_id: id }), nullIfMissing);
    },
    ...librariesOf(call),
  };
}

function librariesOf(call: Call): Pick<Clusters, 'libraries' | 'allLibraries' | 'install' | 'uninstall'> {
  return {
    async libraries(id) {
      const query = { cluster_id: id };
      const answer = await call({ method: 'GET', path: `${LIBRARIES}/cluster-status`, query }, nullIfMissing);
      return answer === null ? [] : librariesIn(objectIn(answer));
    },
    async allLibraries() {
      const { statuses } = objectIn(await call({ method: 'GET', path: `${LIBRARIES}/all-cluster-statuses` }));
      return new Map(objectsIn(statuses).map((one) => [textIn(one.cluster_id), librariesIn(one)]));
    },
    async install(id, libraries) {
      await call(actOn(`${LIBRARIES}/install`, { cluster_id: id, libraries }));
    },
    async uninstall(id, libraries) {
      await call(actOn(`${LIBRARIES}/uninstall`, { cluster_id: id, libraries }), nullIfMissing);
    },
  };
}

/** The Cluster Policies API. It lists all policies at once. */
export function policiesOf(call: Call): ClusterPolicies {
  return {
    async find(name) {
      const { policies } = objectIn(await call({ method: 'GET', path: `${POLICIES}/list` }));
      const found = objectsIn(policies).find((policy) => policy.name === name);
      return found === undefined ? null : toPolicy(found);
    },
    async get(id) {
      const request = { method: 'GET', path: `${POLICIES}/get`, query: { policy_id: id } } as const;
      const answer = await call(request, nullIfMissing);
      return answer === null ? null : toPolicy(objectIn(answer));
    },
    async create(json) {
      const answer = await call({ method: 'POST', path: `${POLICIES}/create`, json }, existsIfTaken);
      return isResponse(answer) ? { id: textIn(objectIn(answer).policy_id) } : answer;
    },
    async edit(id, settings) {
      const request = actOn(`${POLICIES}/edit`, { ...settings, policy_id: id });
      const missing = (error: HttpError) => (isMissingItself(error, id) ? null : undefined);
      return isResponse(await call(request, missing)) ? 'done' : 'no-policy';
    },
    async remove(id) {
      await call(actOn(`${POLICIES}/delete`, { policy_id: id }), nullIfMissing);
    },
  };
}

/** A call that ends in the same state however often it is made. */
function actOn(path: string, json: ApiObject) {
  return { method: 'POST', path, json, idempotent: true } as const;
}

async function listOf(call: Call, source: string): Promise<ApiObject[]> {
  const query = { 'filter_by.cluster_sources': source, page_size: MOST_PER_PAGE };
  const pages = await pagesOf(call, { method: 'GET', path: `${CLUSTERS}/list`, query });
  // A server that does not know the filter sends all.
  return pages.flatMap((page) => objectsIn(page.clusters)).filter((one) => one.cluster_source === source);
}

/** `spec` holds what was asked for; beside it the server tells what it made of that. */
function toCluster(cluster: ApiObject): Cluster {
  const spec = isObject(cluster.spec) ? cluster.spec : {};
  return {
    id: textIn(cluster.cluster_id),
    name: textIn(cluster.cluster_name),
    state: textIn(cluster.state),
    spec: { ...cluster, ...spec },
    asked: isObject(cluster.spec) ? cluster.spec : null,
  };
}

function toPolicy(policy: ApiObject): ClusterPolicy {
  return { id: textIn(policy.policy_id), name: textIn(policy.name), settings: policy };
}

function librariesIn({ library_statuses }: ApiObject): InstalledLibrary[] {
  return objectsIn(library_statuses).map(({ library, status, messages }) => ({
    library: isObject(library) ? library : {},
    status: textIn(status),
    message: Array.isArray(messages) ? messages.map(textIn).join(' ') : '',
  }));
}

function byAge(left: ApiObject, right: ApiObject): number {
  return (numberIn(left.start_time) ?? 0) - (numberIn(right.start_time) ?? 0);
}

function noCluster(error: HttpError, id: string): 'no-cluster' | undefined {
  return isMissingItself(error, id) ? 'no-cluster' : undefined;
}

/** A cluster that is about to start, restart or stop takes neither settings nor a restart. */
function notNow({ code }: HttpError): 'not-now' | undefined {
  return code === 'INVALID_STATE' ? 'not-now' : undefined;
}

function existsIfTaken(error: HttpError): 'exists' | undefined {
  const isTaken = error.status === 400 && /already exists/i.test(error.message);
  return isTaken || isExisting(error) ? 'exists' : undefined;
}
