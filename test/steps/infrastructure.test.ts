import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Json } from '../../shared/release/canonical-json.ts';
import type { Change } from '../../shared/release/plan.ts';
import { infrastructure } from '../../shared/steps/infrastructure.ts';
import type { ArmStepWorld } from './arm-world.ts';
import {
  armWorld,
  exampleInfrastructure,
  GROUP,
  parameterFile,
  SUBSCRIPTION,
  storage,
  template,
} from './arm-world.ts';
import { apply, contextOf, plan, runToEnd } from './step-runner.ts';
import { underVirtualTime } from './virtual-time.ts';

let { world, twin }: ArmStepWorld = armWorld();

beforeEach(() => {
  ({ world, twin } = armWorld());
});
afterEach(() => {
  expect(twin.violations()).toEqual([]);
});

const one = (parts: object = {}, rest: object = {}) =>
  template({ resources: [storage('stone', parts)], ...rest });
const release = (main: object, values?: Record<string, unknown>) => {
  const file = values === undefined ? {} : { 'main.parameters.dev.json': parameterFile(values) };
  world.artifacts = { infrastructure: { 'main.json': JSON.stringify(main), ...file } };
};
const deploy = () => runToEnd(infrastructure, world, { appliesUnchanged: true });
const redeploy = (run = 'release-2') => {
  world.run = run;
  twin.log.clear();
  return deploy();
};
const puts = () => twin.log.count('Deployments_CreateOrUpdate');
const deployments = () => {
  const { deployments: all } = JSON.parse(twin.exportState());
  return (
    JSON.stringify(all)
      .match(/slipway-release-\d-[0-9a-f]{16}/g)
      ?.filter((name, index, names) => names.indexOf(name) === index) ?? []
  );
};
const summary = (changes: readonly Change[]) => changes.map(({ target, action }) => `${action} ${target}`);
const refusalOf = async () => {
  const error: unknown = await plan(infrastructure, world).catch((thrown: unknown) => thrown);
  return error instanceof Error ? `${error.name}: ${error.message}` : 'planned';
};
const TEMPLATE = `main.json in ${GROUP}`;
const STONE = 'Microsoft.Storage/storageAccounts/stone';
const stoneId = `/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}/providers/${STONE}`;

describe('the example project', () => {
  beforeEach(() => {
    world.artifacts = { infrastructure: exampleInfrastructure() };
  });

  test('is planned by what-if, deployed once, and gives its outputs to later steps', async () => {
    const { changes, output } = await deploy();
    expect(summary(changes)).toEqual([
      'create Microsoft.Databricks/accessConnectors/ac-parking-sensors-dev',
      'create Microsoft.Storage/storageAccounts/stparkingsensorsdev001',
      'create Microsoft.Storage/storageAccounts/stparkingsensorsdev001/blobServices/default',
      'create Microsoft.Storage/storageAccounts/stparkingsensorsdev001/blobServices/default/containers/datalake',
      `create ${TEMPLATE}`,
    ]);
    expect(output).toMatchObject({
      outputs: {
        storageAccountName: 'stparkingsensorsdev001',
        containerName: 'datalake',
        accessConnectorId: expect.stringMatching(/accessConnectors\/ac-parking-sensors-dev$/),
      },
      deployment: expect.stringMatching(/^slipway-release-1-[0-9a-f]{16}$/),
    });
    expect(puts()).toBe(1);
  });

  test('deployed unchanged by a later release, it plans nothing, writes nothing and has its outputs', async () => {
    const first = await deploy();
    const { changes, output } = await redeploy();
    expect(changes).toEqual([]);
    expect(output).toMatchObject({ outputs: first.output?.outputs, deployment: first.output?.deployment });
    expect(Object.keys(twin.log.counts()).sort()).toEqual(['Deployments_WhatIf', 'OperationResults_Get']);
  });
});

