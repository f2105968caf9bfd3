import { resourceGroupId, resourceIdOf, subscriptionId } from '../resource-id.ts';
import type { DeploymentScope, ExpressionContext } from './context.ts';
import type { FunctionTable, TemplateFunction } from './function-types.ts';
import { asText, ExpressionError, type Value } from './value.ts';

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What a template asks of its deployment: its parameters, where it is, ids and states of resources. */
export const scopeFunctions: FunctionTable = {
  parameters: ([name], context) => context.parameter(asText(name)),
  variables: ([name], context) => context.variable(asText(name)),
  reference: ([target, _apiVersion, full], context) =>
    context.reference(asText(target), full !== undefined && asText(full).toLowerCase() === 'full'),
  resourceGroup: (_args, { scope }) => resourceGroup(scope),
  subscription: (_args, { scope }) => ({
    id: subscriptionId(scope.subscriptionId),
    subscriptionId: scope.subscriptionId,
    tenantId: scope.tenantId,
    displayName: 'Sandbox',
  }),
  tenant: (_args, { scope }) => ({ tenantId: scope.tenantId, displayName: 'Sandbox' }),
  deployment: (_args, { scope }) => ({
    name: scope.deployment.name,
    properties: { mode: 'Incremental', templateHash: scope.deployment.templateHash },
  }),
  environment: () => AZURE_CLOUD,
  resourceId: (args, { scope }) => resourceId(args, scope),
  subscriptionResourceId: (args, { scope }) => {
    const own = GUID.test(asText(args[0]));
    const subscription = own ? asText(args[0]) : scope.subscriptionId;
    return idIn(subscriptionId(subscription), own ? args.slice(1) : args);
  },
  tenantResourceId: (args) => idIn('', args),
  extensionResourceId: ([resource, ...args]) => idIn(asText(resource), args),
};

/** A function such as `listKeys(resourceId, apiVersion)`. */
export function listFunction(name: string): TemplateFunction {
  return ([target], context: ExpressionContext) => context.list(name, asText(target));
}

function resourceGroup({
  subscriptionId: subscription,
  resourceGroup: { name, location, tags },
}: DeploymentScope) {
  return {
    id: resourceGroupId(subscription, name),
    name,
    type: 'Microsoft.Resources/resourceGroups',
    location,
    ...(tags && { tags }),
    properties: { provisioningState: 'Succeeded' },
  };
}

/** Subscription and resource group may come first. */
function resourceId(args: readonly Value[], scope: DeploymentScope): string {
  const at = args.findIndex((arg) => asText(arg).includes('/'));
  const before = args.slice(0, Math.max(0, at)).map((arg) => asText(arg));
  if (before.length > 2)
    throw new ExpressionError("The template language function 'resourceId' is not valid.");
  const group = before.at(-1) !== undefined && !GUID.test(before.at(-1) ?? '') ? before.at(-1) : undefined;
  const subscription = before.find((one) => GUID.test(one)) ?? scope.subscriptionId;
  return idIn(resourceGroupId(subscription, group ?? scope.resourceGroup.name), args.slice(Math.max(0, at)));
}

function idIn(scope: string, [type, ...names]: readonly Value[]): string {
  const segments = asText(type).split('/').length - 1;
  if (segments < 1 || segments !== names.length)
    throw new ExpressionError(
      `Unable to evaluate template language function 'resourceId': the type '${asText(type)}' requires '${segments}' resource name argument(s).`,
    );
  return resourceIdOf({ scope, type: asText(type), names: names.map((name) => asText(name)) });
}

/** What `environment()` says in the public cloud. */
const AZURE_CLOUD = {
  name: 'AzureCloud',
  gallery: 'https://gallery.azure.com/',
  graph: 'https://graph.windows.net/',
  portal: 'https://portal.azure.com',
  resourceManager: 'https://management.azure.com/',
  authentication: {
    audiences: ['https://management.core.windows.net/', 'https://management.azure.com/'],
    identityProvider: 'AAD',
    loginEndpoint: 'https://login.microsoftonline.com/',
    tenant: 'common',
  },
  suffixes: {
    acrLoginServer: '.azurecr.io',
    azureDatalakeStoreFileSystem: 'azuredatalakestore.net',
    keyvaultDns: '.vault.azure.net',
    sqlServerHostname: '.database.windows.net',
    storage: 'core.windows.net',
  },
};
