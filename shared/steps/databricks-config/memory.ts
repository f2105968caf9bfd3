import * as z from 'zod';
import type { AccessEntry } from '../../engine/databricks-compute-client.ts';
import type { ApiObject } from '../../engine/databricks-jobs-client.ts';
import type { Change } from '../../release/plan.ts';
import { readInventory, uncertainChanges } from '../inventory.ts';
import type { StepContext } from '../step.ts';
import { principalOf } from './file.ts';
import type { ThingKind } from './things.ts';
import { targetOf } from './wanted.ts';

const object = z.record(z.string(), z.unknown());

const accessEntry = z.strictObject({
  user_name: z.string().exactOptional(),
  group_name: z.string().exactOptional(),
  service_principal_name: z.string().exactOptional(),
  permission_level: z.string(),
});

/** Access that we gave, and the level that the principal had before. */
const given = z.strictObject({ entry: accessEntry, was: z.string().nullable() });

export type Given = z.infer<typeof given>;

const thing = z.strictObject({
  id: z.string(),
  /** SHA-256 of what its file said. */
  digest: z.string(),
  /** Digest of its settings before we took it over; null for what we made. */
  was: z.string().nullable(),
  /** Libraries that we installed; clusters only. */
  libraries: z.array(object),
});
const byName = z.record(z.string(), thing);

const inventoryShape = z.strictObject({
  schema: z.literal(1),
  /** What is listed here is in this workspace and nowhere else. */
  workspace: z.string(),
  policies: byName,
  clusters: byName,
  jobs: byName,
  /** By what it is given on, e.g. `job etl`. */
  access: z.record(z.string(), z.array(given)),
});

/** What this step put into the workspace, in the form in which it is stored. */
export type ConfigInventory = z.infer<typeof inventoryShape>;

/** What `apply` needs of a change besides its target and digests. */
const changeData = z.union([
  z.strictObject({
    kind: z.enum(['policy', 'cluster', 'job']),
    name: z.string(),
    /** Of what is there; absent for what is to be made. */
    id: z.string().optional(),
    /** Its settings before it is taken over. */
    was: z.string().optional(),
    /** Whether its settings change, and not only the libraries. */
    settings: z.boolean().optional(),
    /** The identity to send, since its file has none. */
    runAs: object.optional(),
    install: z.array(object).optional(),
    uninstall: z.array(object).optional(),
    /** Whether it is a job of which Databricks keeps a run going; that one ends with the change. */
    continuous: z.boolean().optional(),
    /** The settings that it gets back, since it was taken over and is not wanted any more. */
    back: z.string().optional(),
  }),
  z.strictObject({ of: z.string(), give: z.array(given), take: z.array(given) }),
]);

type ChangeData = z.infer<typeof changeData>;
export type ThingData = Extract<ChangeData, { readonly kind: string }>;
export type AccessData = Extract<ChangeData, { readonly of: string }>;

/** The data of a change of a policy, cluster or job; null for a change of access. */
export function thingData({ data }: Change): ThingData | null {
  const parsed = changeData.safeParse(data);
  return parsed.success && 'kind' in parsed.data ? parsed.data : null;
}

/** The data of a change of access; null for other changes. */
export function accessData({ data }: Change): AccessData | null {
  const parsed = changeData.safeParse(data);
  return parsed.success && 'of' in parsed.data ? parsed.data : null;
}

/** A thing that we made, took over, or may have made. */
export interface Known {
  readonly kind: ThingKind;
  readonly name: string;
  /** Null when it may have been made by an interrupted deployment. */
  readonly id: string | null;
  /** Null when it may have been changed by one. */
  readonly digest: string | null;
  readonly was: string | null;
  readonly libraries: readonly ApiObject[];
}

/** What is in the workspace by our doing, as far as we know. */
export interface Memory {
  /** By target. */
  readonly things: ReadonlyMap<string, Known>;
  /** By target of what it is given on. */
  readonly access: ReadonlyMap<string, readonly Given[]>;
}

/** The lists of the inventory by kind. */
export const LISTS = { policy: 'policies', cluster: 'clusters', job: 'jobs' } as const;

const THING_KINDS = ['policy', 'cluster', 'job'] as const;

/** Reads what we put into this workspace; what was put into another one does not count. */
export async function recall(context: StepContext, workspace: string): Promise<Memory> {
  const stored = await readInventory(context, inventoryShape);
  const here = stored?.workspace === workspace ? stored : null;
  const things = new Map<string, Known>();
  for (const kind of THING_KINDS)
    for (const [name, known] of Object.entries(here?.[LISTS[kind]] ?? {}))
      things.set(targetOf(kind, name), { kind, name, ...known });
  const access = new Map<string, readonly Given[]>(Object.entries(here?.access ?? {}));
  for (const change of await uncertainChanges(context)) {
    const [ofThing, ofAccess] = [thingData(change), accessData(change)];
    if (ofThing !== null) things.set(change.target, doubted(things.get(change.target), change, ofThing));
    if (ofAccess !== null) access.set(ofAccess.of, alsoGiven(access.get(ofAccess.of) ?? [], ofAccess.give));
  }
  return { things, access };
}

/** What is known of a thing after a change of it that may have been made, or not, or in part. */
function doubted(before: Known | undefined, { action }: Change, data: ThingData): Known {
  const { kind, name, id = null, was = null, install = [] } = data;
  const isNew = action === 'create' || before === undefined;
  const known = isNew ? { id: action === 'create' ? null : id, was } : { id: before.id, was: before.was };
  return { kind, name, ...known, digest: null, libraries: [...(before?.libraries ?? []), ...install] };
}

/** The first that we gave to somebody knows what was before. */
export function alsoGiven(before: readonly Given[], more: readonly Given[]): Given[] {
  const all = new Map<string, Given>();
  for (const { entry, was } of [...before, ...more]) {
    const first = all.get(principalOf(entry));
    all.set(principalOf(entry), { entry, was: first === undefined ? was : first.was });
  }
  return [...all.values()];
}

/** Entries as the API takes them. */
export function entriesOf(all: readonly Given[]): AccessEntry[] {
  return all.map(({ entry }) => entry);
}
