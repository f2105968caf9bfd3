import { describe, expect, test } from '@jest/globals';
import { TransientFailure } from '../../shared/errors.ts';
import { readSnapshot } from '../../shared/project/snapshot.ts';
import { namesOfRelease, REQUIRED_VARIABLES } from '../../shared/steps/configuration/names.ts';
import { configuration } from '../../shared/steps/configuration.ts';
import { infrastructure } from '../../shared/steps/infrastructure.ts';
import { MemoryContent } from '../adapters/memory-content.ts';
import type { IntakeOptions } from './intake-world.ts';
import { exampleFile, intakeWorld, requestsOf } from './intake-world.ts';
import type { Artifacts, World } from './step-runner.ts';
import { newWorld, runToEnd } from './step-runner.ts';

const SUBSCRIPTION = '11111111-1111-4111-8111-111111111111';
const CONFIGURATION_FILES = [
  'unity-catalog.json',
  'cluster-policies.json',
  'clusters.json',
  'jobs.json',
  'permissions.json',
  'tests.json',
  'feature-flags.json',
];

/** The example's release, as far as names are looked for in it. */
function exampleRelease(): Artifacts {
  const files = CONFIGURATION_FILES.map((name) => [name, exampleFile(`databricks/config/${name}`)] as const);
  return {
    'python-wheel': { 'parking_sensors-1.0.0-py3-none-any.whl': 'x' },
    'databricks-notebooks': { 'a.py': 'x' },
    'databricks-tests': { 'run_suite.py': 'x' },
    'databricks-config': Object.fromEntries(files),
    infrastructure: {
      'main.json': exampleFile('infrastructure/main.json'),
      'main.parameters.dev.json': exampleFile('infrastructure/main.parameters.dev.json'),
    },
  };
}

const GROUPS = JSON.parse(Buffer.from(exampleFile('variable-groups.json')).toString('utf8')) as Record<
  string,
  Record<string, string>
>;
const ENOUGH = Object.fromEntries(REQUIRED_VARIABLES.map((name) => [name, `value of ${name}`]));

function intake(keys: readonly string[] = ['dev'], options: IntakeOptions = {}) {
  const { clock, clients, twin, vault } = intakeWorld(options);
  const environments = keys.map((key) => [key, { key, subscription: SUBSCRIPTION, keyVault: null }]);
  const input = {
    organization: 'contoso',
    project: 'parking',
    environments: Object.fromEntries(environments) as Record<string, object>,
  };
  const world = newWorld({ clock, clients, input, stage: 'intake' });
  /** Lets the run go to these environments only. */
  const goTo = (names: readonly string[]) => {
    world.ahead = names.map((name) => ({
      kind: infrastructure,
      world: newWorld({ clock, environment: name, stage: name }),
    }));
  };
  goTo(keys);
  const group = (name: string, variables: Record<string, string | { value: string; isSecret: boolean }>) =>
    twin.addVariableGroup({ project: 'parking', name: `parking-sensors-${name}`, variables });
  const secrets = (key: string, names: readonly string[]) =>
    twin.addVariableGroup({
      project: 'parking',
      name: `parking-sensors-secrets-${key}`,
      vault: 'kv-parking-dev',
      variables: Object.fromEntries(names.map((name) => [name, ''])),
    });
  return { world, twin, vault, group, secrets, goTo };
}

async function snapshotOf(world: World, digest: unknown) {
  const content = new MemoryContent();
  for (const [key, bytes] of world.contents) content.contents.set(key, bytes);
  return readSnapshot(content, String(digest));
}

/** Why the release cannot begin. */
async function refusalOf(world: World): Promise<string> {
  return runToEnd(configuration, world).then(
    () => 'it could begin',
    (error: Error) => error.message,
  );
}