describe('the plan', () => {
  test('is the same for the same world', async () => {
    release(one());
    expect(await plan(infrastructure, world)).toEqual(await plan(infrastructure, world));
    expect(puts()).toBe(0);
  });

  test('names the properties that change, and never their values', async () => {
    release(one({ tags: { a: 'old-secret', b: '2' }, properties: { rules: ['x', 'y'] } }));
    await deploy();
    release(one({ tags: { a: 'new-secret', c: '3' }, properties: { rules: ['y', 'z'] } }));
    const changes = await plan(infrastructure, world);
    expect(changes.find(({ target }) => target === STONE)).toMatchObject({
      action: 'update',
      class: 'reversible',
      detail: '~properties.rules[1], ~tags.a, -tags.b, +tags.c',
    });
    expect(JSON.stringify(changes)).not.toContain('secret');
  });

  test('what somebody changed by hand is set right, also when the release is not new', async () => {
    release(one());
    await deploy();
    const stored = twin.resource(stoneId);
    if (stored === undefined) throw new Error('not deployed');
    twin.putResource({ ...stored, body: { ...stored.body, kind: 'BlobStorage' } });
    const { changes } = await redeploy();
    expect(summary(changes)).toEqual([`update ${STONE}`, `update ${TEMPLATE}`]);
    expect(changes[1]?.detail).toBe('deployed again, since resources differ from it');
    expect(twin.resource(stoneId)?.body.kind).toBe('StorageV2');
    expect((await redeploy('release-3')).changes).toEqual([]);
  });

  test('a template that only gives out something new is deployed', async () => {
    release(one());
    await deploy();
    release(one({}, { outputs: { colour: { type: 'string', value: 'red' } } }));
    const { changes, output } = await redeploy();
    expect(summary(changes)).toEqual([`update ${TEMPLATE}`]);
    expect(output).toMatchObject({ outputs: { colour: 'red' } });
  });

  test('a property that only the running deployment can know is no difference', async () => {
    const tags = { blob: "[reference('stone').primaryEndpoints.blob]" };
    release(template({ resources: [storage('stone'), storage('sttwo', { tags })] }));
    await deploy();
    expect((await redeploy()).changes).toEqual([]);
  });

  test('a deployment id in a tag does not make an unchanged release a change', async () => {
    const main = one(
      { tags: { id: "[parameters('deployment_id')]" } },
      { parameters: { deployment_id: { type: 'string', maxLength: 40 } } },
    );
    world.run = 'a/very long name of a release that says everything';
    release(main);
    await deploy();
    expect(twin.resource(stoneId)?.body.tags).toEqual({
      id: expect.stringMatching(/^a-very-long-name-of-a-relea-[0-9a-f]{12}$/),
    });
    expect((await redeploy()).changes).toEqual([]);
    release({ ...main, outputs: {} });
    const { changes } = await redeploy('release-3');
    expect(summary(changes)).toEqual([`update ${STONE}`, `update ${TEMPLATE}`]);
    expect(twin.resource(stoneId)?.body.tags).toMatchObject({ id: expect.stringMatching(/^release-3-/) });
  });

  test('what the Bicep compiler writes about itself is no difference', async () => {
    const compiledBy = (version: string) => one({}, { metadata: { _generator: { name: 'bicep', version } } });
    release(compiledBy('0.30.3'));
    await deploy();
    release(compiledBy('0.40.1'));
    expect((await redeploy()).changes).toEqual([]);
  });

  test('a release without infrastructure changes nothing and removes nothing', async () => {
    release(one());
    await deploy();
    world.artifacts = {};
    expect(await redeploy()).toMatchObject({ changes: [], output: { outputs: {} } });
    expect(twin.resource(stoneId)).toBeDefined();
    expect(twin.log.count()).toBe(0);
  });

  test('an answer of what-if that takes more than a minute is a technical failure', async () => {
    ({ world, twin } = armWorld({ durations: { whatIfInMs: 120_000 } }));
    release(one());
    await expect(plan(infrastructure, world)).rejects.toMatchObject({ name: 'TransientFailure' });
  });
});

