import type { Grant, GrantChange, SecurableKind, UnityCatalog } from '../../engine/databricks-client.ts';
import type { Log } from '../../engine/ports.ts';
import { messageOf, Refusal } from '../../errors.ts';
import { canonicalJson, sha256 } from '../../release/canonical-json.ts';
import type { Change } from '../../release/plan.ts';
import { inParallel } from '../in-parallel.ts';
import { principalKey } from '../principals.ts';
import type { TaskEnd } from '../work-through.ts';
import { refusedIf } from '../work-through.ts';
import type { Settings } from './change.ts';
import { readSettings, storeSettings } from './change.ts';
import type { Former } from './memory.ts';
import type { Sight } from './plan.ts';
import { describeGrant } from './plan.ts';
import { names, valueAt, wayBack } from './settings.ts';
import type { Wanted } from './wanted.ts';

/** What a rollback takes back beyond what the file of its release says. */
export interface Return {
  readonly changes: readonly Change[];
  /** What cannot be taken back, e.g. `isolation_mode of catalog NAME`. */
  readonly left: readonly string[];
}

/** Compares what was with what is. What the file names is for the ordinary comparison. */
export async function returnTo(
  formers: readonly Former[],
  wanted: readonly Wanted[],
  sight: Sight,
): Promise<Return> {
  const changes: Change[] = [];
  const left: string[] = [];
  await inParallel(formers, { inFlight: 10 }, async (former) => {
    const found = unnamed(former, wanted);
    const { kind, fullName } = securableAt(former.target);
    const there = found.settings.length === 0 ? null : await sight.api.find(kind, fullName);
    const { settings, stuck } = wayBack(there ?? {}, there === null ? [] : found.settings);
    left.push(...stuck.map((field) => `${field} of ${former.target}`));
    if (there !== null && settings.length > 0) {
      const now = settings.map(({ path }) => ({ path, was: valueAt(there, path) }));
      changes.push(await settingsChange(former.target, { settings, now }, sight));
    }
    const held = found.grants.length === 0 ? null : await sight.api.grants(kind, fullName);
    changes.push(...grantsChange(former.target, grantsBack(found.grants, held)));
  });
  return { changes, left: left.sort() };
}

/** What the file of the release does not decide. A complete list of grants decides all of them. */
function unnamed(former: Former, wanted: readonly Wanted[]): Former {
  const target = former.target.toLowerCase();
  const securable = wanted.find((each) => each.target.toLowerCase() === target)?.securable;
  if (securable === undefined) return former;
  const isNamed = (principal: string, privilege: string) =>
    securable.grants?.some(
      (each) => isSame(each.principal, principal) && each.privileges.includes(privilege),
    );
  return {
    target: former.target,
    settings: former.settings.filter(({ path }) => !names(securable, path)),
    grants: securable.authoritative
      ? []
      : former.grants.filter(({ principal, privilege }) => !isNamed(principal, privilege)),
  };
}

async function settingsChange(
  target: string,
  { settings, now }: { readonly settings: Settings; readonly now: readonly unknown[] },
  sight: Sight,
): Promise<Change> {
  return {
    target: `former settings of ${target}`,
    action: 'update',
    before: sha256(canonicalJson(now)),
    after: sha256(canonicalJson(settings)),
    class: 'reversible',
    detail: `${settings.map(({ path }) => path.join('.')).join(', ')} as before`,
    data: {
      of: target,
      settings: await storeSettings(sight, settings),
      was: await storeSettings(sight, now),
    },
  };
}

function grantsChange(target: string, grants: readonly GrantChange[]): Change[] {
  if (grants.length === 0) return [];
  return [
    {
      target: `former grants on ${target}`,
      action: 'update',
      before: null,
      after: sha256(canonicalJson(grants)),
      class: 'compensable',
      detail: grants.map(describeGrant).join('; '),
      data: { of: target, grants, isReturn: true },
    },
  ];
}

/** @param held null when there is no such securable any more. */
function grantsBack(former: Former['grants'], held: readonly Grant[] | null): GrantChange[] {
  if (held === null) return [];
  const holds = (name: string, privilege: string) =>
    held.some(({ principal, privileges }) => isSame(principal, name) && privileges.includes(privilege));
  const differing = former.filter(({ principal, privilege, was }) => holds(principal, privilege) !== was);
  const principals = [...new Set(differing.map(({ principal }) => principalKey(principal)))].sort();
  return principals.map((key) => {
    const those = differing.filter((each) => isSame(each.principal, key));
    const principal = those[0]?.principal ?? key;
    const which = (was: boolean) =>
      those
        .filter((each) => each.was === was)
        .map(({ privilege }) => privilege)
        .sort();
    return { principal, add: which(true), remove: which(false) };
  });
}

function isSame(left: string, right: string): boolean {
  return principalKey(left) === principalKey(right);
}

const KINDS = ['storage-credential', 'external-location', 'catalog', 'schema', 'volume'] as const;

/** The securable that a change is about. */
export function securableAt(target: string): { readonly kind: SecurableKind; readonly fullName: string } {
  const at = target.indexOf(' ');
  const kind = KINDS.find((each) => each === target.slice(0, at));
  if (kind === undefined) throw new Error(`${target} is no securable`);
  return { kind, fullName: target.slice(at + 1) };
}

/** @param target e.g. `catalog NAME`. */
export async function isThere(target: string, api: UnityCatalog): Promise<boolean> {
  const { kind, fullName } = securableAt(target);
  return (await api.find(kind, fullName)) !== null;
}

interface Site extends Sight {
  readonly log: Log;
}

/** Gives settings their former values, as far as they differ now. */
export async function putSettingsBack(target: string, digest: string, site: Site): Promise<TaskEnd> {
  const { kind, fullName } = securableAt(target);
  const there = await site.api.find(kind, fullName);
  if (there === null) return null;
  const { fields } = wayBack(there, await readSettings(site, digest));
  if (Object.keys(fields).length === 0) return null;
  const answer = await unlessNobody(target, site, () => site.api.update(kind, fullName, fields));
  return refusedIf(answer === null ? null : `${target} cannot be made as it was: ${answer.why}`);
}

/** Takes grants back and gives back those that were taken, each for itself where one of them cannot be. */
export async function putGrantsBack(
  target: string,
  grants: readonly GrantChange[],
  site: Site,
): Promise<TaskEnd> {
  const { kind, fullName } = securableAt(target);
  const change = (some: readonly GrantChange[]) => site.api.changeGrants(kind, fullName, some);
  try {
    await change(grants);
  } catch (error) {
    if (!isAboutNobody(error)) throw error;
    for (const one of grants) await unlessNobody(target, site, () => change([one]));
  }
  return null;
}

/** A principal that has left since cannot own or be granted anything: that must not keep a rollback from its end. */
async function unlessNobody<Answer>(
  target: string,
  { log }: Site,
  work: () => Promise<Answer>,
): Promise<Answer | null> {
  try {
    return await work();
  } catch (error) {
    if (!isAboutNobody(error)) throw error;
    log.warn(`${target} stays as it is: ${messageOf(error)}`, {});
    return null;
  }
}

function isAboutNobody(error: unknown): boolean {
  return (
    error instanceof Refusal &&
    /(principal|user|group).*(not exist|not found)|not find principal/i.test(error.message)
  );
}
