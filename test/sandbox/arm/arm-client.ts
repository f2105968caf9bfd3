import { type ArmSettings, createArmTwin } from '../../../sandbox/arm/arm-twin.ts';
import { createChance } from '../../../sandbox/twin/chance.ts';

export const SUBSCRIPTION = '11111111-2222-3333-4444-555555555555';
export const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-parking-dev`;
const VERSION = 'api-version=2025-04-01';
const SCHEMA = 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#';

/** A template around some parts. */
export function template(parts: object): object {
  return { $schema: SCHEMA, contentVersion: '1.0.0.0', resources: [], ...parts };
}

/** A storage account, the simplest thing to deploy. */
export function storage(name = 'stparkingdev', parts: object = {}): object {
  return {
    type: 'Microsoft.Storage/storageAccounts',
    apiVersion: '2023-05-01',
    name,
    location: '[resourceGroup().location]',
    kind: 'StorageV2',
    sku: { name: 'Standard_LRS' },
    ...parts,
  };
}

export function idOf(type: string, ...names: string[]): string {
  const [namespace, ...types] = type.split('/');
  return `${GROUP}/providers/${namespace}/${types.map((one, index) => `${one}/${names[index]}`).join('/')}`;
}

/** A twin under virtual time with what a client does to it. Bodies are untyped JSON, as a client sees them. */
export function createArm(settings: ArmSettings = {}) {
  let now = 1_700_000_000_000;
  const clock = { now: () => now, sleep: async () => {} };
  const group = { subscriptionId: SUBSCRIPTION, name: 'rg-parking-dev', location: 'westeurope' };
  const arm = createArmTwin({ clock, chance: createChance(3), resourceGroups: [group], ...settings });
  const send = async (method: string, url: string, body?: unknown) => {
    const response = await arm.handle({
      method,
      url: url.startsWith('/') ? `https://management.azure.com${url}` : url,
      headers: {},
      body: Buffer.from(body === undefined ? '' : JSON.stringify(body)),
    });
    const text = Buffer.from(response.body).toString();
    return { ...response, body: text === '' ? undefined : JSON.parse(text) };
  };
  const at = (name: string, rest = '') =>
    `${GROUP.replace('resourceGroups', 'resourcegroups')}/providers/Microsoft.Resources/deployments/${name}${rest}?${VERSION}`;
  const request = (source: object, parameters: object = {}, rest: object = {}) => ({
    properties: { mode: 'Incremental', template: source, parameters, ...rest },
  });
  const advance = (byInMs: number) => {
    now += byInMs;
  };
  return {
    arm,
    send,
    at,
    advance,
    clock,
    put: (name: string, source: object, parameters: object = {}, rest: object = {}) =>
      send('PUT', at(name), request(source, parameters, rest)),
    get: (name: string) => send('GET', at(name)),
    validate: (source: object, parameters: object = {}) =>
      send('POST', at('check', '/validate'), request(source, parameters)),
    /** Starts what-if and waits for its result. */
    whatIf: async (source: object, parameters: object = {}, rest: object = {}) => {
      const started = await send('POST', at('plan', '/whatIf'), request(source, parameters, rest));
      advance(1_000);
      return started.status === 202 ? send('GET', started.headers.location ?? '') : started;
    },
    /** Deploys and waits for the end. */
    deploy: async (name: string, source: object, parameters: object = {}, rest: object = {}) => {
      const started = await send('PUT', at(name), request(source, parameters, rest));
      if (started.status >= 400) return started;
      advance(60_000);
      return send('GET', at(name));
    },
    operations: (name: string, rest = '') =>
      send('GET', `${GROUP}/deployments/${name}/operations?${VERSION}${rest}`),
  };
}

/** Parameters as a parameter file gives them. */
export function values(parameters: Record<string, unknown>): Record<string, { value: unknown }> {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, { value }]));
}
