import type {
  Grant,
  GrantChange,
  NotDone,
  SecurableKind,
  UnityCatalog,
} from '../engine/databricks-client.ts';
import type { Call } from './databricks-call.ts';
import { isObject, isResponse, objectIn, objectsIn, pagesOf, textIn } from './databricks-call.ts';
import { isExisting, isMissing } from './databricks-errors.ts';
import { segment } from './http.ts';
import type { HttpError } from './http-error.ts';

const API = '/api/2.1/unity-catalog';

/** Paths and lists of the API, by kind. */
const KINDS: Record<SecurableKind, { readonly path: string; readonly collection: string }> = {
  'storage-credential': { path: 'storage-credentials', collection: 'storage_credentials' },
  'external-location': { path: 'external-locations', collection: 'external_locations' },
  catalog: { path: 'catalogs', collection: 'catalogs' },
  schema: { path: 'schemas', collection: 'schemas' },
  volume: { path: 'volumes', collection: 'volumes' },
};

const pathOf = (kind: SecurableKind) => `${API}/${KINDS[kind].path}`;
const pathOfOne = (kind: SecurableKind, fullName: string) => `${pathOf(kind)}/${segment(fullName)}`;

function pathOfGrants(kind: SecurableKind | 'metastore', fullName: string, list = 'permissions'): string {
  return `${API}/${list}/${kind.replace('-', '_')}/${segment(fullName)}`;
}

/** The Unity Catalog API. Names are unique, so a repeated create finds what the first one made. */
export function unityCatalog(call: Call): UnityCatalog {
  return {
    async find(kind, fullName) {
      const answer = await call({ method: 'GET', path: pathOfOne(kind, fullName) }, orNull);
      return answer === null ? null : objectIn(answer);
    },
    async list(kind, parent) {
      const query = { max_results: 0, ...parentQuery(kind, parent) };
      const pages = await pagesOf(call, { method: 'GET', path: pathOf(kind), query });
      return pages.flatMap((page) => objectsIn(page[KINDS[kind].collection]));
    },
    async create(kind, json) {
      const answer = await call({ method: 'POST', path: pathOf(kind), json, idempotent: true }, notDone);
      return isResponse(answer) ? null : answer;
    },
    async update(kind, fullName, json) {
      const request = { method: 'PATCH', path: pathOfOne(kind, fullName), json, idempotent: true } as const;
      const answer = await call(request, notDone);
      return isResponse(answer) ? null : answer;
    },
    grants: (kind, fullName) => grantsAt(call, pathOfGrants(kind, fullName)),
    effectiveGrants: (kind, fullName) =>
      grantsAt(call, pathOfGrants(kind, fullName, 'effective-permissions')),
    async changeGrants(kind, fullName, changes) {
      const json = { changes: changes.map(bodyOf) };
      const path = pathOfGrants(kind, fullName);
      const missing = (error: HttpError) => (isMissingSecurable(error) ? null : undefined);
      const answer = await call({ method: 'PATCH', path, json, idempotent: true }, missing);
      return answer === null ? 'no-securable' : 'done';
    },
    async metastore() {
      const body = objectIn(await call({ method: 'GET', path: `${API}/metastore_summary` }));
      return {
        id: textIn(body.metastore_id),
        storageRoot: textIn(body.storage_root) || null,
        owner: textIn(body.owner),
      };
    },
  };
}

function parentQuery(kind: SecurableKind, parent: string | undefined): Record<string, string> {
  const [catalog = '', schema = ''] = (parent ?? '').split('.');
  if (kind === 'schema') return { catalog_name: catalog };
  return kind === 'volume' ? { catalog_name: catalog, schema_name: schema } : {};
}

function orNull(error: HttpError): null | undefined {
  return isMissing(error) ? null : undefined;
}

function notDone(error: HttpError): NotDone | undefined {
  const why = error.message;
  if (isExisting(error)) return { not: 'exists', why };
  // Storage that refuses the credential is reported with either status.
  if (error.status === 403 || /failed to access cloud storage/i.test(why)) return { not: 'denied', why };
  return isMissing(error) ? { not: 'no-parent', why } : undefined;
}

/** A principal that does not exist is 404 as well, but no waiting helps against that. */
function isMissingSecurable(error: HttpError): boolean {
  return isMissing(error) && !/principal/i.test(error.message);
}

function bodyOf({ principal, add, remove }: GrantChange) {
  return {
    principal,
    ...(add.length > 0 ? { add } : {}),
    ...(remove.length > 0 ? { remove } : {}),
  };
}

async function grantsAt(call: Call, path: string): Promise<Grant[] | null> {
  const pages = await pagesOf(call, { method: 'GET', path }, orNull);
  if (pages === null) return null;
  return pages.flatMap(({ privilege_assignments }) => objectsIn(privilege_assignments).map(readGrant));
}

/** Effective privileges come as objects that also say where they are inherited from. */
function readGrant(assignment: Readonly<Record<string, unknown>>): Grant {
  const privileges = Array.isArray(assignment.privileges) ? assignment.privileges : [];
  return {
    principal: textIn(assignment.principal),
    privileges: privileges.map((held) => textIn(isObject(held) ? held.privilege : held)),
  };
}
