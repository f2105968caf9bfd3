import { TransientFailure } from '../../errors.ts';
import type { Json } from '../../release/canonical-json.ts';
import { canonicalJson } from '../../release/canonical-json.ts';
import type { Change } from '../../release/plan.ts';
import { storeInventory } from '../inventory.ts';
import type { StepContext } from '../step.ts';
import { givenAfter } from './access.ts';
import type { ApplySite } from './apply.ts';
import type { Ids } from './ids.ts';
import { completed } from './ids.ts';
import type { ConfigInventory, Memory } from './memory.ts';
import { accessData, LISTS, thingData } from './memory.ts';
import { digestOf } from './plan.ts';
import type { ThingKind } from './things.ts';
import type { Wanted } from './wanted.ts';

/** What was applied. */
export interface Applied {
  readonly site: ApplySite;
  readonly memory: Memory;
  readonly changes: readonly Change[];
}

/** The output of the step: ids of what is there by its doing, by name, and the digest of its inventory. */
export async function outputOf(context: StepContext, applied: Applied): Promise<Record<string, Json>> {
  const inventory = await inventoryAfter(applied);
  const idsIn = (list: (typeof LISTS)[keyof typeof LISTS]) =>
    Object.fromEntries(Object.entries(inventory[list]).map(([name, { id }]) => [name, id]));
  return {
    policies: idsIn('policies'),
    clusters: idsIn('clusters'),
    jobs: idsIn('jobs'),
    inventory: await storeInventory(context, inventory),
  };
}

async function inventoryAfter({ site, memory, changes }: Applied): Promise<ConfigInventory> {
  const byTarget = new Map(changes.map((change) => [change.target, change]));
  const inventory: ConfigInventory = {
    ...{ schema: 1, workspace: site.client.workspaceUrl },
    ...{ policies: {}, clusters: {}, jobs: {}, access: {} },
  };
  for (const each of site.wanted) {
    const { kind, target, symbolic } = each;
    const change = byTarget.get(target);
    const isNew = change?.action === 'create';
    const ofAccess = [byTarget.get(`access to ${target}`)].flatMap((one) =>
      one ? (accessData(one) ?? []) : [],
    );
    const before = isNew ? [] : (memory.access.get(target) ?? []);
    const given = givenAfter(symbolic.access, before, ofAccess[0]);
    if (given.length > 0) inventory.access[target] = given;
    if (kind === 'folder') continue;
    const known = isNew ? undefined : memory.things.get(target);
    inventory[LISTS[kind]][symbolic.name] = {
      id: await idOf(each, kind, site.ids),
      digest: digestOf(each),
      was: known?.was ?? (change ? thingData(change)?.was : null) ?? null,
      libraries: await librariesAfter(each, site, { known: known?.libraries ?? [], change }),
    };
  }
  return inventory;
}

async function idOf({ target, symbolic }: Wanted, kind: ThingKind, ids: Ids): Promise<string> {
  const id = await ids.of(kind, symbolic.name);
  if (id !== null) return id;
  throw new TransientFailure(`${target} was made, but Databricks does not show it yet`);
}

/** Libraries of ours: those that we had installed and the file still has, and those that we installed now. */
async function librariesAfter(
  wanted: Wanted,
  site: ApplySite,
  { known, change }: { readonly known: readonly unknown[]; readonly change: Change | undefined },
) {
  const item = await completed(wanted, site.wanted, site.ids);
  const libraries = 'refused' in item ? [] : item.libraries;
  const installed = change ? (thingData(change)?.install ?? []) : [];
  const ours = new Set([...known, ...installed].map((each) => canonicalJson(each)));
  return libraries.filter((each) => ours.has(canonicalJson(each))).map((each) => ({ ...each }));
}
