import { createHash } from 'node:crypto';
import type { ValueObject } from '../expressions/value.ts';
import type { StoredResource } from '../state.ts';

type Resource = Omit<StoredResource, 'added'>;

/** What providers add to a resource, as far as templates refer to it; the same for the same id. */
export function addedByProvider(resource: Resource, tenantId: string): ValueObject {
  const type = resource.type.toLowerCase();
  const own = PROPERTIES[type]?.(resource, tenantId) ?? {};
  const identity = identityOf(resource, tenantId);
  return {
    properties: { provisioningState: 'Succeeded', ...own },
    ...(identity ? { identity } : {}),
  };
}

const PROPERTIES: Record<string, (resource: Resource, tenantId: string) => ValueObject> = {
  'microsoft.storage/storageaccounts': ({ name }) => ({
    primaryEndpoints: Object.fromEntries(
      ['blob', 'dfs', 'file', 'queue', 'table', 'web'].map((service) => [
        service,
        `https://${name}.${service}.core.windows.net/`,
      ]),
    ),
  }),
  'microsoft.keyvault/vaults': ({ name }) => ({ vaultUri: `https://${name}.vault.azure.net/` }),
  'microsoft.databricks/workspaces': ({ id }) => {
    const workspaceId = String(BigInt(`0x${digestOf(id).slice(0, 13)}`));
    return { workspaceId, workspaceUrl: `adb-${workspaceId}.${workspaceId.slice(-1)}.azuredatabricks.net` };
  },
  'microsoft.managedidentity/userassignedidentities': ({ id }, tenantId) => ({
    principalId: uuidOf(`${id}/principal`),
    clientId: uuidOf(`${id}/client`),
    tenantId,
  }),
  'microsoft.servicebus/namespaces': ({ name }) => ({
    serviceBusEndpoint: `https://${name}.servicebus.windows.net:443/`,
  }),
  'microsoft.operationalinsights/workspaces': ({ id }) => ({ customerId: uuidOf(id) }),
  'microsoft.insights/components': ({ id }) => ({
    InstrumentationKey: uuidOf(id),
    ConnectionString: `InstrumentationKey=${uuidOf(id)}`,
  }),
  'microsoft.web/sites': ({ name }) => ({ defaultHostName: `${name}.azurewebsites.net` }),
  'microsoft.appconfiguration/configurationstores': ({ name }) => ({
    endpoint: `https://${name}.azconfig.io`,
  }),
};

function identityOf({ id, body }: Resource, tenantId: string): ValueObject | undefined {
  const { identity } = body;
  const wanted = JSON.stringify(identity ?? '').includes('SystemAssigned');
  return wanted ? { principalId: uuidOf(`${id}/identity`), tenantId } : undefined;
}

/** What a `list…` function of a resource gives. */
export function listedByProvider(id: string): ValueObject {
  const primaryKey = createHash('sha512').update(`${id}/1`).digest('base64');
  const secondaryKey = createHash('sha512').update(`${id}/2`).digest('base64');
  return {
    keys: [
      { keyName: 'key1', value: primaryKey, permissions: 'FULL' },
      { keyName: 'key2', value: secondaryKey, permissions: 'FULL' },
    ],
    primaryKey,
    secondaryKey,
  };
}

function digestOf(text: string): string {
  return createHash('sha256').update(text.toLowerCase()).digest('hex');
}

function uuidOf(text: string): string {
  return digestOf(text).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}