describe('parameters', () => {
  const parameters = {
    project: { type: 'string' },
    Environment: { type: 'string' },
    location: { type: 'string', defaultValue: 'nowhere' },
    deployment_id: { type: 'string' },
    size: { type: 'int' },
    note: { type: 'string', nullable: true },
    colour: { type: 'string', defaultValue: 'red' },
  };
  const outputs = Object.fromEntries(
    Object.entries(parameters).map(([name, { type }]) => [
      name,
      { type, nullable: true, value: `[parameters('${name}')]` },
    ]),
  );
  const { note: optional, ...told } = outputs;

  test('come from the file, then from Slipway, then from the template', async () => {
    release(template({ parameters, outputs: told }), { SIZE: 3, location: 'westeurope' });
    expect((await deploy()).output?.outputs).toEqual({
      project: 'parking-sensors',
      Environment: 'dev',
      location: 'westeurope',
      deployment_id: expect.stringMatching(/^release-1-[0-9a-f]{12}$/),
      size: 3,
      colour: 'red',
    });
  });

  test('that are missing or unknown refuse the plan, all in one message, before Azure is asked', async () => {
    const wants = { a: { type: 'string' }, b: { type: 'int' }, c: { type: 'int', defaultValue: 1 } };
    release(template({ parameters: wants }), { x: 1, y: 2 });
    expect(await refusalOf()).toBe(
      'Refusal: main.parameters.dev.json gives x, y, which main.json does not take: remove it or correct its name. ' +
        'a, b of main.json has neither a value in main.parameters.dev.json nor a default.',
    );
    expect(twin.log.count()).toBe(0);
  });

  const given = (value: unknown) => {
    release(template({ parameters: { note: { type: 'string' } }, outputs: { note: optional } }), {
      note: value,
    });
    return deploy();
  };
  const named = (...names: string[]) => names.map((name) => `\${${name}}`).join(' ');
  const listed = (...names: string[]) => names.map((name) => named(name)).join(', ');

  test('have the values of the environment in place of names', async () => {
    world.values.variables.size = '3';
    const { output } = await given(
      `${named('size', 'slipway.project', 'slipway.environment')} $${named('x')}`,
    );
    expect(output?.outputs).toEqual({ note: `3 parking-sensors dev ${named('x')}` });
    expect((await redeploy()).changes).toEqual([]);
    world.values.variables.size = '4';
    expect(summary((await redeploy('release-3')).changes)).toEqual([`update ${TEMPLATE}`]);
  });

  test('have names filled in also where they refer to a key vault, and are left alone elsewhere', async () => {
    ({ world, twin } = armWorld({ readSecret: (id, name) => `${id} ${name}` }));
    world.values.variables.vault = 'kv';
    const id = `/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/${named('vault')}`;
    const main = template({
      parameters: { key: { type: 'securestring' }, list: { type: 'array' } },
      outputs: { list: { type: 'array', value: "[parameters('list')]" } },
    });
    const parameters = {
      key: { reference: { keyVault: { id }, secretName: named('vault') } },
      list: { value: [1, true, { [named('vault')]: named('vault') }] },
    };
    world.artifacts = {
      infrastructure: {
        'main.json': JSON.stringify(main),
        'main.parameters.dev.json': JSON.stringify({ parameters }),
      },
    };
    expect((await deploy()).output?.outputs).toEqual({ list: [1, true, { [named('vault')]: 'kv' }] });
  });

  test.each([
    [['tpyo', 'other'], () => `${listed('other', 'tpyo')}, which has no value in environment dev.`],
    [
      ['outputs.x', 'slipway.run'],
      () =>
        `${listed('outputs.x', 'slipway.run')}, which no parameter can have: of what Slipway knows it takes the ` +
        `variables of the environment, ${named('slipway.project')} and ${named('slipway.environment')}.`,
    ],
    [
      ['token'],
      () => `${named('token')}, which is a secret: give the parameter a reference to the key vault.`,
    ],
  ])('with the names %j refuse the plan', async (names, why) => {
    world.values.secrets.token = { vault: 'kv', name: 'token', version: '1' };
    const error = await given(named(...names)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'Refusal', message: `main.parameters.dev.json uses ${why()}` });
    expect(twin.log.count()).toBe(0);
  });

  test('may refer to a secret of a key vault, whose value Slipway never sees', async () => {
    ({ world, twin } = armWorld({ readSecret: () => 'hunter2' }));
    const reference = {
      keyVault: { id: '/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv' },
      secretName: 'key',
    };
    const main = one({}, { parameters: { key: { type: 'securestring' } } });
    world.artifacts = {
      infrastructure: {
        'main.json': JSON.stringify(main),
        'main.parameters.dev.json': JSON.stringify({ parameters: { key: { reference } } }),
      },
    };
    const { refused } = await deploy();
    expect(refused).toBeNull();
    expect([...world.contents.values()].map((bytes) => Buffer.from(bytes).toString()).join()).not.toContain(
      'hunter2',
    );
  });
});

