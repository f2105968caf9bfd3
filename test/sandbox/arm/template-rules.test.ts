import { describe, expect, test } from '@jest/globals';
import { createArm, idOf, SUBSCRIPTION, storage, template, values } from './arm-client.ts';

const PARAMETERS = {
  project: { type: 'string', minLength: 3, maxLength: 10 },
  environment: { type: 'string', allowedValues: ['dev', 'prod'], defaultValue: 'dev' },
  days: { type: 'int', minValue: 1, maxValue: 9, defaultValue: 7 },
};
const source = template({ parameters: PARAMETERS });

describe('the parameters of a deployment', () => {
  test.each([
    ['a missing one', {}, "The value for the template parameter 'project'"],
    ['one that the template does not have', { project: 'abc', colour: 'red' }, "'colour'"],
    ['a value that is not allowed', { project: 'abc', environment: 'stg' }, "allowed value(s): 'dev,prod'"],
    ['another type', { project: 'abc', days: '7' }, "'Int'"],
    ['a text that is too long', { project: 'abcdefghijk' }, "less than or equal to '10'"],
    ['a number that is too small', { project: 'abc', days: 0 }, "greater than or equal to '1'"],
  ])('%s is an invalid template, said by name', async (_what, given, message) => {
    const { arm, put, validate } = createArm();
    for (const { status, body } of [
      await validate(source, values(given)),
      await put('x', source, values(given)),
    ]) {
      expect(status).toBe(400);
      expect(body.error.code).toBe('InvalidTemplate');
      expect(body.error.message).toContain(message);
    }
    expect(arm.violations()).toEqual([]);
  });

  test('names compare without case, and defaults may use other parameters', async () => {
    const { deploy } = createArm();
    const parameters = {
      ...PARAMETERS,
      account: { type: 'string', defaultValue: "[concat(parameters('PROJECT'), parameters('environment'))]" },
    };
    const outputs = { account: { type: 'string', value: "[parameters('account')]" } };
    const { body } = await deploy('x', template({ parameters, outputs }), values({ Project: 'abc' }));
    expect(body.properties.outputs).toEqual({ account: { type: 'String', value: 'abcdev' } });
    expect(body.properties.parameters.days).toEqual({ type: 'Int', value: 7 });
  });

  test('a default that differs each time is made once for a deployment', async () => {
    const { deploy } = createArm();
    const parameters = {
      a: { type: 'string', defaultValue: '[newGuid()]' },
      b: { type: 'string', defaultValue: "[parameters('a')]" },
    };
    const { body } = await deploy('x', template({ parameters }));
    expect(body.properties.parameters.a.value).toBe(body.properties.parameters.b.value);
  });

  test('a secure value is never shown, neither as parameter nor as output', async () => {
    const { arm, deploy } = createArm();
    const parameters = { password: { type: 'secureString' } };
    const outputs = { password: { type: 'secureString', value: "[parameters('password')]" } };
    const { body } = await deploy('x', template({ parameters, outputs }), values({ password: 'hunter2' }));
    expect(body.properties.parameters.password).toEqual({ type: 'SecureString' });
    expect(body.properties.outputs.password).toEqual({ type: 'SecureString' });
    expect(JSON.stringify(body)).not.toContain('hunter2');
    expect(arm.violations()).toEqual([]);
  });

  test('a reference to a secret of a vault is read, and a missing secret is refused', async () => {
    const readSecret = (_vault: string, name: string) => (name === 'there' ? 'value' : undefined);
    const { deploy } = createArm({ readSecret });
    const parameters = { password: { type: 'secureString' } };
    const outputs = { length: { type: 'int', value: "[length(parameters('password'))]" } };
    const reference = (secretName: string) => ({
      password: { reference: { keyVault: { id: '/vault' }, secretName } },
    });
    const found = await deploy('x', template({ parameters, outputs }), reference('there'));
    expect(found.body.properties.outputs.length.value).toBe(5);
    const missing = await deploy('y', template({ parameters, outputs }), reference('gone'));
    expect(missing.body.error.code).toBe('KeyVaultParameterReferenceSecretRetrieveFailed');
  });

  test('a type may be a definition of the template, and a nullable one may be left out', async () => {
    const { deploy } = createArm();
    const parameters = { sku: { $ref: '#/definitions/sku' }, note: { type: 'string', nullable: true } };
    const definitions = { sku: { type: 'object' } };
    const { body } = await deploy('x', template({ parameters, definitions }), values({ sku: { name: 'a' } }));
    expect(body.properties.parameters).toEqual({
      sku: { type: 'Object', value: { name: 'a' } },
      note: { type: 'String', value: null },
    });
  });
});

