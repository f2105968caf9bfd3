import { describe, expect, test } from '@jest/globals';
import { createArm, GROUP, idOf, SUBSCRIPTION, storage, template } from './arm-client.ts';

const chain = template({
  resources: [storage('stone'), storage('sttwo', { dependsOn: ['stone'] })],
  outputs: { id: { type: 'string', value: "[resourceId('Microsoft.Storage/storageAccounts', 'stone')]" } },
});

describe('a deployment over time', () => {
  test('is accepted with a place to ask, runs, and succeeds', async () => {
    const { arm, put, get, send, advance } = createArm();
    const started = await put('main', chain);
    const status = started.headers['azure-asyncoperation'] ?? '';
    expect(started.status).toBe(201);
    expect(started.body.properties.provisioningState).toBe('Accepted');
    expect(status).toMatch(/^https:\/\/management\.azure\.com\/.*\/operationStatuses\//);
    advance(60);
    expect((await send('GET', status)).body).toEqual({ status: 'Running' });
    expect((await get('main')).body.properties.outputs).toBeUndefined();
    advance(200);
    expect((await send('GET', status)).body).toEqual({ status: 'Succeeded' });
    expect((await get('main')).body.properties).toMatchObject({
      provisioningState: 'Succeeded',
      duration: 'PT0.25S',
      outputs: { id: { value: idOf('Microsoft.Storage/storageAccounts', 'stone') } },
    });
    expect(arm.violations()).toEqual([]);
  });

  test('a resource is there only when its time has come, and waits for those it depends on', async () => {
    const { arm, put, advance } = createArm();
    await put('main', chain);
    const names = () => arm.resources().map(({ name }) => name);
    advance(149);
    expect(names()).toEqual([]);
    advance(1);
    expect(names()).toEqual(['stone']);
    advance(100);
    expect(names()).toEqual(['stone', 'sttwo']);
  });

  test('a second one of the same name is refused while the first one runs, and replaces it after', async () => {
    const { put, advance, get, arm } = createArm();
    const first = await put('main', chain);
    const again = await put('main', chain);
    expect([again.status, again.body.error.code]).toEqual([409, 'DeploymentActive']);
    expect(again.body.error.message).toContain('2023-11-21T22:13:20.000Z');
    advance(1_000);
    const second = await put('main', chain);
    expect(second.status).toBe(200);
    expect(second.body.properties.correlationId).not.toBe(first.body.properties.correlationId);
    expect((await get('main')).body.properties.provisioningState).toBe('Accepted');
    expect(arm.violations()).toEqual([]);
  });

  test('the state survives export and import in the middle of a deployment', async () => {
    const { arm, put, advance } = createArm();
    await put('main', chain);
    advance(160);
    const other = createArm();
    other.arm.importState(arm.exportState());
    other.advance(10_000);
    expect((await other.get('main')).body.properties.provisioningState).toBe('Succeeded');
    expect(other.arm.resources()).toHaveLength(2);
  });
});

describe('a deployment that fails', () => {
  const fault = {
    kind: 'fail',
    match: 'Microsoft.Storage/*',
    code: 'StorageAccountAlreadyTaken',
    message: 'Taken.',
  } as const;

  test('says in a detail, as JSON in text, what the provider said', async () => {
    const { arm, deploy } = createArm();
    arm.addResourceFault(fault);
    const { properties } = (await deploy('main', chain)).body;
    expect(properties).toMatchObject({ provisioningState: 'Failed', error: { code: 'DeploymentFailed' } });
    const [detail] = properties.error.details;
    expect(detail.code).toBe('StorageAccountAlreadyTaken');
    expect(JSON.parse(detail.message).error).toMatchObject({ code: detail.code, message: 'Taken.' });
    expect(arm.violations()).toEqual([]);
  });

  test('starts nothing more, and its operations show what failed', async () => {
    const { arm, deploy, operations } = createArm();
    arm.addResourceFault(fault);
    await deploy('main', chain);
    const { value } = (await operations('main')).body;
    expect(value).toHaveLength(1);
    expect(value[0].properties).toMatchObject({
      provisioningState: 'Failed',
      statusCode: 'Conflict',
      statusMessage: { error: { code: 'StorageAccountAlreadyTaken' } },
      targetResource: { resourceName: 'stone' },
    });
  });

  test('succeeds the next time when the fault was for one resource', async () => {
    const { arm, deploy } = createArm();
    arm.addResourceFault({ ...fault, times: 1 });
    expect((await deploy('main', chain)).body.properties.provisioningState).toBe('Failed');
    expect((await deploy('main', chain)).body.properties.provisioningState).toBe('Succeeded');
  });

  test('a failure below a nested deployment fails the one around it', async () => {
    const { arm, deploy, send, at } = createArm();
    arm.addResourceFault(fault);
    const properties = {
      mode: 'Incremental',
      template: chain,
      expressionEvaluationOptions: { scope: 'Inner' },
    };
    const nested = {
      type: 'Microsoft.Resources/deployments',
      apiVersion: '2025-04-01',
      name: 'inner',
      properties,
    };
    const { body } = await deploy('main', template({ resources: [nested] }));
    expect(body.properties.provisioningState).toBe('Failed');
    const inner = JSON.parse(body.properties.error.details[0].message).error;
    expect(inner.code).toBe('DeploymentFailed');
    expect(JSON.parse(inner.details[0].message).error.code).toBe('StorageAccountAlreadyTaken');
    expect((await send('GET', at('inner'))).body.properties.provisioningState).toBe('Failed');
  });

  test('a child without its parent, an output and a reference that lead nowhere are failures', async () => {
    const blobs = {
      type: 'Microsoft.Storage/storageAccounts/blobServices',
      apiVersion: '2023-05-01',
      name: 'stgone/default',
    };
    const wrong = { value: { type: 'string', value: "[reference('stgone').id]" } };
    const { deploy } = createArm();
    const child = await deploy('a', template({ resources: [blobs] }));
    expect(child.body.properties.error.details[0].code).toBe('ParentResourceNotFound');
    const output = await deploy('b', template({ outputs: wrong }));
    expect(output.body.properties.error.code).toBe('DeploymentOutputEvaluationFailed');
  });

  test('a delay holds one resource up', async () => {
    const { arm, put, get, advance } = createArm();
    arm.addResourceFault({ kind: 'delay', match: '/*/sttwo', delayInMs: 5_000 });
    await put('main', chain);
    advance(5_000);
    expect((await get('main')).body.properties.provisioningState).toBe('Running');
    advance(250);
    expect((await get('main')).body.properties.provisioningState).toBe('Succeeded');
  });
});

describe('ending a deployment', () => {
  test('a running one is cancelled: what waits never starts', async () => {
    const { arm, put, send, at, advance, get } = createArm();
    await put('main', chain);
    advance(100);
    expect((await send('POST', at('main', '/cancel'))).status).toBe(204);
    advance(60_000);
    expect((await get('main')).body.properties.provisioningState).toBe('Canceled');
    expect(arm.resources()).toEqual([]);
    expect(arm.violations()).toEqual([]);
  });

  test('one that has ended cannot be cancelled', async () => {
    const { deploy, send, at } = createArm();
    await deploy('main', chain);
    const { status, body } = await send('POST', at('main', '/cancel'));
    expect([status, body.error.code]).toEqual([409, 'DeploymentCannotBeCancelled']);
  });

  test('deleting removes the history entry and leaves the resources', async () => {
    const { arm, deploy, send, at, advance } = createArm();
    await deploy('main', chain);
    const deleted = await send('DELETE', at('main'));
    expect(deleted.status).toBe(202);
    advance(1_000);
    expect((await send('GET', deleted.headers.location ?? '')).status).toBe(204);
    expect((await send('HEAD', at('main'))).status).toBe(404);
    expect((await send('DELETE', at('main'))).status).toBe(204);
    expect(arm.resources()).toHaveLength(2);
    expect(arm.violations()).toEqual([]);
  });

  test('an active one is not deleted', async () => {
    const { put, send, at } = createArm();
    await put('main', chain);
    expect((await send('DELETE', at('main'))).status).toBe(409);
    expect((await send('HEAD', at('main'))).status).toBe(204);
  });
});

describe('requests', () => {
  test.each([
    [
      'a deployment that is not there',
      `${GROUP}/providers/Microsoft.Resources/deployments/gone`,
      404,
      'DeploymentNotFound',
    ],
    [
      'a resource group that is not there',
      `/subscriptions/${SUBSCRIPTION}/resourcegroups/gone`,
      404,
      'ResourceGroupNotFound',
    ],
  ])('%s is not found', async (_what, path, status, code) => {
    const { arm, send } = createArm();
    const answer = await send('GET', `${path}?api-version=2025-04-01`);
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
    expect(arm.violations()).toEqual([]);
  });

  test('paths and names compare without case', async () => {
    const { deploy, send, at } = createArm();
    await deploy('main', chain);
    expect((await send('GET', at('MAIN').toUpperCase().replace('API-VERSION', 'api-version'))).status).toBe(
      200,
    );
  });

  test.each([
    ['', 'MissingApiVersionParameter'],
    ['?api-version=2019-01-01', 'InvalidApiVersionParameter'],
  ])('a request with the version "%s" is refused', async (query, code) => {
    expect((await createArm().send('GET', `${GROUP}${query}`)).body.error.code).toBe(code);
  });

  test('names and sizes of deployments are limited', async () => {
    const { put } = createArm();
    expect((await put('x'.repeat(65), chain)).body.error.code).toBe('DeploymentNameLengthLimitExceeded');
    expect((await put('a%20b', chain)).body.error.code).toBe('DeploymentNameInvalidCharacters');
    const big = template({ variables: { text: 'x'.repeat(4 * 1024 * 1024) } });
    expect((await put('big', big)).status).toBe(413);
  });

  test('a principal that may not deploy is told which action it lacks', async () => {
    const { put } = createArm({ permits: (_who, action) => !action.endsWith('/write') });
    const { status, body } = await put('main', chain);
    expect([status, body.error.code]).toEqual([403, 'AuthorizationFailed']);
    expect(body.error.message).toContain('Microsoft.Resources/deployments/write');
  });

  test.each(['validate', 'what-if', 'deploy'] as const)(
    'a principal that may not write a resource of the template learns it before anything begins: %s',
    async (how) => {
      const permits = (_who: string, action: string) => action !== 'Microsoft.Storage/storageAccounts/write';
      const { put, validate, whatIf, arm } = createArm({ permits });
      const source = template({ resources: [storage()] });
      const ask = { validate, 'what-if': whatIf, deploy: (what: object) => put('main', what) }[how];
      const { body } = await ask(source);
      expect(body.error.code).toBe('InvalidTemplateDeployment');
      expect(body.error.message).toMatch(
        /^The template deployment failed with error: 'Authorization failed for template resource 'stparkingdev' of type .*storageAccounts\/write' at scope '\/subscriptions\/.*'\.'\.$/,
      );
      expect(arm.resources()).toEqual([]);
    },
  );

  test('lower levels of validation leave rights alone', async () => {
    const permits = (_who: string, action: string) => action !== 'Microsoft.Storage/storageAccounts/write';
    const { whatIf } = createArm({ permits });
    const source = template({ resources: [storage()] });
    const { body } = await whatIf(source, {}, { validationLevel: 'ProviderNoRbac' });
    expect(body.status).toBe('Succeeded');
  });

  test('every answer says how many requests are left, and too many are throttled', async () => {
    const { get, advance } = createArm();
    expect((await get('gone')).headers['x-ms-ratelimit-remaining-subscription-reads']).toBe('249');
    for (let request = 0; request < 249; request++) await get('gone');
    const refused = await get('gone');
    expect([refused.status, refused.body.error.code]).toEqual([429, 'TooManyRequests']);
    expect(refused.headers['retry-after']).toBe('1');
    advance(1_000);
    expect((await get('gone')).status).toBe(404);
  });

  test('a token that is refused is answered in the words of ARM', async () => {
    const { get } = createArm({ acceptsToken: () => ({ ok: false, why: 'the token has expired' }) });
    const { status, body } = await get('main');
    expect([status, body.error.code]).toEqual([401, 'ExpiredAuthenticationToken']);
  });

  test('resource groups can be made and looked at', async () => {
    const { arm, send } = createArm();
    const url = `/subscriptions/${SUBSCRIPTION}/resourcegroups/rg-new?api-version=2025-04-01`;
    expect((await send('HEAD', url)).status).toBe(404);
    expect((await send('PUT', url, { location: 'westeurope', tags: { a: 'b' } })).status).toBe(201);
    expect((await send('PUT', url, { location: 'westeurope' })).status).toBe(200);
    expect((await send('HEAD', url)).status).toBe(204);
    expect((await send('GET', url)).body).toMatchObject({ name: 'rg-new', location: 'westeurope' });
    expect(arm.violations()).toEqual([]);
  });
});

describe('lists', () => {
  test('operations come in pages, and the last one is the evaluation of the outputs', async () => {
    const { arm, deploy, operations, send } = createArm({ pageSize: 2 });
    await deploy('main', chain);
    const first = (await operations('main')).body;
    expect(first.value).toHaveLength(2);
    const second = (await send('GET', first.nextLink)).body;
    expect(second.nextLink).toBeUndefined();
    expect(second.value[0].properties.provisioningOperation).toBe('EvaluateDeploymentOutput');
    expect(arm.violations()).toEqual([]);
  });

  test('deployments are listed newest first, by state if wanted', async () => {
    const { arm, deploy, send } = createArm();
    const url = `${GROUP}/providers/Microsoft.Resources/deployments/?api-version=2025-04-01`;
    await deploy('first', chain);
    arm.addResourceFault({ kind: 'fail', match: '*', code: 'Conflict', message: 'no' });
    await deploy('second', chain);
    const names = async (query = '') =>
      (await send('GET', `${url}${query}`)).body.value.map(({ name }: { name: string }) => name);
    expect(await names()).toEqual(['second', 'first']);
    expect(await names(`&$filter=${encodeURIComponent("provisioningState eq 'Failed'")}`)).toEqual([
      'second',
    ]);
    expect(await names('&$top=1')).toEqual(['second']);
    expect(arm.violations()).toEqual([]);
  });

  test('the history keeps 800 deployments', async () => {
    const { deploy, send, advance, arm } = createArm({ limits: [] });
    for (let index = 0; index <= 801; index++) {
      await deploy(`d${index}`, template({}));
      advance(1_000);
    }
    expect(
      (await send('HEAD', `${GROUP}/providers/Microsoft.Resources/deployments/d0?api-version=2025-04-01`))
        .status,
    ).toBe(404);
    expect(arm.exportState().match(/"statusId"/g)).toHaveLength(801);
  });
});
