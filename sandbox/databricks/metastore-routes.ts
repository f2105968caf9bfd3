import { json } from '../twin/exchange.ts';
import { type Route, route } from '../twin/route.ts';
import type { DatabricksContext } from './context.ts';
import * as table from './contract/unity-catalog-table.ts';
import { pageOf } from './pages.ts';
import { keyOf, securableOf } from './securable-registry.ts';

/** The metastore of the workspace, and which workspaces a securable is bound to. */
export function metastoreRoutes(context: DatabricksContext): Route[] {
  const { state, options } = context;
  const { metastoreStorageRoot, metastoreOwner = 'account-admins', region = 'westeurope' } = options;
  return [
    route(table.metastoreSummary, () =>
      json({
        metastore_id: state.metastoreId,
        global_metastore_id: `azure:${region}:${state.metastoreId}`,
        name: `metastore-${region}`,
        owner: metastoreOwner,
        region,
        cloud: 'azure',
        ...(metastoreStorageRoot === undefined ? {} : { storage_root: metastoreStorageRoot }),
        privilege_model_version: '1.0',
      }),
    ),
    route(table.metastoreAssignment, () =>
      json({ workspace_id: state.workspaceId, metastore_id: state.metastoreId }),
    ),
    route(table.getBindings, ({ param, query }) => {
      const key = keyOf(securableOf(context, param('type'), param('name')));
      const size = query.max_results || 100;
      const { items, next } = pageOf(bindingsOf(context, key), { size, token: query.page_token });
      return json({ ...(items.length > 0 ? { bindings: items } : {}), ...next });
    }),
    route(table.updateBindings, ({ body, param }) => {
      const key = keyOf(securableOf(context, param('type'), param('name')));
      const bindings = new Map(state.bindings.get(key));
      for (const { workspace_id } of body.remove ?? []) bindings.delete(String(workspace_id));
      for (const { workspace_id, binding_type = 'BINDING_TYPE_READ_WRITE' } of body.add ?? []) {
        bindings.set(String(workspace_id), binding_type);
      }
      state.bindings.set(key, bindings);
      return json({ bindings: bindingsOf(context, key) });
    }),
  ];
}

function bindingsOf({ state }: DatabricksContext, key: string) {
  const bindings = [...(state.bindings.get(key) ?? [])];
  return bindings.map(([id, binding_type]) => ({ workspace_id: BigInt(id), binding_type }));
}