describe('a run keeps the values with which it began', () => {
  test("the example's groups have all that its files need, in every environment", async () => {
    const { world, twin } = intake(['dev', 'stg', 'prod']);
    for (const [name, variables] of Object.entries(GROUPS))
      twin.addVariableGroup({ project: 'parking', name, variables });
    world.artifacts = exampleRelease();
    const { output } = await runToEnd(configuration, world);
    const snapshot = await snapshotOf(world, output?.snapshot);
    expect(Object.keys(snapshot.environments)).toEqual(['dev', 'prod', 'stg']);
    expect(snapshot.environments.prod).toEqual({
      key: 'prod',
      subscription: SUBSCRIPTION,
      variables: GROUPS['parking-sensors-release-prod'],
      secrets: {},
    });
    expect(requestsOf(twin)).toEqual({ 'VariableGroups.GetByName': 6 });
    expect(twin.service.violations()).toEqual([]);
  });

  test('of secrets it keeps vault, name and version, and no value is ever asked for or stored', async () => {
    const { world, vault, group, secrets } = intake();
    group('release-dev', ENOUGH);
    secrets('dev', ['sqlPassword']);
    vault.setSecret('sqlPassword', 'canary-1');
    await world.clock.runUntil(() => true, world.clock.now() + 5_000);
    vault.setSecret('sqlPassword', 'canary-2');
    const { output } = await runToEnd(configuration, world);
    const { dev } = (await snapshotOf(world, output?.snapshot)).environments;
    expect(dev?.secrets).toEqual({
      sqlPassword: {
        vault: 'kv-parking-dev',
        name: 'sqlPassword',
        version: expect.stringMatching(/^[0-9a-f]{32}$/),
      },
    });
    expect(vault.secretValue('sqlPassword', dev?.secrets.sqlPassword?.version)).toBe('canary-2');
    expect(vault.log.requests().map(({ operation }) => operation)).toEqual(['GetSecretVersions']);
    const everything = [...world.contents.values()].map((bytes) => Buffer.from(bytes).toString()).join();
    expect(`${everything}${JSON.stringify(output)}${world.log.join()}`).not.toContain('canary');
    expect(vault.violations()).toEqual([]);
  });

  test('secrets that Azure DevOps keeps to itself are left alone, and the log says so', async () => {
    const { world, group } = intake();
    group('release-dev', ENOUGH);
    group('secrets-dev', { token: { value: 'canary', isSecret: true } });
    const { output } = await runToEnd(configuration, world);
    expect((await snapshotOf(world, output?.snapshot)).environments.dev?.secrets).toEqual({});
    expect(world.log.join()).toContain('left alone: token');
  });

  test('the vault of the project file holds the secrets of a group without one', async () => {
    const { world, vault, group } = intake();
    world.input = {
      ...world.input,
      environments: { dev: { key: 'dev', subscription: SUBSCRIPTION, keyVault: 'kv-parking-dev' } },
    };
    group('release-dev', ENOUGH);
    group('secrets-dev', { token: { value: 'x', isSecret: true } });
    vault.setSecret('token', 'x');
    const { output } = await runToEnd(configuration, world);
    const { dev } = (await snapshotOf(world, output?.snapshot)).environments;
    expect(dev?.secrets.token?.vault).toBe('kv-parking-dev');
  });
});

describe('a run that goes to one environment', () => {
  test('reads the values of that one, and keeps the keys of the others', async () => {
    const { world, twin, group, secrets, goTo } = intake(['dev', 'stg', 'prod']);
    group('release-prod', ENOUGH);
    secrets('dev', ['gone']);
    goTo(['prod']);
    world.artifacts = { infrastructure: { 'main.parameters.dev.json': `{"v":"\${tpyo}"` } };
    const { output } = await runToEnd(configuration, world);
    const { environments } = await snapshotOf(world, output?.snapshot);
    expect(environments.prod?.variables).toEqual(ENOUGH);
    expect(environments.dev).toEqual({ key: 'dev', subscription: SUBSCRIPTION, variables: {}, secrets: {} });
    expect(Object.keys(environments)).toEqual(['dev', 'prod', 'stg']);
    expect(output?.environments).toEqual({ prod: { variables: 8, secrets: 0 } });
    expect(requestsOf(twin)).toEqual({ 'VariableGroups.GetByName': 2 });
  });

  test.each(['release', 'redeploy'] as const)('as a %s is refused for its own secrets', async (kind) => {
    const { world, group, secrets } = intake();
    world.kind = kind;
    group('release-dev', ENOUGH);
    secrets('dev', ['gone']);
    expect(await refusalOf(world)).toContain('dev: the key vault kv-parking-dev has no secret gone.');
  });
});