describe('a template', () => {
  const twice = [storage('stone'), storage('stone')];
  const around = [
    storage('stone', { dependsOn: ["[resourceId('Microsoft.Storage/storageAccounts', 'sttwo')]"] }),
    storage('sttwo', { dependsOn: ['stone'] }),
  ];

  test.each([
    ['with a resource that is there twice', { resources: twice }, 'defined multiple times'],
    ['with resources that wait for each other', { resources: around }, 'Circular dependency'],
    [
      'with a dependency that is not there',
      { resources: [storage('stone', { dependsOn: ['x'] })] },
      "'x' is not defined",
    ],
    ['with a name of the wrong length', { resources: [storage('st/one')] }, 'incorrect segment lengths'],
    ['with an unknown function', { resources: [storage("[conkat('a')]")] }, "'conkat' is not valid"],
    ['with an unknown variable', { resources: [storage("[variables('a')]")] }, "variable 'a' is not found"],
    [
      'that needs the state of a resource for a name',
      { resources: [storage("[reference('x').name]")] },
      "'reference' is not expected",
    ],
    ['without resources', { resources: undefined }, 'Template parse failed'],
  ])('%s is refused', async (_what, parts, message) => {
    const { arm, put } = createArm();
    const { status, body } = await put('x', template(parts));
    expect(status).toBe(400);
    expect(body.error.code).toBe('InvalidTemplate');
    expect(body.error.message).toContain(message);
    expect(arm.resources()).toEqual([]);
    expect(arm.violations()).toEqual([]);
  });

  test('a name that its provider refuses is found before anything is deployed', async () => {
    const { put } = createArm();
    const { status, body } = await put(
      'x',
      template({ resources: [storage('Not-Valid'), storage('stone')] }),
    );
    expect(status).toBe(400);
    expect(body.error.code).toBe('InvalidTemplateDeployment');
    expect(body.error.details[0].details).toMatchObject([
      { code: 'AccountNameInvalid', target: 'Not-Valid' },
    ]);
  });

  test('a link to a template leads nowhere', async () => {
    const { send, at } = createArm();
    const properties = { mode: 'Incremental', templateLink: { uri: 'https://example.com/t.json' } };
    const { body } = await send('PUT', at('x'), { properties });
    expect(body.error.code).toBe('InvalidContentLink');
  });

  test('loops make several resources, and a loop can be waited for by its name', async () => {
    const { arm, deploy } = createArm();
    const copy = { name: 'accounts', count: "[length(variables('names'))]" };
    const { body } = await deploy(
      'x',
      template({
        variables: { copy: [{ name: 'names', count: 2, input: "[concat('st', copyIndex('names', 1))]" }] },
        resources: [
          storage("[concat(variables('names')[copyIndex()], 'dev')]", { copy }),
          storage('stlast', { dependsOn: ['accounts'] }),
        ],
        outputs: { names: { type: 'array', copy: { count: 2, input: "[variables('names')[copyIndex()]]" } } },
      }),
    );
    expect(arm.resources().map(({ name }) => name)).toEqual(['st1dev', 'st2dev', 'stlast']);
    expect(body.properties.outputs.names.value).toEqual(['st1', 'st2']);
    expect(body.properties.dependencies[0].dependsOn).toHaveLength(2);
  });

  test('a resource whose condition does not hold is left out, and nobody waits for it', async () => {
    const { arm, deploy } = createArm();
    const resources = [storage('stone', { condition: false }), storage('sttwo', { dependsOn: ['stone'] })];
    expect((await deploy('x', template({ resources }))).body.properties.provisioningState).toBe('Succeeded');
    expect(arm.resources().map(({ name }) => name)).toEqual(['sttwo']);
  });

  test('children written inside of a resource, and extensions of it, get their ids', async () => {
    const { arm, deploy } = createArm();
    const child = {
      type: 'blobServices',
      apiVersion: '2023-05-01',
      name: 'default',
      dependsOn: ['stone'],
    };
    const extension = {
      type: 'Microsoft.Authorization/locks',
      apiVersion: '2020-05-01',
      name: 'keep',
      scope: 'Microsoft.Storage/storageAccounts/stone',
      dependsOn: ['stone'],
    };
    await deploy('x', template({ resources: [storage('stone', { resources: [child] }), extension] }));
    expect(arm.resources().map(({ id }) => id)).toEqual([
      idOf('Microsoft.Storage/storageAccounts', 'stone'),
      idOf('Microsoft.Storage/storageAccounts/blobServices', 'stone', 'default'),
      `${idOf('Microsoft.Storage/storageAccounts', 'stone')}/providers/Microsoft.Authorization/locks/keep`,
    ]);
  });

  test('symbolic names stand for resources, those that exist already included', async () => {
    const { arm, deploy } = createArm();
    await deploy('before', template({ resources: [storage('stold')] }));
    const { body } = await deploy(
      'x',
      template({
        languageVersion: '2.0',
        resources: {
          old: storage('stold', { existing: true }),
          fresh: storage('stfresh', { tags: { from: "[reference('old').primaryEndpoints.blob]" } }),
          last: storage('stlast', { dependsOn: ['fresh'] }),
        },
        outputs: { blob: { type: 'string', value: "[reference('fresh').primaryEndpoints.blob]" } },
      }),
    );
    expect(body.properties.outputs.blob.value).toBe('https://stfresh.blob.core.windows.net/');
    expect(arm.resource(idOf('Microsoft.Storage/storageAccounts', 'stfresh'))?.body.tags).toEqual({
      from: 'https://stold.blob.core.windows.net/',
    });
    expect(body.properties.outputResources).toHaveLength(2);
  });
});

