import { json } from '../twin/exchange.ts';
import { type Route, route } from '../twin/route.ts';
import type { Policy } from './cluster-model.ts';
import type { DatabricksContext } from './context.ts';
import * as table from './contract/clusters-table.ts';
import { refusal } from './errors.ts';

/** Cluster policies. Names are unique; what a policy says about clusters is not enforced. */
export function policyRoutes(context: DatabricksContext): Route[] {
  const { state, clock, chance } = context;
  return [
    route(table.createPolicy, ({ body, principal }) => {
      refuseBadPolicy(context, body);
      const policy_id = chance.uuid().replaceAll('-', '').slice(0, 16).toUpperCase();
      const stamps = { creator_user_name: principal, created_at_timestamp: clock.now(), is_default: false };
      state.policies.set(policy_id, { ...body, ...stamps, policy_id });
      return json({ policy_id });
    }),
    route(table.editPolicy, ({ body }) => {
      const { creator_user_name, created_at_timestamp, is_default } = policyOf(context, body.policy_id);
      refuseBadPolicy(context, body, body.policy_id);
      state.policies.set(body.policy_id, { ...body, creator_user_name, created_at_timestamp, is_default });
      return json({});
    }),
    route(table.getPolicy, ({ query }) => json(policyOf(context, query.policy_id))),
    route(table.listPolicies, () => {
      const policies = [...state.policies.values()];
      return json(policies.length > 0 ? { policies } : {});
    }),
    route(table.deletePolicy, ({ body }) => {
      const { policy_id } = policyOf(context, body.policy_id);
      state.policies.delete(policy_id);
      state.permissions.delete(`/cluster-policies/${policy_id}`);
      return json({});
    }),
  ];
}

function policyOf({ state }: DatabricksContext, id: string): Policy {
  const found = state.policies.get(id);
  if (!found) throw refusal('RESOURCE_DOES_NOT_EXIST', `Policy ${id} does not exist.`);
  return found;
}

/** Refuses a policy without a name, with the name of another one, or with a definition that is no JSON object. */
function refuseBadPolicy(
  { state }: DatabricksContext,
  policy: Pick<Policy, 'name' | 'definition'>,
  ownId?: string,
): void {
  const { name, definition } = policy;
  if (!name) throw refusal('INVALID_PARAMETER_VALUE', 'A cluster policy needs a name.');
  const others = [...state.policies.values()].filter(({ policy_id }) => policy_id !== ownId);
  if (others.some((other) => other.name === name)) {
    throw refusal('INVALID_PARAMETER_VALUE', `Policy with name ${name} already exists.`);
  }
  if (definition !== undefined && !isJsonObject(definition)) {
    throw refusal('INVALID_PARAMETER_VALUE', 'The policy definition is not a JSON object.');
  }
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
