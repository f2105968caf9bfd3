import { describe, expect, test } from '@jest/globals';
import { propertyChanges } from '../../../sandbox/arm/deployments/property-changes.ts';
import { createArm, idOf, storage, template, values } from './arm-client.ts';

const STORAGE = 'Microsoft.Storage/storageAccounts';
const one = (parts: object = {}) => template({ resources: [storage('stone', parts)] });

describe('what-if', () => {
  test('is accepted with a place to ask, and the result comes later', async () => {
    const { arm, send, at, advance } = createArm();
    const properties = { mode: 'Incremental', template: one() };
    const started = await send('POST', at('plan', '/whatIf'), { properties });
    const location = started.headers.location ?? '';
    expect([started.status, started.headers['retry-after']]).toEqual([202, '0']);
    const early = await send('GET', location);
    expect([early.status, early.headers.location]).toEqual([202, location]);
    advance(100);
    const { status, body } = await send('GET', location);
    expect([status, body.status]).toEqual([200, 'Succeeded']);
    expect(arm.violations()).toEqual([]);
  });

  test('changes nothing', async () => {
    const { arm, whatIf, send, at } = createArm();
    await whatIf(one());
    expect(arm.resources()).toEqual([]);
    expect((await send('HEAD', at('plan'))).status).toBe(404);
  });

  test('a new resource is a creation, with what it will be', async () => {
    const { body } = await createArm().whatIf(one({ tags: { a: 'b' } }));
    expect(body.properties.changes).toEqual([
      {
        resourceId: idOf(STORAGE, 'stone'),
        changeType: 'Create',
        after: {
          apiVersion: '2023-05-01',
          id: idOf(STORAGE, 'stone'),
          type: STORAGE,
          name: 'stone',
          location: 'westeurope',
          kind: 'StorageV2',
          sku: { name: 'Standard_LRS' },
          tags: { a: 'b' },
        },
      },
    ]);
  });

  test('a changed resource shows each property that changes', async () => {
    const { deploy, whatIf } = createArm();
    await deploy('main', one({ tags: { a: '1', b: '2' }, properties: { rules: ['x', 'y'] } }));
    const changed = one({
      sku: { name: 'Standard_ZRS' },
      tags: { b: '2', c: '3' },
      properties: { rules: ['y', 'z'] },
    });
    const [change] = (await whatIf(changed)).body.properties.changes;
    expect(change.changeType).toBe('Modify');
    expect(change.delta).toEqual([
      { path: 'sku.name', propertyChangeType: 'Modify', before: 'Standard_LRS', after: 'Standard_ZRS' },
      { path: 'tags.a', propertyChangeType: 'Delete', before: '1' },
      { path: 'tags.c', propertyChangeType: 'Create', after: '3' },
      {
        path: 'properties.rules',
        propertyChangeType: 'Array',
        children: [{ path: '1', propertyChangeType: 'Modify', before: 'x', after: 'z' }],
      },
    ]);
  });

  test('what is deployed already is no change, and what the provider added is no difference', async () => {
    const { deploy, whatIf } = createArm();
    await deploy('main', one());
    const { changes } = (await whatIf(one())).body.properties;
    expect(changes).toMatchObject([{ changeType: 'NoChange' }]);
  });

  test('what the provider added shows as deletions, on every run, where the twin is to show defaults', async () => {
    const { deploy, whatIf } = createArm({ showsDefaults: true });
    for (const name of ['first', 'second']) {
      await deploy(name, one({ properties: { colour: 'red' } }));
      const [change] = (await whatIf(one({ properties: { colour: 'red' } }))).body.properties.changes;
      expect(change.changeType).toBe('Modify');
      expect(change.delta).toMatchObject([
        { path: 'properties.provisioningState', propertyChangeType: 'Delete', before: 'Succeeded' },
        {
          path: 'properties.primaryEndpoints',
          propertyChangeType: 'Delete',
          before: { blob: 'https://stone.blob.core.windows.net/' },
        },
      ]);
    }
  });

  test('what somebody changed by hand is found', async () => {
    const { arm, deploy, whatIf } = createArm();
    await deploy('main', one());
    const stored = arm.resource(idOf(STORAGE, 'stone'));
    if (!stored) throw new Error('not deployed');
    arm.putResource({ ...stored, body: { ...stored.body, kind: 'BlobStorage' } });
    const { changes } = (await whatIf(one())).body.properties;
    expect(changes[0].delta).toMatchObject([{ path: 'kind', before: 'BlobStorage', after: 'StorageV2' }]);
    arm.removeResource(stored.id);
    expect((await whatIf(one())).body.properties.changes[0].changeType).toBe('Create');
  });

  test('other resources of the group are ignored, and deleted in complete mode', async () => {
    const { arm, deploy, whatIf, send, at, advance } = createArm();
    await deploy('other', template({ resources: [storage('stother')] }));
    expect((await whatIf(one())).body.properties.changes[1]).toMatchObject({
      resourceId: idOf(STORAGE, 'stother'),
      changeType: 'Ignore',
    });
    const complete = { mode: 'Complete' };
    const { changes } = (await whatIf(one(), {}, complete)).body.properties;
    expect(changes[1]).toMatchObject({ resourceId: idOf(STORAGE, 'stother'), changeType: 'Delete' });
    await send('PUT', at('main'), { properties: { ...complete, template: one() } });
    advance(1_000);
    await send('GET', at('main'));
    expect(arm.resources().map(({ name }) => name)).toEqual(['stone']);
  });

  test('with ids only, a resource that exists is deployed whatever changes', async () => {
    const { deploy, whatIf } = createArm();
    await deploy('main', one());
    const both = template({ resources: [storage('stone', { tags: { a: 'b' } }), storage('sttwo')] });
    const { body } = await whatIf(both, {}, { whatIfSettings: { resultFormat: 'ResourceIdOnly' } });
    expect(body.properties.changes).toEqual([
      { resourceId: idOf(STORAGE, 'stone'), changeType: 'Deploy' },
      { resourceId: idOf(STORAGE, 'sttwo'), changeType: 'Create' },
    ]);
  });

  test('a property that needs the state of a resource always counts as changed', async () => {
    const { deploy, whatIf } = createArm();
    const referring = template({
      resources: [
        storage('stone'),
        storage('sttwo', { tags: { blob: "[reference('stone').primaryEndpoints.blob]" } }),
      ],
    });
    await deploy('main', referring);
    const { changes } = (await whatIf(referring)).body.properties;
    expect(changes[1].delta).toEqual([
      {
        path: 'tags.blob',
        propertyChangeType: 'Modify',
        before: 'https://stone.blob.core.windows.net/',
        after: "[reference('stone').primaryEndpoints.blob]",
      },
    ]);
  });

  test('a template that cannot be analysed is a result that failed', async () => {
    const { arm, whatIf } = createArm();
    const { status, body } = await whatIf(one(), values({ colour: 'red' }));
    expect([status, body.status, body.error.code]).toEqual([200, 'Failed', 'InvalidTemplate']);
    expect(arm.violations()).toEqual([]);
  });

  test('a nested deployment of which too little is known is skipped, and says so', async () => {
    const nested = {
      type: 'Microsoft.Resources/deployments',
      apiVersion: '2025-04-01',
      name: 'nested',
      properties: {
        mode: 'Incremental',
        expressionEvaluationOptions: { scope: 'Inner' },
        parameters: { count: { value: "[length(reference('stone').primaryEndpoints)]" } },
        template: template({
          parameters: { count: { type: 'int' } },
          resources: [
            storage("[concat('st', copyIndex())]", { copy: { name: 'all', count: "[parameters('count')]" } }),
          ],
        }),
      },
    };
    const { whatIf } = createArm();
    const { body } = await whatIf(template({ resources: [storage('stone'), nested] }));
    expect(body.properties.changes).toHaveLength(1);
    expect(body.properties.diagnostics).toMatchObject([{ code: 'NestedDeploymentShortCircuited' }]);
  });
});

