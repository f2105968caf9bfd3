import { json } from '../twin/exchange.ts';
import { type Route, route } from '../twin/route.ts';
import type { DatabricksContext } from './context.ts';
import { schemas as table } from './contract/unity-catalog-table.ts';
import { refusal } from './errors.ts';
import { forget } from './securable-registry.ts';
import {
  change,
  find,
  keep,
  listAnswer,
  read,
  refuseBadName,
  refuseExisting,
  refuseRename,
  stampsOf,
} from './securables.ts';
import { catalogShelf, schemaShelf } from './shelves.ts';
import type { SchemaInfo } from './state.ts';
import { requireLocation, storageUrl } from './storage-urls.ts';
import { removeVolume } from './volume-routes.ts';

/** Schemas; their names are kept in lower case. */
export function schemaRoutes(context: DatabricksContext): Route[] {
  const { state } = context;
  return [
    route(table.create, ({ body, principal }) => {
      refuseBadName('Schema', body.name);
      return json(addSchema(context, body, principal));
    }),
    route(table.get, ({ param }) => json(read(context, schemaShelf(context), param('name')))),
    route(table.list, ({ query }) => {
      const catalog = find(catalogShelf(context), query.catalog_name).info.name;
      const all = [...state.schemas.values()].map(({ info }) => info);
      return json(
        listAnswer(
          context,
          { collection: 'schemas', all: all.filter((info) => info.catalog_name === catalog) },
          query,
        ),
      );
    }),
    route(table.update, ({ body: { new_name, ...fields }, param, principal }) => {
      refuseRename(new_name);
      return json(change(context, find(schemaShelf(context), param('name')), { principal, fields }));
    }),
    route(table.remove, ({ param, query }) => {
      removeSchema(context, param('name'), query.force ?? false);
      return json({});
    }),
  ];
}

type NewSchema = Pick<SchemaInfo, 'name' | 'catalog_name' | 'comment' | 'properties' | 'storage_root'>;

/** Makes a schema in a catalog that exists. */
export function addSchema(context: DatabricksContext, body: NewSchema, principal: string): SchemaInfo {
  const { chance } = context;
  const catalog = find(catalogShelf(context), body.catalog_name).info;
  const name = body.name.toLowerCase();
  const full_name = `${catalog.name}.${name}`;
  refuseExisting(context, schemaShelf(context), full_name);
  if (body.storage_root !== undefined) requireLocation(context, storageUrl(body.storage_root));
  const names = { name, full_name, catalog_name: catalog.name, catalog_type: catalog.catalog_type };
  const info = { ...body, ...stampsOf(context, principal), ...names, schema_id: chance.uuid() };
  return keep(context, schemaShelf(context), info);
}

/** Deletes a schema; with volumes in it only by force. */
export function removeSchema(context: DatabricksContext, fullName: string, force: boolean): void {
  const { info } = find(schemaShelf(context), fullName);
  const volumes = [...context.state.volumes.values()].filter((volume) =>
    volume.info.full_name.startsWith(`${info.full_name}.`),
  );
  if (!force && volumes.length > 0) throw refusal('INVALID_STATE', `Schema '${fullName}' is not empty.`);
  for (const volume of volumes) removeVolume(context, volume.info.full_name);
  context.state.schemas.delete(fullName.toLowerCase());
  forget(context, { type: 'SCHEMA', name: fullName.toLowerCase() });
}