describe('what is refused before anything is deployed', () => {
  afterEach(() => expect(puts()).toBe(0));

  test.each([
    [
      'only Bicep',
      { 'main.bicep': 'x' },
      'no main.json, only Bicep, which Azure Resource Manager does not read. Compile it in the build: az bicep build',
    ],
    ['text that is not JSON', { 'main.json': '{' }, 'main.json of the artifact infrastructure is not JSON'],
    ['JSON that is no template', { 'main.json': '{}' }, 'is no ARM template'],
    [
      'a template for a subscription',
      {
        'main.json': JSON.stringify(
          template({ $schema: 'https://x/schemas/2018-05-01/subscriptionDeploymentTemplate.json#' }),
        ),
      },
      "set targetScope to 'resourceGroup'",
    ],
    [
      'more than 4 MB',
      { 'main.json': JSON.stringify(template({ metadata: 'x'.repeat(4 * 1024 * 1024) })) },
      'Azure takes 4 MB',
    ],
    [
      'a parameter file of another form',
      { 'main.json': JSON.stringify(one()), 'main.parameters.dev.json': '[]' },
      'is no parameter file',
    ],
  ])('%s', async (_what, files: Record<string, string>, why) => {
    world.artifacts = { infrastructure: files };
    expect(await refusalOf()).toContain(why);
  });

  test('a resource group that does not exist, with the command that makes it', async () => {
    world.values.variables.rgName = 'rg-none';
    release(one());
    expect(await refusalOf()).toBe(
      `Refusal: There is no resource group rg-none. Create it: az group create --subscription ${SUBSCRIPTION} --name rg-none --location eastus2. Or correct the variable rgName.`,
    );
  });

  test('a resource that its provider does not take, in one readable sentence', async () => {
    release(template({ resources: [storage('Not A Name')] }));
    expect(await refusalOf()).toMatch(
      /^Refusal: Azure Resource Manager refuses: AccountNameInvalid: [^{}\n]*$/,
    );
  });

  test('an expression that leads nowhere', async () => {
    release(one({ tags: { a: "[parameters('gone')]" } }));
    expect(await refusalOf()).toMatch(/refuses: InvalidTemplate: .*gone/);
  });

  test('an identity without the right to look', async () => {
    ({ world, twin } = armWorld({ permits: () => false }));
    release(one());
    expect(await refusalOf()).toMatch(
      /does not allow this to Slipway's identity: AuthorizationFailed: .*role Contributor/,
    );
  });

  test('a subscription that is no id', async () => {
    world.values.subscription = 'mine';
    release(one());
    expect(await refusalOf()).toContain('"mine" is no id of a subscription');
  });
});

