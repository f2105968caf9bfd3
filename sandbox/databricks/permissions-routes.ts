import type { z } from 'zod';
import { json } from '../twin/exchange.ts';
import { type Route, route } from '../twin/route.ts';
import type { DatabricksContext } from './context.ts';
import * as table from './contract/access-table.ts';
import { refusal } from './errors.ts';
import { shuffled } from './shuffle.ts';
import type { AccessEntry } from './state.ts';

/** Object types of a path, with the word that an answer uses for one of them. */
const TYPES: Record<string, string> = {
  jobs: 'job',
  clusters: 'cluster',
  'cluster-policies': 'cluster-policy',
  notebooks: 'notebook',
  directories: 'directory',
  files: 'file',
};

/** Access control lists of workspace objects, jobs, clusters and policies, and who the caller is. */
export function permissionsRoutes(context: DatabricksContext): Route[] {
  return [
    route(table.getPermissions, ({ param, principal }) =>
      json(answerOf(context, param('type'), param('id'), principal)),
    ),
    route(table.setPermissions, ({ body, param, principal }) => {
      const [type, id] = [param('type'), param('id')];
      const kept = entriesOf(context, type, id, principal).filter(
        ({ inherited, level }) => inherited || level === 'IS_OWNER',
      );
      context.state.permissions.set(keyOf(type, id), merge(kept, body));
      return json(answerOf(context, type, id, principal));
    }),
    route(table.updatePermissions, ({ body, param, principal }) => {
      const [type, id] = [param('type'), param('id')];
      context.state.permissions.set(keyOf(type, id), merge(entriesOf(context, type, id, principal), body));
      return json(answerOf(context, type, id, principal));
    }),
    route(table.me, ({ principal }) =>
      json({
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
        id: String(context.state.workspaceId),
        userName: principal,
        displayName: principal,
        active: true,
        emails: [{ value: principal, primary: true }],
        groups: [{ value: '1', display: 'admins' }],
      }),
    ),
  ];
}

function keyOf(type: string, id: string): string {
  return `/${type}/${id}`;
}

/** The list of an object that exists; an object nobody has shared belongs to the caller. */
function entriesOf(context: DatabricksContext, type: string, id: string, principal: string): AccessEntry[] {
  if (!(type in TYPES)) throw refusal('BAD_REQUEST', `'${type}' is not a supported object type.`);
  if (!exists(context, type, id)) throw refusal('RESOURCE_DOES_NOT_EXIST', `${type} ${id} does not exist.`);
  const owner = type === 'jobs' ? 'IS_OWNER' : 'CAN_MANAGE';
  return (
    context.state.permissions.get(keyOf(type, id)) ?? [
      { kind: 'user_name', name: principal, level: owner, inherited: false },
      { kind: 'group_name', name: 'admins', level: 'CAN_MANAGE', inherited: true },
    ]
  );
}

function exists({ state }: DatabricksContext, type: string, id: string): boolean {
  if (type === 'jobs') return state.jobs.has(id);
  if (type === 'clusters') return state.clusters.has(id);
  if (type === 'cluster-policies') return state.policies.has(id);
  const kind = { notebooks: 'NOTEBOOK', directories: 'DIRECTORY', files: 'FILE' }[type];
  return [...state.objects.values()].some((object) => object.type === kind && String(object.objectId) === id);
}

/** Adds entries; an entry for the same principal replaces the old one. */
function merge(
  entries: readonly AccessEntry[],
  body: z.infer<typeof table.updatePermissions.body>,
): AccessEntry[] {
  const added = (body.access_control_list ?? []).map(toEntry);
  const isReplaced = (old: AccessEntry) =>
    !old.inherited && added.some(({ kind, name }) => kind === old.kind && name === old.name);
  return [...entries.filter((old) => !isReplaced(old)), ...added];
}

type Requested = NonNullable<z.infer<typeof table.updatePermissions.body>['access_control_list']>[number];

function toEntry(requested: Requested): AccessEntry {
  for (const kind of ['user_name', 'group_name', 'service_principal_name'] as const) {
    const name = requested[kind];
    if (name !== undefined)
      return { kind, name, level: requested.permission_level ?? 'CAN_READ', inherited: false };
  }
  throw refusal(
    'INVALID_PARAMETER_VALUE',
    'An access control entry names a user, a group or a service principal.',
  );
}

function answerOf(context: DatabricksContext, type: string, id: string, principal: string) {
  const entries = shuffled(context.chance, entriesOf(context, type, id, principal));
  return {
    object_id: keyOf(type, id),
    object_type: TYPES[type] ?? type,
    access_control_list: entries.map(({ kind, name, level, inherited }) => ({
      [kind]: name,
      all_permissions: [{ permission_level: level, inherited }],
    })),
  };
}