describe('a nested deployment', () => {
  const nested = (scope: string, parts: object = {}, rest: object = {}) => ({
    type: 'Microsoft.Resources/deployments',
    apiVersion: '2025-04-01',
    name: 'nested',
    properties: {
      mode: 'Incremental',
      expressionEvaluationOptions: { scope },
      template: template({
        variables: { name: 'stinner' },
        resources: [storage("[variables('name')]")],
        ...parts,
      }),
      ...rest,
    },
  });

  test('sees its own variables in its inner scope and those around it in the outer one', async () => {
    for (const [scope, name] of [
      ['Inner', 'stinner'],
      ['Outer', 'stouter'],
    ]) {
      const { arm, deploy } = createArm();
      await deploy('x', template({ variables: { name: 'stouter' }, resources: [nested(scope ?? '')] }));
      expect(arm.resources().map((one) => one.name)).toEqual([name]);
    }
  });

  test('is checked with its parameters before anything is deployed', async () => {
    const { put } = createArm();
    const parts = { parameters: { sku: { type: 'string', allowedValues: ['a'] } } };
    const given = { parameters: values({ sku: 'b' }) };
    const { status, body } = await put('x', template({ resources: [nested('Inner', parts, given)] }));
    expect([status, body.error.code]).toEqual([400, 'InvalidTemplate']);
  });

  test('has a history entry of its own with the correlation of the deployment around it', async () => {
    const { deploy, get } = createArm();
    const { body } = await deploy('x', template({ resources: [nested('Inner')] }));
    const inner = await get('nested');
    expect(inner.body.properties).toMatchObject({
      provisioningState: 'Succeeded',
      correlationId: body.properties.correlationId,
    });
  });

  test('may go to another resource group', async () => {
    const { arm, deploy } = createArm();
    arm.addResourceGroup({ subscriptionId: SUBSCRIPTION, name: 'rg-shared', location: 'northeurope' });
    const elsewhere = { ...nested('Inner'), resourceGroup: 'rg-shared' };
    await deploy('x', template({ resources: [elsewhere] }));
    expect(arm.resources()).toMatchObject([
      { id: expect.stringContaining('/resourceGroups/rg-shared/'), body: { location: 'northeurope' } },
    ]);
  });
});
