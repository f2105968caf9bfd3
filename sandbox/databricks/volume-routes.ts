import { json } from '../twin/exchange.ts';
import { type Route, route } from '../twin/route.ts';
import type { DatabricksContext } from './context.ts';
import { volumes as table } from './contract/unity-catalog-table.ts';
import { refusal } from './errors.ts';
import { forget, WORDS } from './securable-registry.ts';
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
import type { VolumeInfo } from './state.ts';
import { requireLocation, storageUrl } from './storage-urls.ts';

/** Volumes; their names are kept in lower case. */
export function volumeRoutes(context: DatabricksContext): Route[] {
  const { state } = context;
  return [
    route(table.create, ({ body, principal }) => {
      refuseBadName('Volume', body.name);
      const { info: schema } = find(state.schemas, WORDS.SCHEMA, `${body.catalog_name}.${body.schema_name}`);
      const name = body.name.toLowerCase();
      const full_name = `${schema.full_name}.${name}`;
      refuseExisting(context, state.volumes, WORDS.VOLUME, full_name);
      const volume_id = context.chance.uuid();
      const storage_location = locationFor(context, body, volume_id);
      const names = {
        name,
        full_name,
        catalog_name: schema.catalog_name,
        schema_name: schema.name,
        volume_id,
      };
      const info = { ...body, ...stampsOf(context, principal), ...names, storage_location };
      return json(keep(context, state.volumes, full_name, info));
    }),
    route(table.get, ({ param }) => json(read(context, state.volumes, WORDS.VOLUME, param('name')))),
    route(table.list, ({ query }) => {
      const { info: schema } = find(
        state.schemas,
        WORDS.SCHEMA,
        `${query.catalog_name}.${query.schema_name}`,
      );
      const all = [...state.volumes.values()].map(({ info }) => info);
      const own = all.filter((info) => info.full_name.startsWith(`${schema.full_name}.`));
      return json(listAnswer(context, 'volumes', own, query));
    }),
    route(table.update, ({ body: { new_name, ...fields }, param, principal }) => {
      refuseRename(new_name);
      return json(change(context, find(state.volumes, WORDS.VOLUME, param('name')), principal, fields));
    }),
    route(table.remove, ({ param }) => {
      find(state.volumes, WORDS.VOLUME, param('name'));
      removeVolume(context, param('name'));
      return json({});
    }),
  ];
}

type NewVolume = Pick<VolumeInfo, 'catalog_name' | 'volume_type'> & { storage_location?: string | undefined };

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

function managedLocation({ state }: DatabricksContext, catalogName: string, id: string): string {
  return `${find(state.catalogs, WORDS.CATALOG, catalogName).info.storage_location}/volumes/${id}`;
}

/** Deletes a volume with its files and grants. */
export function removeVolume(context: DatabricksContext, fullName: string): void {
  const { info } = find(context.state.volumes, WORDS.VOLUME, fullName);
  context.state.volumeFiles.delete(info.volume_id);
  context.state.volumes.delete(fullName.toLowerCase());
  forget(context, { type: 'VOLUME', name: fullName.toLowerCase() });
}