describe('validate', () => {
  test('names the resources and keeps nothing', async () => {
    const { arm, validate, send, at } = createArm();
    const { status, body } = await validate(one());
    expect(status).toBe(200);
    expect(body.properties).toMatchObject({
      provisioningState: 'Succeeded',
      validatedResources: [{ id: idOf(STORAGE, 'stone') }],
    });
    expect((await send('HEAD', at('check'))).status).toBe(404);
    expect(arm.violations()).toEqual([]);
  });

  test('may answer later, a refusal included', async () => {
    const { arm, validate, send, advance } = createArm({ validatesLater: true });
    for (const [source, expected] of [
      [one(), 200],
      [one({ dependsOn: ['gone'] }), 400],
    ] as const) {
      const started = await validate(source);
      expect(started.status).toBe(202);
      advance(1_000);
      expect((await send('GET', started.headers.location ?? '')).status).toBe(expected);
    }
    expect(arm.violations()).toEqual([]);
  });
});

describe('differences of properties', () => {
  test('equal things have none, whatever the order of members', () => {
    expect(propertyChanges({ a: { x: 1, y: [{ z: 1 }] } }, { a: { y: [{ z: 1 }], x: 1 } })).toEqual([]);
  });

  test('objects in arrays show what changes inside of them', () => {
    expect(propertyChanges({ rules: [{ a: 1, b: 2 }] }, { rules: [{ a: 1, b: 3 }, { a: 9 }] })).toEqual([
      {
        path: 'rules',
        propertyChangeType: 'Array',
        children: [
          {
            path: '0',
            propertyChangeType: 'Modify',
            children: [{ path: 'b', propertyChangeType: 'Modify', before: 2, after: 3 }],
          },
          { path: '1', propertyChangeType: 'Create', after: { a: 9 } },
        ],
      },
    ]);
  });

  test('null is the same as nothing', () => {
    expect(propertyChanges({ a: null }, {})).toEqual([]);
  });
});