describe('one deployment, whatever happens', () => {
  beforeEach(() => release(one()));

  test.each(['before', 'after'] as const)(
    'an answer of the start that is lost %s its effect',
    async (when) => {
      twin.faults.add({ kind: 'drop', match: 'Deployments_CreateOrUpdate', times: 1, when });
      const first = await deploy().catch((error: unknown) => error);
      if (when === 'before') {
        expect(first).toMatchObject({ name: 'TransientFailure' });
        await deploy();
      }
      expect(deployments()).toHaveLength(1);
      expect(puts()).toBe(when === 'before' ? 2 : 1);
      expect(twin.resource(stoneId)).toBeDefined();
    },
  );

  test('500 after the effect', async () => {
    twin.faults.add({
      kind: 'status',
      status: 500,
      match: 'Deployments_CreateOrUpdate',
      times: 1,
      when: 'after',
    });
    expect((await deploy()).refused).toBeNull();
    expect(puts()).toBe(1);
  });

  test('429 before it', async () => {
    twin.faults.add({
      kind: 'status',
      status: 429,
      retryAfterInSeconds: 3,
      match: 'Deployments_CreateOrUpdate',
      times: 1,
    });
    expect((await deploy()).refused).toBeNull();
    expect([puts(), deployments().length]).toEqual([2, 1]);
  });

  test('another try of the step finds the deployment of the first one', async () => {
    const changes = await plan(infrastructure, world);
    const context = await contextOf(infrastructure, world, null);
    const first = await underVirtualTime(world.clock, infrastructure.apply(context, changes));
    expect(first).toMatchObject({ waiting: {} });
    await apply(infrastructure, world, changes);
    expect(puts()).toBe(1);
  });

  test('a look at the state that fails starts nothing', async () => {
    twin.faults.add({ kind: 'status', status: 500, match: 'Deployments_Get', times: 4 });
    await expect(deploy()).rejects.toMatchObject({ name: 'TransientFailure' });
    expect(puts()).toBe(0);
  });

  test('after a failure nobody knows of, the next plan deploys again', async () => {
    twin.faults.add({ kind: 'drop', match: 'Deployments_*', skip: 1, when: 'after' });
    await expect(deploy()).rejects.toMatchObject({ name: 'TransientFailure' });
    twin.faults.clear();
    const { changes } = await redeploy();
    expect(changes.find(({ target }) => target === TEMPLATE)?.detail).toContain(
      'an earlier deployment was interrupted',
    );
    expect((await redeploy('release-3')).changes).toEqual([]);
  });
});

describe('a deployment that does not end well', () => {
  beforeEach(() => release(one()));

  test('refuses the step and says of which resource, and why', async () => {
    twin.addResourceFault({
      kind: 'fail',
      match: '/*/stone',
      code: 'StorageAccountAlreadyTaken',
      message: 'The name stone is taken.',
    });
    const { refused } = await deploy();
    expect(refused).toMatch(
      /^The deployment slipway-release-1-\w+ in rg-parking-sensors-dev failed: Microsoft\.Storage\/storageAccounts\/stone: StorageAccountAlreadyTaken: The name stone is taken\.$/,
    );
  });

  test('says it also of a resource in a module', async () => {
    world.artifacts = { infrastructure: exampleInfrastructure() };
    twin.addResourceFault({
      kind: 'fail',
      match: 'Microsoft.Storage/storageAccounts',
      code: 'Conflict',
      message: 'Busy.',
    });
    expect((await deploy()).refused).toMatch(
      /failed: Microsoft\.Storage\/storageAccounts\/stparkingsensorsdev001: Conflict: Busy\.$/,
    );
  });

  test('says it where no resource failed but an output', async () => {
    release(one({}, { outputs: { x: { type: 'string', value: "[reference('stone').gone]" } } }));
    expect((await deploy()).refused).toMatch(/failed: DeploymentOutputEvaluationFailed: /);
  });

  test('a new release is not held up by it', async () => {
    twin.addResourceFault({ kind: 'fail', match: '/*/stone', code: 'Conflict', message: 'Busy.', times: 1 });
    expect((await deploy()).refused).not.toBeNull();
    expect((await redeploy()).refused).toBeNull();
  });

  test('outputs that no run can carry refuse the step', async () => {
    release(one({}, { outputs: { x: { type: 'string', value: 'x'.repeat(20_000) } } }));
    expect((await deploy()).refused).toMatch(
      /^Azure has deployed main\.json \(slipway-release-1-\w+\), but its outputs are longer than 16000 characters, which no run can carry\. Give out names and ids instead of whole objects, then release again\.$/,
    );
  });

  test('a release after that knows that it was deployed, and what it made', async () => {
    const outputs = { x: { type: 'string', value: 'x'.repeat(20_000) } };
    release(template({ resources: [storage('stone'), storage('sttwo')], outputs }));
    await deploy();
    release(one());
    const { changes, output } = await redeploy();
    expect(changes.find(({ target }) => target === TEMPLATE)?.detail).toContain('left in Azure');
    expect(output?.left).toEqual([expect.stringMatching(/\/sttwo$/)]);
  });

  test('a deployment of the same name that is not ours is left alone', async () => {
    const changes = await plan(infrastructure, world);
    await underVirtualTime(
      world.clock,
      infrastructure.apply(await contextOf(infrastructure, world, null), changes),
    );
    twin.importState(twin.exportState().replaceAll('slipway-content', 'another-tag'));
    expect((await apply(infrastructure, world, changes)).refused).toContain('was not made by Slipway');
  });

  test('a deployment that never ends is stopped and given up after six hours', async () => {
    twin.addResourceFault({ kind: 'delay', match: '*', delayInMs: 24 * 3_600_000 });
    const { refused, calls } = await deploy();
    expect(refused).toMatch(/has not ended in 6 hours, and Slipway has told it to stop\.$/);
    expect(calls).toBeLessThan(400);
    expect(twin.log.count('Deployments_Cancel')).toBe(1);
    expect(twin.exportState()).toContain('Canceled');
  });

  test('or given up alone, where Slipway may not stop it', async () => {
    twin.addResourceFault({ kind: 'delay', match: '*', delayInMs: 24 * 3_600_000 });
    twin.faults.add({ kind: 'status', status: 403, match: 'Deployments_Cancel' });
    expect((await deploy()).refused).toMatch(
      /in 6 hours, and cannot be told to stop: Azure .* does not allow/,
    );
  });
});