describe('nothing stands in the way of going back', () => {
  function rollback(options: IntakeOptions = {}) {
    const made = intake(['dev'], options);
    made.world.kind = 'rollback';
    return made;
  }

  test('but the log has what is wrong with secrets', async () => {
    const { world, group, secrets } = rollback();
    group('release-dev', ENOUGH);
    secrets('dev', ['gone']);
    expect((await runToEnd(configuration, world)).output).toHaveProperty('snapshot');
    expect(world.log.join()).toContain('dev: the key vault kv-parking-dev has no secret gone.');
  });

  test('not even a vault that lets nobody in', async () => {
    const { world, group, secrets } = rollback({ permits: () => false });
    group('release-dev', ENOUGH);
    secrets('dev', ['token']);
    expect((await runToEnd(configuration, world)).output).toHaveProperty('snapshot');
    expect(world.log.join()).toContain('Give it the role Key Vault Reader');
  });

  test('except a name without a value, with which nothing could be deployed', async () => {
    const { world, group } = rollback();
    const { rgName: _left, ...others } = ENOUGH;
    group('release-dev', others);
    expect(await refusalOf(world)).toContain('has no value for rgName');
  });
});

describe('a release begins only when every environment has all that it needs', () => {
  test('one message names all that is missing in all environments, and where it is used', async () => {
    const { world, group } = intake(['dev', 'stg', 'prod']);
    const { rgName: _left, ...withoutGroup } = ENOUGH;
    group('release-dev', { ...withoutGroup, nodeType: 'x' });
    group('release-stg', { ...ENOUGH, nodeType: '' });
    world.artifacts = { 'databricks-config': { 'jobs.json': `{"jobs":[{"name":"\${nodeType}"}]}` } };
    expect(await refusalOf(world)).toBe(
      'The release cannot begin: its configuration is not complete. ' +
        'dev: the group parking-sensors-release-dev has no value for rgName. ' +
        'stg: the group parking-sensors-release-stg has no value for nodeType (databricks-config/jobs.json). ' +
        "prod: there is no variable group parking-sensors-release-prod in the project parking, or Slipway's identity is " +
        'no reader of it. Nothing was deployed. Correct this in Azure DevOps under Pipelines, Library, or in the files, ' +
        'then retry.',
    );
  });

  test.each([
    [{}, 'which the build did not publish: compile it with az bicep build'],
    [{ 'main.json': '{"outputs":{}}' }, 'infrastructure/main.json has no output gone, which'],
  ])('an output that no template gives is no matter of variables', async (infrastructure, why) => {
    const { world, group } = intake();
    group('release-dev', ENOUGH);
    world.artifacts = {
      infrastructure,
      'databricks-config': { 'clusters.json': `{"x":"\${outputs.gone}"}` },
    };
    const refusal = await refusalOf(world);
    expect(refusal).toContain(why);
    expect(refusal).not.toContain('no value for');
  });

  test.each(['policies.gone', 'clusters.gone', 'slipway.wheel', 'slipway.tpyo'])(
    'a file that uses %s, which nothing will give a value to, is refused by name',
    async (name) => {
      const { world, group } = intake();
      group('release-dev', ENOUGH);
      world.artifacts = { 'databricks-config': { 'clusters.json': JSON.stringify({ x: `\${${name}}` }) } };
      expect(await refusalOf(world)).toContain(`no value for ${name} (databricks-config/clusters.json)`);
    },
  );

  test('names that other steps give a value to need none here', async () => {
    const { world, group } = intake();
    group('release-dev', ENOUGH);
    world.artifacts = exampleRelease();
    world.artifacts['databricks-config'] = {
      'cluster-policies.json': '{"policies":[{"name":"small"}]}',
      'jobs.json': JSON.stringify({
        x: `\${outputs.accessConnectorId} \${policies.small} \${slipway.wheel} $\${literal} {{secrets/a/b}}`,
      }),
    };
    expect((await runToEnd(configuration, world)).output).toHaveProperty('snapshot');
  });

  test('a parameter file counts for its own environment only', async () => {
    const { world, group } = intake(['dev', 'stg']);
    group('release-dev', { ...ENOUGH, size: 'small' });
    group('release-stg', ENOUGH);
    world.artifacts = { infrastructure: { 'main.parameters.dev.json': `{"v":"\${size}"}` } };
    expect((await runToEnd(configuration, world)).output).toHaveProperty('snapshot');
    world.artifacts = { infrastructure: { 'main.parameters.stg.json': `{"v":"\${size}"}` } };
    expect(await refusalOf(world)).toContain('no value for size (infrastructure/main.parameters.stg.json)');
  });

  test.each(['secrets', 'release'])('a file that names a secret of the %s group is refused', async (kind) => {
    const { world, group } = intake();
    const token = { token: { value: 'canary', isSecret: true } };
    group('release-dev', kind === 'release' ? { ...ENOUGH, ...token } : ENOUGH);
    group('secrets-dev', kind === 'secrets' ? token : {});
    world.artifacts = { 'databricks-config': { 'jobs.json': `{"a":"\${token}"}` } };
    const refusal = await refusalOf(world);
    expect(refusal).toContain(
      'dev: token (databricks-config/jobs.json) is a secret of parking-sensors-secrets-dev',
    );
    expect(refusal).toContain('{{secrets/scope/key}}');
    expect(refusal).not.toContain('canary');
  });

  test('secrets that are gone, disabled or expired are named', async () => {
    const { world, vault, group, secrets } = intake();
    group('release-dev', ENOUGH);
    secrets('dev', ['gone', 'off', 'old', 'under_score']);
    vault.setSecret('off', 'canary', { attributes: { enabled: false } });
    vault.setSecret('old', 'canary', { attributes: { exp: Math.floor(world.clock.now() / 1000) - 1 } });
    const refusal = await refusalOf(world);
    for (const problem of [
      'the key vault kv-parking-dev has no secret gone',
      'the key vault kv-parking-dev has no secret under_score',
      'the secret off of the key vault kv-parking-dev is disabled',
      'the secret old of the key vault kv-parking-dev is expired',
    ])
      expect(refusal).toContain(`dev: ${problem}.`);
  });

  test('a storage that does not answer is no fault of a file', async () => {
    const content = new MemoryContent();
    content.get = () => Promise.reject(new TransientFailure('the storage is busy'));
    const names = namesOfRelease(
      content,
      {
        schema: 1,
        artifacts: { 'databricks-config': [{ path: 'jobs.json', size: 2, sha256: 'a'.repeat(64) }] },
      },
      new Set(['dev']),
    );
    await expect(names).rejects.toThrow('the storage is busy');
  });

  test('a file that is not JSON is named', async () => {
    const { world, group } = intake();
    group('release-dev', ENOUGH);
    world.artifacts = { 'databricks-config': { 'jobs.json': '{"jobs":' } };
    expect(await refusalOf(world)).toContain('databricks-config/jobs.json is not JSON');
  });

  test("a vault that does not let Slipway's identity look is named, with the role that is missing", async () => {
    const { world, group, secrets } = intake(['dev'], { permits: () => false });
    group('release-dev', ENOUGH);
    secrets('dev', ['token']);
    expect(await refusalOf(world)).toContain('Give it the role Key Vault Reader');
  });
});
