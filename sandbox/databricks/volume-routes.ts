import type { z } from 'zod';
import { json } from '../twin/exchange.ts';
import { type Route, route } from '../twin/route.ts';
import type { DatabricksContext } from './context.ts';
import { volumes as table } from './contract/unity-catalog-table.ts';
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
import { catalogShelf, schemaShelf, volumeShelf } from './shelves.ts';
import type { VolumeInfo } from './state.ts';
import { requireLocation, storageUrl } from './storage-urls.ts';

/** Volumes; their names are kept in lower case. */
export function volumeRoutes(context: DatabricksContext): Route[] {
  const { state } = context;
  return [
    route(table.create, ({ body, principal }) => json(addVolume(context, body, principal))),
    route(table.get, ({ param }) => json(read(context, volumeShelf(context), param('name')))),
    route(table.list, ({ query }) => {
      const { info: schema } = find(schemaShelf(context), `${query.catalog_name}.${query.schema_name}`);
      const all = [...state.volumes.values()].map(({ info }) => info);
      const own = all.filter((info) => info.full_name.startsWith(`${schema.full_name}.`));
      return json(listAnswer(context, { collection: 'volumes', all: own }, query));
    }),
    route(table.update, ({ body: { new_name, ...fields }, param, principal }) => {
      refuseRename(new_name);
      return json(change(context, find(volumeShelf(context), param('name')), { principal, fields }));
    }),
    route(table.remove, ({ param }) => {
      find(volumeShelf(context), param('name'));
      removeVolume(context, param('name'));
      return json({});
    }),
  ];
}

type NewVolume = z.infer<typeof table.create.body>;

function addVolume(context: DatabricksContext, body: NewVolume, principal: string): VolumeInfo {
  refuseBadName('Volume', body.name);
  const { info: schema } = find(schemaShelf(context), `${body.catalog_name}.${body.schema_name}`);
  const name = body.name.toLowerCase();
  const full_name = `${schema.full_name}.${name}`;
  refuseExisting(context, volumeShelf(context), full_name);
  const volume_id = context.chance.uuid();
  const storage_location = locationFor(context, body, volume_id);
  const names = { name, full_name, catalog_name: schema.catalog_name, schema_name: schema.name, volume_id };
  return keep(context, volumeShelf(context), {
    ...body,
    ...stampsOf(context, principal),
    ...names,
    storage_location,
  });
}

/** An external volume names its place, a managed one must not. */
function locationFor(context: DatabricksContext, body: NewVolume, id: string): string {
  if (body.volume_type === 'MANAGED') {
    if (body.storage_location === undefined) return managedLocation(context, body.catalog_name, id);
    throw refusal('INVALID_PARAMETER_VALUE', 'Storage location is not allowed for a MANAGED volume.');
  }
  if (body.storage_location === undefined) {
    throw refusal('INVALID_PARAMETER_VALUE', 'Storage location is required for an EXTERNAL volume.');
  }
  const url = storageUrl(body.storage_location);
  requireLocation(context, url);
  return url;
}

function managedLocation(context: DatabricksContext, catalogName: string, id: string): string {
  return `${find(catalogShelf(context), catalogName).info.storage_location}/volumes/${id}`;
}

/** Deletes a volume with its files and grants. */
export function removeVolume(context: DatabricksContext, fullName: string): void {
  const { info } = find(volumeShelf(context), fullName);
  context.state.volumeFiles.delete(info.volume_id);
  context.state.volumes.delete(fullName.toLowerCase());
  forget(context, { type: 'VOLUME', name: fullName.toLowerCase() });
}
