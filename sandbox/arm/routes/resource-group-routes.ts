import { empty, json } from '../../twin/exchange.ts';
import { type Route, route } from '../../twin/route.ts';
import * as table from '../contract/resource-groups-table.ts';
import type { ArmWorld } from '../deployments/world.ts';
import { resourceGroupId } from '../resource-id.ts';
import type { ArmState, ResourceGroup } from '../state.ts';
import { answering } from './answering.ts';
import { groupOf } from './requested.ts';

/** Resource groups: whether they exist, what they are, making one. */
export function resourceGroupRoutes(world: ArmWorld): Route[] {
  return [
    route(table.checkGroup, ({ param }) => {
      const id = resourceGroupId(param('subscriptionId'), param('resourceGroupName'));
      return empty(world.state.resourceGroups.has(id.toLowerCase()) ? 204 : 404);
    }),
    route(table.getGroup, (call) => answering(() => json(describe(groupOf(world, call))))),
    route(table.putGroup, ({ param, body }) => {
      const subscriptionId = param('subscriptionId');
      const { location, tags } = body;
      const group = { subscriptionId, name: param('resourceGroupName'), location, ...(tags && { tags }) };
      return json(describe(group), addResourceGroup(world.state, group) ? 201 : 200);
    }),
  ];
}

/** Makes or replaces a resource group; tells whether it is new. */
export function addResourceGroup(state: ArmState, group: ResourceGroup): boolean {
  const id = resourceGroupId(group.subscriptionId, group.name).toLowerCase();
  const isNew = !state.resourceGroups.has(id);
  state.resourceGroups.set(id, group);
  return isNew;
}

function describe({ subscriptionId, name, location, tags }: ResourceGroup) {
  return {
    id: resourceGroupId(subscriptionId, name),
    name,
    type: 'Microsoft.Resources/resourceGroups',
    location,
    ...(tags && { tags }),
    properties: { provisioningState: 'Succeeded' },
  };
}
