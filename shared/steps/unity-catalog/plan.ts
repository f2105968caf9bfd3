import type { GrantChange, SecurableInfo, UnityCatalog } from '../../engine/databricks-client.ts';
import type { ContentStore } from '../../engine/ports.ts';
import { Refusal } from '../../errors.ts';
import { canonicalJson, sha256 } from '../../release/canonical-json.ts';
import type { Change } from '../../release/plan.ts';
import { inParallel } from '../in-parallel.ts';
import { storeSettings } from './change.ts';
import { differenceOf, grantChanges, managedFields } from './difference.ts';
import { formerSettings } from './settings.ts';
import type { Wanted } from './wanted.ts';
import { isUnknown } from './wanted.ts';

/** What the plan looks at, and where it leaves values that are not for everybody's eyes. */
export interface Sight {
  readonly api: UnityCatalog;
  readonly content: ContentStore;
}

/** What would be made, changed and granted. Asks for parents first: below one that is missing nothing can be. */
export async function changesFor(wanted: readonly Wanted[], sight: Sight): Promise<Change[]> {
  const { api } = sight;
  const there = await findAll(wanted, api);
  const problems = wanted.flatMap((each) => {
    const info = there.get(each.target);
    return info === undefined ? [] : differenceOf(each.securable, info, isUnknown).fixed;
  });
  problems.push(...(await storageProblems(wanted, there, api)));
  if (problems.length > 0) throw new Refusal(problems.join(' '));
  const changes: Change[] = [];
  await inParallel(wanted, { inFlight: 10 }, async (each) => {
    const info = there.get(each.target);
    changes.push(...(info === undefined ? [creation(each)] : await update(each, info, sight)));
    changes.push(...(await grantsOf(each, info === undefined ? null : api)));
  });
  return changes;
}

/** Securables that exist, by target. */
async function findAll(
  wanted: readonly Wanted[],
  api: UnityCatalog,
): Promise<ReadonlyMap<string, SecurableInfo>> {
  const found = new Map<string, SecurableInfo>();
  const missing = new Set<string>();
  for (const level of [1, 2, 3]) {
    const those = wanted.filter(({ securable }) => securable.fullName.split('.').length === level);
    await inParallel(those, { inFlight: 10 }, async ({ target, securable: { kind, fullName } }) => {
      const isBelowMissing = missing.has(fullName.slice(0, fullName.lastIndexOf('.')));
      const info = isBelowMissing ? null : await api.find(kind, fullName);
      if (info !== null) found.set(target, info);
      else if (kind === 'catalog' || kind === 'schema') missing.add(fullName);
    });
  }
  return found;
}

/** A new catalog needs a place, and the metastore may have none to offer. */
async function storageProblems(
  wanted: readonly Wanted[],
  there: ReadonlyMap<string, SecurableInfo>,
  api: UnityCatalog,
): Promise<string[]> {
  const homeless = wanted.filter(
    ({ target, securable: { kind, body } }) =>
      kind === 'catalog' && body.storage_root === undefined && !there.has(target),
  );
  if (homeless.length === 0 || (await api.metastore()).storageRoot !== null) return [];
  return homeless.map(
    ({ target }) =>
      `${target} cannot be made: the metastore of this workspace has no storage of its own. Give the catalog a ` +
      'storage_root in unity-catalog.json, in a place that an external location covers.',
  );
}

function creation({ target, symbolic }: Wanted): Change {
  const fields = Object.keys(symbolic.body).filter((field) => field !== 'name');
  return {
    target,
    action: 'create',
    before: null,
    after: sha256(canonicalJson(symbolic.body)),
    // There is data behind it soon, so no rollback drops it.
    class: 'forward-only',
    // Names of fields only: a value might be one that a project should not have written down.
    detail: fields.length === 0 ? 'without settings' : `with ${fields.join(', ')}`,
  };
}

async function update(
  { target, securable, symbolic }: Wanted,
  info: SecurableInfo,
  sight: Sight,
): Promise<Change[]> {
  const fields = Object.keys(differenceOf(securable, info, isUnknown).fields).sort();
  if (fields.length === 0) return [];
  return [
    {
      target,
      action: 'update',
      before: sha256(canonicalJson(managedFields(securable, info))),
      after: sha256(canonicalJson(symbolic.body)),
      class: 'reversible',
      detail: `changes ${fields.join(', ')}`,
      data: { fields, was: await storeSettings(sight, formerSettings(securable, info, fields)) },
    },
  ];
}

/** @param api null when the securable does not exist yet, so that nothing can be granted on it. */
async function grantsOf({ target, securable }: Wanted, api: UnityCatalog | null): Promise<Change[]> {
  if (securable.grants === null) return [];
  const held = (await api?.grants(securable.kind, securable.fullName)) ?? [];
  const changes = grantChanges(securable, held);
  if (changes.length === 0) return [];
  const gone = changes
    .filter(({ remove }) => remove.length > 0)
    .map(({ principal, remove }) => [principal, remove]);
  return [
    {
      target: `grants on ${target}`,
      action: 'update',
      before: gone.length === 0 ? null : sha256(canonicalJson(gone)),
      after: sha256(canonicalJson(changes.map(({ principal, add }) => [principal, add]))),
      class: 'compensable',
      detail: changes.map(describeGrant).join('; '),
      data: { of: target, grants: changes },
    },
  ];
}

/** A change of grants for people. */
export function describeGrant({ principal, add, remove }: GrantChange): string {
  const signs = [...add.map((each) => `+${each}`), ...remove.map((each) => `-${each}`)];
  return `${principal}: ${signs.join(' ')}`;
}
