import { json } from '../twin/exchange.ts';
import { type Route, route } from '../twin/route.ts';
import { type Context, dateOf, nextNumber } from './context.ts';
import * as table from './contract/variable-groups-table.ts';
import { list, page } from './page.ts';
import { addPerson, identityOf } from './people.ts';
import { projectNamed, projectOf } from './projects.ts';
import { missing } from './refusals.ts';
import type { Variable, VariableGroup } from './state.ts';

/** A variable group to add. */
export interface NewVariableGroup {
  project: string;
  name: string;
  description?: string;
  /** Plain values, or secrets; a group of a vault has names only. */
  variables: Readonly<Record<string, string | Variable>>;
  /** Name of the Key Vault that the group takes its secrets from. */
  vault?: string;
}

/** Adds a variable group, or replaces the one of that name. Throws when the project is unknown. */
export function addVariableGroup(context: Context, given: NewVariableGroup): VariableGroup {
  const { state, clock } = context;
  const projectId = projectNamed(context, given.project).id;
  const known = groupsOf(context, projectId).find(({ name }) => name === given.name);
  const variables = Object.entries(given.variables).map(
    ([name, value]) => [name, typeof value === 'string' ? { value } : value] as const,
  );
  const group: VariableGroup = {
    id: known?.id ?? nextNumber(state, 'variable-group', 1),
    projectId,
    name: given.name,
    description: given.description ?? '',
    ...(given.vault === undefined ? {} : { vault: given.vault }),
    variables: new Map(variables),
    createdById: addPerson(context, { displayName: 'Project Collection Administrator' }).id,
    createdAt: clock.now(),
  };
  state.variableGroups.set(group.id, group);
  return group;
}

export function variableGroupRoutes(context: Context): Route[] {
  const render = (group: VariableGroup) => renderGroup(context, group);
  return [
    route(table.getGroupsByName, (call) => {
      const { groupName, $top, continuationToken } = call.query;
      const fitting = groupsOf(context, projectOf(context, call).id).filter(
        ({ name }) => groupName === undefined || matchesName(name, groupName),
      );
      return page(fitting, { keyOf: ({ id }) => id, top: $top, continuationToken }, render);
    }),
    route(table.getGroupsById, (call) => {
      const groups = groupsOf(context, projectOf(context, call).id);
      return list(groups.filter(({ id }) => call.query.groupIds.includes(String(id))).map(render));
    }),
    route(table.getGroup, (call) => {
      const groups = groupsOf(context, projectOf(context, call).id);
      const group = groups.find(({ id }) => id === Number(call.param('groupId')));
      if (group) return json(render(group));
      throw missing('VariableGroupNotFoundException', 'The variable group was not found.');
    }),
  ];
}

function groupsOf({ state }: Context, projectId: string): VariableGroup[] {
  return [...state.variableGroups.values()].filter((group) => group.projectId === projectId);
}

/** A name may end in `*`; case does not count. */
function matchesName(name: string, wanted: string): boolean {
  const [its, given] = [name.toLowerCase(), wanted.toLowerCase()];
  return given.endsWith('*') ? its.startsWith(given.slice(0, -1)) : its === given;
}

/** Secrets are null, always; a group of a vault knows their names only. */
function renderGroup(context: Context, group: VariableGroup) {
  const { id, name, description, vault, createdById, createdAt, projectId } = group;
  const by = identityOf(context, createdById);
  const on = dateOf(createdAt);
  const project = { id: projectId, name: context.state.projects.get(projectId)?.name ?? '' };
  const variables = [...group.variables].map(([key, variable]) => [key, renderVariable(variable, vault)]);
  return {
    variables: Object.fromEntries(variables),
    id,
    type: vault === undefined ? 'Vsts' : 'AzureKeyVault',
    name,
    description,
    ...(vault === undefined
      ? {}
      : { providerData: { serviceEndpointId: context.state.collectionId, vault, lastRefreshedOn: on } }),
    createdBy: by,
    createdOn: on,
    modifiedBy: by,
    modifiedOn: on,
    isShared: false,
    variableGroupProjectReferences: [{ projectReference: project, name, description }],
  };
}

function renderVariable({ value, isSecret = false }: Variable, vault: string | undefined) {
  if (vault !== undefined)
    return { value: null, isSecret: true, enabled: true, contentType: '', expires: null };
  return isSecret ? { value: null, isSecret: true } : { value };
}
