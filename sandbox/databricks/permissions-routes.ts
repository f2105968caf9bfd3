import type { z } from 'zod';
import { json } from '../twin/exchange.ts';
import { type Route, route } from '../twin/route.ts';
import type { DatabricksContext } from './context.ts';
import * as table from './contract/access-table.ts';
import { refusal } from './errors.ts';
import { storedPrincipal } from './principals.ts';
import { isAdmin } from './rights.ts';
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
    route(table.getPermissions, (call) => json(answerOf(context, targetOf(call)))),
    route(table.setPermissions, (call) => {
      const target = targetOf(call);
      const before = entriesOf(context, target);
      refuseUnknown(context, target, call.body);
      const kept = before.filter(({ inherited }) => inherited);
      const after = merge(kept, call.body).map((entry) => sameIn(before, entry));
      refuseBadList(target, after);
      context.state.permissions.set(keyOf(target), after);
      return json(answerOf(context, target));
    }),
    route(table.updatePermissions, (call) => {
      const target = targetOf(call);
      refuseUnknown(context, target, call.body);
      const after = merge(entriesOf(context, target), call.body);
      refuseBadList(target, after);
      context.state.permissions.set(keyOf(target), after);
      return json(answerOf(context, target));
    }),
    route(table.me, ({ principal }) =>
      json({
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
        id: String(context.state.workspaceId),
        userName: principal,
        displayName: principal,
        active: true,
        emails: [{ value: principal, primary: true }],
        groups: [isAdmin(context, principal) ? 'admins' : 'users', ...(context.options.groups ?? [])].map(
          (display, index) => ({ value: String(index + 1), display }),
        ),
      }),
    ),
  ];
}

/** The object that a call is about, and who calls. */
interface Target {
  type: string;
  id: string;
  principal: string;
}

function targetOf({ param, principal }: { param(name: string): string; principal: string }): Target {
  return { type: param('type'), id: param('id'), principal };
}

function keyOf({ type, id }: Target): string {
  return `/${type}/${id}`;
}

/** The list of an object that exists; an object nobody has shared belongs to the caller. */
function entriesOf(context: DatabricksContext, target: Target): AccessEntry[] {
  const { type, id, principal } = target;
  if (!(type in TYPES)) throw refusal('BAD_REQUEST', `'${type}' is not a supported object type.`);
  if (!exists(context, target)) throw refusal('RESOURCE_DOES_NOT_EXIST', `${type} ${id} does not exist.`);
  const kept = context.state.permissions.get(keyOf(target));
  if (kept) return kept;
  const level = type === 'jobs' ? 'IS_OWNER' : 'CAN_MANAGE';
  const own = { kind: 'user_name', name: principal, level, inherited: false, comesWithIt: true } as const;
  const highest = type === 'cluster-policies' ? 'CAN_USE' : 'CAN_MANAGE';
  const admins = { kind: 'group_name', name: 'admins', level: highest, inherited: true } as const;
  return type === 'cluster-policies' ? [admins] : [own, admins];
}

function exists({ state }: DatabricksContext, { type, id }: Target): boolean {
  if (type === 'jobs') return state.jobs.has(id);
  if (type === 'clusters') return state.clusters.has(id);
  if (type === 'cluster-policies') return state.policies.has(id);
  const kind = { notebooks: 'NOTEBOOK', directories: 'DIRECTORY', files: 'FILE' }[type];
  return [...state.objects.values()].some((object) => object.type === kind && String(object.objectId) === id);
}

type Body = z.infer<typeof table.updatePermissions.body>;

const WORDS = {
  user_name: 'UserName',
  group_name: 'GroupName',
  service_principal_name: 'ServicePrincipalName',
} as const;

const OF_FILES = ['CAN_READ', 'CAN_RUN', 'CAN_EDIT', 'CAN_MANAGE'];
const LEVELS: Record<string, readonly string[]> = {
  jobs: ['CAN_VIEW', 'CAN_MANAGE_RUN', 'IS_OWNER', 'CAN_MANAGE'],
  clusters: ['CAN_ATTACH_TO', 'CAN_RESTART', 'CAN_MANAGE'],
  'cluster-policies': ['CAN_USE'],
  notebooks: OF_FILES,
  directories: OF_FILES,
  files: OF_FILES,
};

/** Refuses levels that an object of this type does not have, and a job without an owner or with several. */
function refuseBadList({ type }: Target, after: readonly AccessEntry[]): void {
  const wrong = after.find(({ level }) => !LEVELS[type]?.includes(level));
  if (wrong)
    throw refusal('INVALID_PARAMETER_VALUE', `Permission type ${wrong.level} is not defined for ${type}.`);
  if (type === 'jobs' && after.filter(({ level }) => level === 'IS_OWNER').length !== 1)
    throw refusal('INVALID_PARAMETER_VALUE', 'The job must have exactly one owner.');
}

/** Where the names that there are were given, others are refused; the caller is there, and so are some groups. */
function refuseUnknown({ options }: DatabricksContext, { principal }: Target, body: Body): void {
  if (options.principals === undefined) return;
  const known = [...options.principals, principal, 'admins', 'users'].map(storedPrincipal);
  for (const { kind, name } of (body.access_control_list ?? []).map(toEntry))
    if (!known.includes(name))
      throw refusal('RESOURCE_DOES_NOT_EXIST', `Principal: ${WORDS[kind]}(${name}) does not exist.`);
}

/** Adds entries; an entry for the same principal replaces the old one. */
function merge(entries: readonly AccessEntry[], body: Body): AccessEntry[] {
  const added = (body.access_control_list ?? []).map(toEntry);
  const isReplaced = (old: AccessEntry) =>
    !old.inherited && added.some(({ kind, name }) => kind === old.kind && name === old.name);
  return [...entries.filter((old) => !isReplaced(old)), ...added];
}

/** The entry as it was before, if it says the same. */
function sameIn(before: readonly AccessEntry[], { kind, name, level, inherited }: AccessEntry): AccessEntry {
  const asked = { kind, name, level, inherited };
  const isSame = (old: AccessEntry) =>
    old.kind === kind && old.name === name && old.level === level && old.inherited === inherited;
  return before.find(isSame) ?? asked;
}

type Requested = NonNullable<Body['access_control_list']>[number];

function toEntry(requested: Requested): AccessEntry {
  for (const kind of ['user_name', 'group_name', 'service_principal_name'] as const) {
    const name = requested[kind];
    if (name !== undefined)
      return {
        kind,
        name: storedPrincipal(name),
        level: requested.permission_level ?? 'CAN_READ',
        inherited: false,
      };
  }
  throw refusal(
    'INVALID_PARAMETER_VALUE',
    'An access control entry names a user, a group or a service principal.',
  );
}

function answerOf(context: DatabricksContext, target: Target) {
  const entries = shuffled(context.chance, entriesOf(context, target));
  return {
    object_id: keyOf(target),
    object_type: TYPES[target.type] ?? target.type,
    access_control_list: entries.map(({ kind, name, level, inherited }) => ({
      [kind]: name,
      all_permissions: [{ permission_level: level, inherited }],
    })),
  };
}
