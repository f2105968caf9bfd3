import type { Grant, GrantChange, SecurableInfo, SecurableKind } from '../../engine/databricks-client.ts';
import { principalKey } from '../principals.ts';
import type { Securable } from './file.ts';

/** Says which securable it is; never compared. */
const IDENTITY = new Set(['name', 'catalog_name', 'schema_name']);
/** Says how to make it, and is not kept by the server. */
const INSTRUCTIONS = new Set(['skip_validation']);
/** Can be set only when it is made. */
const FIXED: Record<SecurableKind, ReadonlySet<string>> = {
  'storage-credential': new Set(),
  'external-location': new Set(),
  catalog: new Set(['storage_root', 'connection_name', 'provider_name', 'share_name']),
  schema: new Set(['storage_root']),
  volume: new Set(['volume_type', 'storage_location']),
};

/** How an existing securable differs from its file, in the fields that the file has. */
export interface Difference {
  /** Fields to send, with their new values. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Sentences about fields that cannot be changed any more. */
  readonly fixed: readonly string[];
}

/** @param isUnknown whether a value is not known yet, and so takes part in no comparison. */
export function differenceOf(
  { kind, fullName, body }: Securable,
  there: SecurableInfo,
  isUnknown: (value: unknown) => boolean = () => false,
): Difference {
  const differing = Object.entries(body).filter(
    ([field, wanted]) =>
      !IDENTITY.has(field) &&
      !INSTRUCTIONS.has(field) &&
      !isUnknown(wanted) &&
      !isAsWanted(field, there[field], wanted),
  );
  const changeable = differing.filter(([field]) => !FIXED[kind].has(field));
  return {
    fields: Object.fromEntries(changeable.map(([field, wanted]) => [field, merged(field, wanted, there)])),
    fixed: differing
      .filter(([field]) => FIXED[kind].has(field))
      .map(
        ([field, wanted]) =>
          `${kind} ${fullName} has ${field} ${text(there[field])} and the file says ${text(wanted)}, which cannot be ` +
          'changed any more: correct the file, or move the data and drop it by hand.',
      ),
  };
}

/** The managed fields of an existing securable, for digests: what the file does not name is the server's. */
export function managedFields({ body }: Securable, there: SecurableInfo): SecurableInfo {
  return Object.fromEntries(
    Object.keys(body)
      .filter((field) => !INSTRUCTIONS.has(field))
      .map((field) => [field, pick(body[field], there[field])]),
  );
}

/** Of an object only what a file has of it; null for nothing. */
export function pick(wanted: unknown, there: unknown): unknown {
  if (!isObject(wanted) || !isObject(there)) return there ?? null;
  return Object.fromEntries(Object.keys(wanted).map((key) => [key, pick(wanted[key], there[key])]));
}

function isAsWanted(field: string, there: unknown, wanted: unknown): boolean {
  const isOwner = field === 'owner' && typeof there === 'string' && typeof wanted === 'string';
  return isOwner ? principalKey(there) === principalKey(wanted) : holds(there, wanted);
}

/** Whether what is there has all that is wanted; the server adds keys of its own, and may keep no empty text. */
export function holds(there: unknown, wanted: unknown): boolean {
  if (typeof wanted === 'string') return plain(there ?? '') === plain(wanted);
  if (isObject(wanted))
    return isObject(there) && Object.entries(wanted).every(([key, value]) => holds(there[key], value));
  return JSON.stringify(there) === JSON.stringify(wanted);
}

/** Ids of Azure resources have no case, and places in storage no slash at the end. */
function plain(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (/^\/subscriptions\//i.test(value)) return value.toLowerCase();
  return /^\w+:\/\//.test(value) ? value.replace(/\/+$/, '') : value;
}

/** Whether keys of the field belong to whoever set them. */
export function isMap(field: string): boolean {
  return field === 'properties' || field === 'options';
}

/** An update of a map replaces it, so keys that others have set are sent along. */
function merged(field: string, wanted: unknown, there: SecurableInfo): unknown {
  const known = there[field];
  return isMap(field) && isObject(wanted) && isObject(known) ? { ...known, ...wanted } : wanted;
}

function text(value: unknown): string {
  return typeof value === 'string' ? `"${value}"` : (JSON.stringify(value) ?? 'none');
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What has to be granted and, where the file's list is complete, taken away; sorted, and empty when all is so. */
export function grantChanges(
  { grants, authoritative }: Pick<Securable, 'grants' | 'authoritative'>,
  there: readonly Grant[],
): GrantChange[] {
  const wanted = heldByPrincipal(grants ?? []);
  const held = heldByPrincipal(there);
  const keys = [...new Set([...wanted.keys(), ...(authoritative ? held.keys() : [])])].sort();
  return keys.flatMap((key) => {
    const [should, does] = [wanted.get(key), held.get(key)];
    const add = missingIn(does, should);
    const remove = authoritative ? missingIn(should, does) : [];
    const principal = should?.principal ?? does?.principal ?? key;
    return add.length + remove.length === 0 ? [] : [{ principal, add, remove }];
  });
}

/** A principal as it was spelled first, and all its privileges. */
interface Held {
  readonly principal: string;
  readonly privileges: ReadonlySet<string>;
}

function heldByPrincipal(grants: readonly Grant[]): Map<string, Held> {
  const found = new Map<string, Held>();
  for (const { principal, privileges } of grants) {
    const key = principalKey(principal);
    const known = found.get(key) ?? { principal, privileges: new Set<string>() };
    found.set(key, { ...known, privileges: new Set([...known.privileges, ...privileges]) });
  }
  return found;
}

/** What the other one has, sorted. */
function missingIn(held: Held | undefined, other: Held | undefined): string[] {
  return [...(other?.privileges ?? [])].filter((each) => !held?.privileges.has(each)).sort();
}
