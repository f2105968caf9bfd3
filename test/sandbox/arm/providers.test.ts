import { describe, expect, test } from '@jest/globals';
import { createArm, storage, template } from './arm-client.ts';

function resource(type: string, name: string, parts: object = {}): object {
  return { type, apiVersion: '2024-01-01', name, location: 'westeurope', ...parts };
}

/** Deploys one resource and reads a part of its state as an output. */
async function stateOf(type: string, name: string, path: string, parts: object = {}) {
  const { arm, deploy } = createArm();
  const outputs = {
    state: { type: 'string', value: `[reference(resourceId('${type}', '${name}')).${path}]` },
  };
  const { body } = await deploy('x', template({ resources: [resource(type, name, parts)], outputs }));
  expect(arm.violations()).toEqual([]);
  return body.properties.outputs.state.value;
}

describe('what a provider adds to a resource', () => {
  test.each([
    ['Microsoft.KeyVault/vaults', 'kv-dev', 'vaultUri', 'https://kv-dev.vault.azure.net/'],
    ['Microsoft.Web/sites', 'func-dev', 'defaultHostName', 'func-dev.azurewebsites.net'],
    ['Microsoft.AppConfiguration/configurationStores', 'appcs', 'endpoint', 'https://appcs.azconfig.io'],
    [
      'Microsoft.ServiceBus/namespaces',
      'sb-slipway',
      'serviceBusEndpoint',
      'https://sb-slipway.servicebus.windows.net:443/',
    ],
    ['Microsoft.Anything/else', 'x', 'provisioningState', 'Succeeded'],
  ])('a template can refer to it: %s', async (type, name, path, expected) => {
    expect(await stateOf(type, name, path)).toBe(expected);
  });

  test('a Databricks workspace has an address that its id stands in', async () => {
    const read = (path: string) => stateOf('Microsoft.Databricks/workspaces', 'dbw-dev', path);
    const [id, url] = [await read('workspaceId'), await read('workspaceUrl')];
    expect(url).toBe(`adb-${id}.${id.slice(-1)}.azuredatabricks.net`);
  });

  test('an identity has ids that stay the same when it is deployed again', async () => {
    const read = () => stateOf('Microsoft.ManagedIdentity/userAssignedIdentities', 'id-dev', 'principalId');
    expect(await read()).toBe(await read());
  });

  test('keys are listed by a function while the deployment runs', async () => {
    const { deploy } = createArm();
    const value = "[listKeys('stone', '2023-05-01').keys[0].value]";
    const { body } = await deploy(
      'x',
      template({ resources: [storage('stone')], outputs: { key: { type: 'string', value } } }),
    );
    expect(Buffer.from(body.properties.outputs.key.value, 'base64')).toHaveLength(64);
  });
});

describe('a resource that cannot be deployed', () => {
  test('because a property leads nowhere fails its deployment, not the twin', async () => {
    const { arm, deploy } = createArm();
    const broken = storage('stone', { tags: { a: "[reference('stgone').id]" } });
    const { properties } = (await deploy('x', template({ resources: [broken] }))).body;
    expect(properties.error.details[0].code).toBe('ResourceNotFound');
    expect(arm.violations()).toEqual([]);
  });

  test.each([
    ['Microsoft.KeyVault/vaults', 'a--b', 'VaultNameNotValid'],
    ['Microsoft.ServiceBus/namespaces', 'sb', 'BadRequest'],
  ])('because of its name: %s', async (type, name, code) => {
    const { put } = createArm();
    const { body } = await put('x', template({ resources: [resource(type, name)] }));
    expect(body.error.details[0].details[0].code).toBe(code);
  });
});

describe('the control routes', () => {
  test('add faults and list what is deployed', async () => {
    const { arm, deploy, send } = createArm();
    const fault = { kind: 'fail', match: '*', code: 'Conflict', message: 'no', times: 1 };
    expect((await send('POST', '/_twin/resource-faults', fault)).status).toBe(204);
    expect((await send('GET', '/_twin/resource-faults')).body).toEqual([fault]);
    expect((await send('POST', '/_twin/resource-faults', { kind: 'other' })).status).toBe(400);
    await deploy('a', template({ resources: [storage('stone')] }));
    expect((await send('GET', '/_twin/resources')).body).toEqual([]);
    await deploy('b', template({ resources: [storage('stone')] }));
    expect((await send('GET', '/_twin/resources')).body).toMatchObject([{ name: 'stone' }]);
    arm.reset();
    expect(arm.resources()).toEqual([]);
  });
});

test('cancelling a deployment cancels the one that is nested in it', async () => {
  const { arm, put, send, at, advance } = createArm();
  const nested = {
    type: 'Microsoft.Resources/deployments',
    apiVersion: '2025-04-01',
    name: 'inner',
    properties: { mode: 'Incremental', template: template({ resources: [storage('stone')] }) },
  };
  await put('outer', template({ resources: [nested] }));
  advance(100);
  expect((await send('GET', at('inner'))).body.properties.provisioningState).toBe('Running');
  await send('POST', at('outer', '/cancel'));
  advance(60_000);
  expect((await send('GET', at('inner'))).body.properties.provisioningState).toBe('Canceled');
  expect(arm.resources()).toEqual([]);
});

test('what is no API and what is no operation any more are not found', async () => {
  const { deploy, send, at } = createArm();
  expect((await send('GET', '/subscriptions/x/nothing?api-version=2025-04-01')).status).toBe(404);
  await deploy('main', template({}));
  expect((await send('GET', at('main', '/operationStatuses/other'))).body.error.code).toBe(
    'OperationNotFound',
  );
  expect((await send('GET', '/subscriptions/x/operationresults/y?api-version=2025-04-01')).status).toBe(404);
});
