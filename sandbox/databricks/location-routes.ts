import { json } from '../twin/exchange.ts';
import { type Route, route } from '../twin/route.ts';
import type { DatabricksContext } from './context.ts';
import { locations as table } from './contract/storage-table.ts';
import { refusal } from './errors.ts';
import { forget } from './securable-registry.ts';
import { change, find, keep, listAnswer, read, refuseExisting, stampsOf } from './securables.ts';
import { credentialShelf, locationShelf } from './shelves.ts';
import type { CredentialInfo } from './state.ts';
import { isWithin, refuseOverlap, storageUrl } from './storage-urls.ts';

/** External locations. Unless validation is skipped, the credential must reach the storage. */
export function locationRoutes(context: DatabricksContext): Route[] {
  const { state } = context;
  return [
    route(table.create, ({ body, principal }) => {
      const { skip_validation, fallback = false, read_only = false, ...rest } = body;
      const { info: credential } = find(credentialShelf(context), body.credential_name);
      const url = storageUrl(body.url);
      refuseExisting(context, locationShelf(context), body.name);
      refuseOverlap(context, url);
      if (!skip_validation) refuseUnreachable(context, credential, url);
      const own = { url, credential_name: credential.name, credential_id: credential.id };
      const switches = { fallback, read_only, isolation_mode: 'ISOLATION_MODE_OPEN' as const };
      const info = { ...rest, ...switches, ...stampsOf(context, principal), ...own };
      return json(keep(context, locationShelf(context), info));
    }),
    route(table.get, ({ param }) => json(read(context, locationShelf(context), param('name')))),
    route(table.list, ({ query }) => {
      const all = [...state.locations.values()].map(({ info }) => info);
      return json(listAnswer(context, { collection: 'external_locations', all }, query));
    }),
    updateRoute(context),
    route(table.remove, ({ param, query }) => {
      removeLocation(context, param('name'), query.force ?? false);
      return json({});
    }),
  ];
}

function updateRoute(context: DatabricksContext): Route {
  return route(
    table.update,
    ({ body: { skip_validation, new_name, force: _force, ...body }, param, principal }) => {
      if (new_name !== undefined) throw refusal('BAD_REQUEST', 'Renaming is not mirrored by this twin.');
      const stored = find(locationShelf(context), param('name'));
      const name = body.credential_name ?? stored.info.credential_name;
      const { info: credential } = find(credentialShelf(context), name);
      const url = storageUrl(body.url ?? stored.info.url);
      refuseOverlap(context, url, stored.info.name);
      if (!skip_validation) refuseUnreachable(context, credential, url);
      const own = { credential_name: credential.name, credential_id: credential.id, url };
      return json(change(context, stored, { principal, fields: { ...body, ...own } }));
    },
  );
}

function refuseUnreachable({ options }: DatabricksContext, credential: CredentialInfo, url: string): void {
  const accessConnectorId = credential.azure_managed_identity?.access_connector_id ?? '';
  if (options.canAccess?.({ accessConnectorId, url }) ?? true) return;
  const message = `The credential '${credential.name}' has no read and write permission on '${url}'.`;
  throw refusal('PERMISSION_DENIED', message);
}

/** Deletes a location; while catalogs, schemas or volumes lie in it only by force. */
function removeLocation(context: DatabricksContext, name: string, force: boolean): void {
  const { state } = context;
  const { info } = find(locationShelf(context), name);
  const urls = [
    ...[...state.catalogs.values()].map((catalog) => catalog.info.storage_root),
    ...[...state.schemas.values()].map((schema) => schema.info.storage_root),
    ...[...state.volumes.values()].map((volume) => volume.info.storage_location),
  ];
  const users = urls.filter((url) => url !== undefined && isWithin(storageUrl(url), info.url));
  if (users.length > 0 && !force) {
    throw refusal('INVALID_STATE', `External location '${name}' is used by ${users.length} securables.`);
  }
  state.locations.delete(name.toLowerCase());
  forget(context, { type: 'EXTERNAL_LOCATION', name: name.toLowerCase() });
}
