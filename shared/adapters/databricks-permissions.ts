import type { AccessEntry, Permissions, ProtectedKind } from '../engine/databricks-compute-client.ts';
import type { ApiObject } from '../engine/databricks-jobs-client.ts';
import type { Call } from './databricks-call.ts';
import { isResponse, objectIn, objectsIn } from './databricks-call.ts';
import { isMissing, nullIfMissing } from './databricks-errors.ts';
import { segment } from './http.ts';
import type { HttpError } from './http-error.ts';

/** The Permissions API. */
export function permissionsOf(call: Call): Permissions {
  const get = async (kind: ProtectedKind, id: string) => {
    const answer = await call({ method: 'GET', path: pathOf(kind, id) }, nullIfMissing);
    return answer === null ? null : objectsIn(objectIn(answer).access_control_list).flatMap(directEntries);
  };
  return {
    get,
    async add(kind, id, entries) {
      const json = { access_control_list: entries };
      const request = { method: 'PATCH', path: pathOf(kind, id), json, idempotent: true } as const;
      return isResponse(await call(request, nullIfNoObject)) ? 'done' : 'no-object';
    },
    async set(kind, id, entries) {
      const owner = kind === 'jobs' ? await ownerIn(get(kind, id), entries) : [];
      const json = { access_control_list: [...owner, ...entries] };
      const answer = await call({ method: 'PUT', path: pathOf(kind, id), json }, nullIfNoObject);
      return isResponse(answer) ? 'done' : 'no-object';
    },
  };
}

/** A principal that does not exist is "not found", too. */
function nullIfNoObject(error: HttpError): null | undefined {
  return isMissing(error) && !/principal|\b(user|group)\b/i.test(error.message) ? null : undefined;
}

function pathOf(kind: ProtectedKind, id: string): string {
  return `/api/2.0/permissions/${kind}/${segment(id)}`;
}

/** A job has one owner at all times: a list that replaces the old one must name it. */
async function ownerIn(
  current: Promise<readonly AccessEntry[] | null>,
  entries: readonly AccessEntry[],
): Promise<readonly AccessEntry[]> {
  const isOwner = ({ permission_level }: AccessEntry) => permission_level === 'IS_OWNER';
  return entries.some(isOwner) ? [] : ((await current) ?? []).filter(isOwner);
}

const PRINCIPALS = ['user_name', 'group_name', 'service_principal_name'] as const;

function directEntries(listed: ApiObject): AccessEntry[] {
  const principal = PRINCIPALS.find((key) => typeof listed[key] === 'string');
  if (principal === undefined) return [];
  return objectsIn(listed.all_permissions)
    .filter(({ inherited }) => inherited !== true)
    .map(({ permission_level }) => ({
      [principal]: String(listed[principal]),
      permission_level: String(permission_level),
    }));
}
