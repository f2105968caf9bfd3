import type { DatabricksClient } from '../../engine/databricks-client.ts';
import type { ProtectedKind } from '../../engine/databricks-compute-client.ts';
import type { ApiObject } from '../../engine/databricks-jobs-client.ts';
import type { Kind } from './file.ts';
import { runAsOf } from './identity.ts';

/** What has settings, and is made and removed by this step. Folders are not. */
export type ThingKind = Exclude<Kind, 'folder'>;

/** A policy, cluster or job of the workspace. */
export interface Thing {
  readonly id: string;
  readonly settings: ApiObject;
  /** Its settings in a form that can be sent again; null where the API does not tell them. */
  readonly asked: ApiObject | null;
  /** Who made it; of jobs only. */
  readonly maker?: string;
}

/** The same calls for each of the three. */
export interface Things {
  find(name: string): Promise<readonly Thing[]>;
  get(id: string): Promise<Thing | null>;
  /** The same; `hidden` when it cannot be told from one that is gone. */
  look(id: string): Promise<Thing | 'hidden' | null>;
  /** @returns its id; null when the name is taken. */
  create(body: ApiObject): Promise<string | null>;
  change(id: string, body: ApiObject): Promise<'done' | 'gone' | 'not-now'>;
  remove(id: string): Promise<void>;
}

/** What permissions call the kinds. */
export const PROTECTED: Record<Kind, ProtectedKind> = {
  policy: 'cluster-policies',
  cluster: 'clusters',
  job: 'jobs',
  folder: 'directories',
};

/** The calls of every kind. */
export function thingsOf(client: DatabricksClient): Record<ThingKind, Things> {
  return { policy: policiesOf(client), cluster: clustersOf(client), job: jobsOf(client) };
}

const POLICY_FIELDS = [
  'name',
  'definition',
  'description',
  'libraries',
  'max_clusters_per_user',
  'policy_family_id',
  'policy_family_definition_overrides',
];

function policiesOf({ policies }: DatabricksClient): Things {
  type Policy = NonNullable<Awaited<ReturnType<typeof policies.get>>>;
  const toThing = ({ id, settings }: Policy): Thing => {
    const asked = Object.entries(settings).filter(([key]) => POLICY_FIELDS.includes(key));
    // A policy of a family has the definition of the family, and may not have one of its own.
    const isOwn = ([key]: [string, unknown]) =>
      key !== 'definition' || settings.policy_family_id === undefined;
    return { id, settings, asked: Object.fromEntries(asked.filter(isOwn)) };
  };
  const get = async (id: string) => {
    const found = await policies.get(id);
    return found === null ? null : toThing(found);
  };
  return {
    async find(name) {
      const found = await policies.find(name);
      return found === null ? [] : [toThing(found)];
    },
    ...{ get, look: get },
    async create(body) {
      const made = await policies.create(body);
      return made === 'exists' ? null : made.id;
    },
    change: async (id, body) => ((await policies.edit(id, body)) === 'done' ? 'done' : 'gone'),
    remove: (id) => policies.remove(id),
  };
}

function clustersOf({ clusters }: DatabricksClient): Things {
  type Cluster = NonNullable<Awaited<ReturnType<typeof clusters.get>>>;
  const toThing = ({ id, spec, asked }: Cluster): Thing => ({ id, settings: spec, asked });
  const get = async (id: string) => {
    const found = await clusters.get(id);
    return found === null ? null : toThing(found);
  };
  return {
    find: async (name) => (await clusters.find(name)).map(toThing),
    ...{ get, look: get },
    create: (body) => clusters.create(body),
    async change(id, body) {
      const answer = await clusters.edit(id, body);
      return answer === 'no-cluster' ? 'gone' : answer;
    },
    remove: (id) => clusters.remove(id),
  };
}

function jobsOf({ jobs }: DatabricksClient): Things {
  type Job = NonNullable<Awaited<ReturnType<typeof jobs.get>>>;
  const toThing = ({ id, settings: told, runAs, maker }: Job): Thing => {
    // Where the settings leave it out, this is the only place that tells it.
    const settings = runAs === '' ? told : { ...told, run_as: runAsOf(runAs) };
    return { id, settings, asked: settings, maker };
  };
  return {
    find: async (name) => (await jobs.find(name)).map(toThing),
    async look(id) {
      const found = await jobs.look(id);
      return found === null || found === 'hidden' ? found : toThing(found);
    },
    async get(id) {
      const found = await jobs.get(id);
      return found === null ? null : toThing(found);
    },
    create: (body) => jobs.create(body),
    change: async (id, body) => ((await jobs.reset(id, body)) === 'done' ? 'done' : 'gone'),
    remove: (id) => jobs.remove(id),
  };
}
