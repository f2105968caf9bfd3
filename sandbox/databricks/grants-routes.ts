import type { z } from 'zod';
import { json } from '../twin/exchange.ts';
import { type Route, route } from '../twin/route.ts';
import type { DatabricksContext } from './context.ts';
import * as table from './contract/access-table.ts';
import { refusal } from './errors.ts';
import { storedPrincipal } from './principals.ts';
import { applicablePrivileges } from './privileges.ts';
import { keyOf, parentsOf, type Securable, securableOf } from './securable-registry.ts';
import { shuffled } from './shuffle.ts';

/** Grants: a PATCH works on sets, so repeating it changes nothing; assignments come in any order. */
export function grantsRoutes(context: DatabricksContext): Route[] {
  return [
    route(table.getGrants, ({ param, query }) => {
      const securable = securableOf(context, param('type'), param('full_name'));
      return json(assignmentsOf(context, securable, query.principal));
    }),
    route(table.updateGrants, ({ body, param }) => {
      const securable = securableOf(context, param('type'), param('full_name'));
      const changes = body.changes ?? [];
      for (const change of changes) refuseBadChange(context, securable, change);
      for (const change of changes) apply(context, securable, change);
      return json(body.omit_permissions_in_response ? {} : assignmentsOf(context, securable));
    }),
    route(table.getEffectiveGrants, ({ param, query }) => {
      const securable = securableOf(context, param('type'), param('full_name'));
      return json(effectiveOf(context, securable, query.principal));
    }),
  ];
}

type Change = NonNullable<z.infer<typeof table.updateGrants.body>['changes']>[number];

function refuseBadChange({ options }: DatabricksContext, securable: Securable, change: Change): void {
  const { principal, add = [], remove = [] } = change;
  if (!principal) throw refusal('INVALID_PARAMETER_VALUE', 'A change needs a principal.');
  if (add.some((privilege) => remove.includes(privilege))) {
    throw refusal(
      'INVALID_PARAMETER_VALUE',
      `Duplicate privileges to add and delete for principal ${principal}`,
    );
  }
  const wrong = [...add, ...remove].find((privilege) => !applicablePrivileges(securable.type).has(privilege));
  if (wrong !== undefined) {
    throw refusal(
      'INVALID_PARAMETER_VALUE',
      `Privilege ${wrong} is not applicable to this entity [${keyOf(securable)}].`,
    );
  }
  if (options.principals && !options.principals.map(storedPrincipal).includes(storedPrincipal(principal))) {
    throw refusal('NOT_FOUND', `Could not find principal with name ${principal}.`, {
      reason: 'PRINCIPAL_DOES_NOT_EXIST',
    });
  }
}

function apply(
  { state }: DatabricksContext,
  securable: Securable,
  { principal: written = '', add = [], remove = [] }: Change,
): void {
  const principal = storedPrincipal(written);
  const grants = state.grants.get(keyOf(securable)) ?? new Map<string, Set<string>>();
  const held = grants.get(principal) ?? new Set<string>();
  for (const privilege of remove) held.delete(privilege);
  for (const privilege of add) held.add(privilege);
  if (held.size > 0) grants.set(principal, held);
  else grants.delete(principal);
  state.grants.set(keyOf(securable), grants);
}

function assignmentsOf(context: DatabricksContext, securable: Securable, principal?: string) {
  const all = [...(context.state.grants.get(keyOf(securable)) ?? [])];
  const wanted = all.filter(([name]) => principal === undefined || name === storedPrincipal(principal));
  const privilege_assignments = shuffled(context.chance, wanted).map(([name, held]) => ({
    principal: name,
    privileges: shuffled(context.chance, [...held]),
  }));
  return privilege_assignments.length > 0 ? { privilege_assignments } : {};
}

/** Own privileges, and those of catalog, schema and metastore above. */
function effectiveOf(context: DatabricksContext, securable: Securable, principal?: string) {
  const privileges = new Map<string, object[]>();
  for (const source of [securable, ...parentsOf(context, securable)]) {
    const from =
      source === securable ? {} : { inherited_from_type: source.type, inherited_from_name: source.name };
    for (const [name, held] of context.state.grants.get(keyOf(source)) ?? []) {
      if (principal !== undefined && name !== storedPrincipal(principal)) continue;
      const found = [...held].map((privilege) => ({ privilege, ...from }));
      privileges.set(name, [...(privileges.get(name) ?? []), ...found]);
    }
  }
  const assignments = [...privileges].map(([name, held]) => ({ principal: name, privileges: held }));
  return assignments.length > 0 ? { privilege_assignments: shuffled(context.chance, assignments) } : {};
}
