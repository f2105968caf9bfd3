import { json } from '../twin/exchange.ts';
import { type Route, route } from '../twin/route.ts';
import type { DatabricksContext } from './context.ts';
import { catalogs as table } from './contract/unity-catalog-table.ts';
import { refusal } from './errors.ts';
import { addSchema, removeSchema } from './schema-routes.ts';
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
import { catalogShelf } from './shelves.ts';
import type { CatalogInfo } from './state.ts';
import { requireLocation, storageUrl } from './storage-urls.ts';

const NO_STORAGE_ROOT =
  'Metastore storage root URL does not exist. Please provide a storage location for the catalog, ' +
  'or set up a root storage location for the metastore.';

/** Catalogs. A new one gets the schemas `default` and `information_schema` from the server. */
export function catalogRoutes(context: DatabricksContext): Route[] {
  const { state, options } = context;
  return [
    route(table.create, ({ body, principal }) => {
      const root = body.storage_root ?? options.metastoreStorageRoot;
      // The server looks at storage before it looks for the name, so also an existing catalog gets this answer.
      if (root === undefined) throw refusal('INVALID_STATE', NO_STORAGE_ROOT);
      refuseBadName('Catalog', body.name);
      refuseExisting(context, catalogShelf(context), body.name);
      const url = storageUrl(root);
      if (body.storage_root !== undefined) requireLocation(context, url);
      const info = newCatalog(context, { ...body, storage_root: root }, principal);
      keep(context, catalogShelf(context), info);
      for (const name of ['default', 'information_schema'])
        addSchema(context, { name, catalog_name: info.name }, principal);
      return json(info);
    }),
    route(table.get, ({ param }) => json(read(context, catalogShelf(context), param('name')))),
    route(table.list, ({ query }) => {
      const all = [...state.catalogs.values()].map(({ info }) => info);
      return json(listAnswer(context, { collection: 'catalogs', all }, query));
    }),
    route(table.update, ({ body: { new_name, ...fields }, param, principal }) => {
      refuseRename(new_name);
      return json(change(context, find(catalogShelf(context), param('name')), { principal, fields }));
    }),
    route(table.remove, ({ param, query }) => {
      removeCatalog(context, param('name'), query.force ?? false);
      return json({});
    }),
  ];
}

type NewCatalog = Pick<CatalogInfo, 'name' | 'comment' | 'properties' | 'options' | 'storage_root'>;

function newCatalog(context: DatabricksContext, body: NewCatalog, principal: string): CatalogInfo {
  return {
    ...body,
    ...stampsOf(context, principal),
    full_name: body.name,
    properties: body.properties ?? { 'server.added': 'true' },
    storage_location: `${storageUrl(body.storage_root ?? '')}/__unitystorage/catalogs/${context.chance.uuid()}`,
    catalog_type: 'MANAGED_CATALOG',
    isolation_mode: 'OPEN',
    securable_type: 'CATALOG',
  };
}

/** Deletes a catalog; with more in it than the server's own schemas only by force. */
function removeCatalog(context: DatabricksContext, name: string, force: boolean): void {
  const { info } = find(catalogShelf(context), name);
  const schemas = [...context.state.schemas.values()].filter(
    (schema) => schema.info.catalog_name === info.name,
  );
  const isOwn = (schema: string) => schema !== 'default' && schema !== 'information_schema';
  if (!force && schemas.some((schema) => isOwn(schema.info.name))) {
    throw refusal('INVALID_STATE', `Catalog '${name}' is not empty. The catalog has one or more schemas.`);
  }
  for (const schema of schemas) removeSchema(context, schema.info.full_name, true);
  context.state.catalogs.delete(name.toLowerCase());
  forget(context, { type: 'CATALOG', name: name.toLowerCase() });
}