describe('a run that is cancelled', () => {
  const cancel = async (memo: Json = { since: world.clock.now() }) => {
    const context = await contextOf(infrastructure, world, memo);
    return underVirtualTime(world.clock, Promise.resolve(infrastructure.cancel?.(context)));
  };
  /** Asks as the engine does, until the step says that it is over. */
  const cancelToEnd = async () => {
    let memo: Json = null;
    for (let calls = 1; ; calls += 1) {
      const outcome = await cancel(memo);
      if (outcome === undefined || !('waiting' in outcome)) return { outcome, calls };
      const { until } = outcome.waiting;
      memo = outcome.waiting.memo;
      await underVirtualTime(world.clock, world.clock.sleep(until - world.clock.now()));
    }
  };
  const start = async () => {
    const changes = await plan(infrastructure, world);
    const context = await contextOf(infrastructure, world, null);
    await underVirtualTime(world.clock, infrastructure.apply(context, changes));
  };

  test('tells its deployment to stop once, and asks more and more rarely, for a quarter of an hour', async () => {
    release(one());
    twin.addResourceFault({ kind: 'delay', match: '*', delayInMs: 24 * 3_600_000 });
    await start();
    // Azure takes the request, and resources that are being made go on.
    twin.faults.add({ kind: 'status', status: 409, match: 'Deployments_Cancel' });
    const before = world.clock.now();
    const { outcome, calls } = await cancelToEnd();
    expect(outcome).toMatchObject({
      refused: expect.stringMatching(
        /was told to stop 15 minutes ago and goes on: cancel it in the Azure portal, or let it end before the next release\.$/,
      ),
    });
    expect(twin.log.count('Deployments_Cancel')).toBe(1);
    expect(calls).toBeLessThan(40);
    expect(world.clock.now() - before).toBeLessThanOrEqual(16 * 60_000);
  });

  test('tells it again where nobody knows whether it heard', async () => {
    release(one());
    await start();
    twin.faults.add({ kind: 'drop', match: 'Deployments_Cancel', times: 5, when: 'before' });
    await expect(cancel(null)).rejects.toMatchObject({ name: 'TransientFailure' });
    twin.faults.clear();
    expect((await cancelToEnd()).outcome).toEqual({ done: {} });
  });

  test('stops its deployment, and asks until it has stopped', async () => {
    release(one());
    const changes = await plan(infrastructure, world);
    await underVirtualTime(
      world.clock,
      infrastructure.apply(await contextOf(infrastructure, world, null), changes),
    );
    expect(await cancel()).toMatchObject({ waiting: {} });
    expect(await cancel()).toEqual({ done: {} });
    expect(twin.log.count('Deployments_Cancel')).toBe(1);
    expect((await apply(infrastructure, world, changes)).refused).toContain('was cancelled');
    expect(twin.resource(stoneId)).toBeUndefined();
  });

  test('starts none any more, and has nothing to stop then', async () => {
    release(one());
    const changes = await plan(infrastructure, world);
    world.abort.abort();
    await expect(apply(infrastructure, world, changes)).rejects.toThrow('cancelled');
    expect(await cancel()).toEqual({ done: {} });
    expect(puts()).toBe(0);
  });
});
