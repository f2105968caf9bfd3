import type { z } from 'zod';
import { json } from '../twin/exchange.ts';
import { type Route, route } from '../twin/route.ts';
import type { DatabricksContext } from './context.ts';
import { credentials as table, validateCredential } from './contract/storage-table.ts';
import { refusal } from './errors.ts';
import { forget } from './securable-registry.ts';
import { change, find, keep, listAnswer, read, refuseExisting, stampsOf } from './securables.ts';
import { credentialShelf, locationShelf } from './shelves.ts';
import type { CredentialInfo } from './state.ts';
import { storageUrl } from './storage-urls.ts';

const CONNECTOR =
  /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Databricks\/accessConnectors\/[^/]+$/i;

/** Storage credentials; of the ways to identify only the managed identity of an access connector is mirrored. */
export function credentialRoutes(context: DatabricksContext): Route[] {
  const { state } = context;
  return [
    route(table.create, ({ body, principal }) => {
      const identity = identityOf(context, body);
      refuseExisting(context, credentialShelf(context), body.name);
      const info = newCredential(context, { ...body, azure_managed_identity: identity }, principal);
      return json(keep(context, credentialShelf(context), info));
    }),
    route(table.get, ({ param }) => json(read(context, credentialShelf(context), param('name')))),
    route(table.list, ({ query }) => {
      const all = [...state.credentials.values()].map(({ info }) => info);
      return json(listAnswer(context, { collection: 'storage_credentials', all }, query));
    }),
    route(table.update, ({ body, param, principal }) => {
      if (body.new_name !== undefined) throw refusal('BAD_REQUEST', 'Renaming is not mirrored by this twin.');
      const stored = find(credentialShelf(context), param('name'));
      const { comment, owner, isolation_mode, read_only } = body;
      const azure_managed_identity = body.azure_managed_identity && identityOf(context, body);
      const fields = { comment, owner, isolation_mode, read_only, azure_managed_identity };
      return json(change(context, stored, { principal, fields }));
    }),
    route(table.remove, ({ param, query }) => {
      removeCredential(context, param('name'), query.force ?? false);
      return json({});
    }),
    validationRoute(context),
  ];
}

type NewCredential = z.infer<typeof table.create.body>;
type Identity = NonNullable<CredentialInfo['azure_managed_identity']>;

/** The access connector of a request; refuses every other way to identify, none, and an id of another kind. */
function identityOf(
  { chance }: DatabricksContext,
  body: Pick<NewCredential, 'azure_managed_identity'>,
): Identity {
  const identity = body.azure_managed_identity;
  if (!identity)
    throw refusal('INVALID_PARAMETER_VALUE', 'The storage credential needs an azure_managed_identity.');
  if (!CONNECTOR.test(identity.access_connector_id)) {
    throw refusal(
      'INVALID_PARAMETER_VALUE',
      `'${identity.access_connector_id}' is not the id of an access connector.`,
    );
  }
  return { ...identity, credential_id: chance.uuid() };
}

function newCredential(
  context: DatabricksContext,
  body: Pick<NewCredential, 'name' | 'comment' | 'read_only'> & { azure_managed_identity: Identity },
  principal: string,
): CredentialInfo {
  return {
    ...stampsOf(context, principal),
    ...(body.comment === undefined ? {} : { comment: body.comment }),
    id: context.chance.uuid(),
    name: body.name,
    full_name: body.name,
    azure_managed_identity: body.azure_managed_identity,
    isolation_mode: 'ISOLATION_MODE_OPEN',
    read_only: body.read_only ?? false,
    used_for_managed_storage: false,
  };
}

/** Deletes a credential; while external locations use it only by force. */
function removeCredential(context: DatabricksContext, name: string, force: boolean): void {
  const { info } = find(credentialShelf(context), name);
  const { credentials, locations } = context.state;
  const users = [...locations.values()].filter((location) => location.info.credential_name === info.name);
  if (users.length > 0 && !force) {
    throw refusal(
      'INVALID_STATE',
      `Storage credential '${name}' is used by ${users.length} external locations.`,
    );
  }
  credentials.delete(name.toLowerCase());
  forget(context, { type: 'STORAGE_CREDENTIAL', name: name.toLowerCase() });
}

const CHECKS = ['READ', 'LIST', 'WRITE', 'DELETE', 'PATH_EXISTS'] as const;

function validationRoute(context: DatabricksContext): Route {
  const { options } = context;
  return route(validateCredential, ({ body }) => {
    const named = body.storage_credential_name;
    const identity =
      named === undefined
        ? identityOf(context, body)
        : find(credentialShelf(context), named).info.azure_managed_identity;
    const location = body.external_location_name;
    const url = location === undefined ? body.url : find(locationShelf(context), location).info.url;
    if (url === undefined || !identity)
      throw refusal('INVALID_PARAMETER_VALUE', 'A url or an external location is required.');
    const accessConnectorId = identity.access_connector_id;
    const result =
      (options.canAccess?.({ accessConnectorId, url: storageUrl(url) }) ?? true) ? 'PASS' : 'FAIL';
    return json({ isDir: true, results: CHECKS.map((operation) => ({ operation, result })) });
  });
}
