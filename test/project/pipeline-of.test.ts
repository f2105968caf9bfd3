import { describe, expect, test } from '@jest/globals';
import hostSettings from '../../host.json';
import { FUNCTION_TIMEOUT_IN_MS, pipelineOf } from '../../shared/project/pipeline-of.ts';
import { readProjectFile } from '../../shared/project/project-file.ts';
import { pipelineProblems } from '../../shared/release/pipeline.ts';

const SUBSCRIPTION = '10000000-0000-4000-8000-000000000001';
const YAML = `
project: parking
azureDevOps: { organization: contoso, project: parking, artifactsPipeline: 138 }
environments:
  dev: { key: dev, subscription: ${SUBSCRIPTION} }
  staging: { key: stg, subscription: ${SUBSCRIPTION}, keyVault: kv-parking-stg, approvals: 1 }
  production:
    key: prod
    subscription: ${SUBSCRIPTION}
    approvals: 2
    approvers: [ada, bob]
    policy: sequential
    strategy: versioned
    keepReleases: 5
    rollback: on-failed-verification
    approvalExpires: 2 days
    freezeWindows: [{ when: fri 17:00 - mon 07:00, why: rest }]
`;
const FILE = readProjectFile(YAML);
const FIRST = ['infrastructure', 'unity-catalog', 'wheel', 'notebooks'];
const REQUIRED = ['python-wheel', 'infrastructure', 'databricks-notebooks', 'databricks-config'];
const ALL = [
  ...[...FIRST, 'databricks-config', 'feature-flags', 'clean-up', 'pre-flight'],
  ...['integration-tests', 'smoke-tests', 'feature-rollout'],
];

function pipelineWith(kinds: readonly string[]) {
  return pipelineOf(FILE, { id: '20001' }, new Set(kinds));
}

function stepsOf(kinds: readonly string[], stage: string) {
  return pipelineWith(kinds).stages.find(({ name }) => name === stage)?.steps ?? [];
}

/** The pipeline of dev, staging and production, each with more keys. */
function pipelineFrom(more: Readonly<Record<string, string>>) {
  const environments = ['dev', 'staging', 'production'].map(
    (name) => `  ${name}: { key: ${name.slice(0, 4)}, subscription: ${SUBSCRIPTION}, ${more[name] ?? ''} }`,
  );
  const yaml = `${YAML.slice(0, YAML.indexOf('  dev:'))}${environments.join('\n')}\n`;
  const pipeline = pipelineOf(readProjectFile(yaml), { id: '20001' }, new Set(ALL));
  expect(pipelineProblems(pipeline)).toEqual([]);
  return pipeline;
}

/** The stages that are neither intake nor deployments, with their environments. */
function followersWith(more: Readonly<Record<string, string>>) {
  const followers = pipelineFrom(more).stages.filter(
    ({ name, environment }) => environment !== null && name !== environment,
  );
  return followers.map(({ name, environment }) => [name, environment]);
}

describe("the document's pipeline", () => {
  test('goes from the intake through every environment, with tests where people look at the results', () => {
    const { stages } = pipelineWith(ALL);
    expect(stages.map(({ name, environment, after }) => [name, environment, ...after])).toEqual([
      ['intake', null],
      ['dev', 'dev', 'intake'],
      ['staging', 'staging', 'dev'],
      ['integration-tests', 'staging', 'staging'],
      ['production', 'production', 'integration-tests'],
      ['smoke-tests', 'production', 'production'],
      ['rollout', 'production', 'smoke-tests'],
    ]);
  });

  test('tests and rolls out where the file says, whatever the environments are called', () => {
    const more = {
      dev: 'tests: smoke-tests',
      staging: 'tests: none, rollout: true',
      production: 'rollout: false',
    };
    expect(followersWith(more)).toEqual([
      ['smoke-tests-dev', 'dev'],
      ['rollout', 'staging'],
      ['smoke-tests-production', 'production'],
    ]);
    const uat = followersWith({ dev: 'tests: integration-tests' });
    expect(uat.slice(0, 2)).toEqual([
      ['integration-tests-dev', 'dev'],
      ['integration-tests-staging', 'staging'],
    ]);
  });

  test('moves flags step by step only where a rollout follows', () => {
    const gradual = (keys: string) => {
      const { stages } = pipelineFrom({ production: keys });
      return stages.find(({ name }) => name === 'production')?.steps[0]?.input.gradual;
    };
    expect([gradual(''), gradual('rollout: true'), gradual('rollout: false')]).toEqual([true, true, false]);
    expect(gradual('when: failed')).toBe(false);
    expect(gradual('skip: [rollout]')).toBe(true);
  });

  test('looks ahead last in the intake, before anything is written', () => {
    expect(stepsOf(ALL, 'intake').map(({ name, after }) => [name, ...after])).toEqual([
      ['artifacts'],
      ['configuration', 'artifacts'],
      ['pre-flight', 'configuration'],
    ]);
  });

  test('rolls flags out beside newer releases', () => {
    const sharing = pipelineWith(ALL).stages.filter(({ sharesEnvironment }) => sharesEnvironment);
    expect(sharing.map(({ name }) => name)).toEqual(['rollout']);
  });

  test('says to every deployment how it is done, and to the tests where their results go', () => {
    for (const { input } of stepsOf(ALL, 'staging'))
      expect(input).toEqual({ strategy: 'in-place', keep: 3, gradual: false });
    for (const { input } of stepsOf(ALL, 'production'))
      expect(input).toEqual({ strategy: 'versioned', keep: 5, gradual: true });
    const results = { organization: 'contoso', project: 'parking', build: '20001' };
    expect(stepsOf(ALL, 'smoke-tests')).toMatchObject([{ input: { strategy: 'versioned', ...results } }]);
  });

  test('says to every deployment whether it looks for drift, and whether folders of people are allowed', () => {
    const more = 'verifyNotebooks: true, allowPersonalFolders: true';
    const [left, right] = pipelineFrom({ dev: more }).stages.slice(1);
    for (const { input } of left?.steps ?? [])
      expect(input).toMatchObject({ verifyNotebooks: true, allowPersonalFolders: true });
    for (const { input } of right?.steps ?? []) expect(Object.keys(input)).not.toContain('verifyNotebooks');
  });

  test('says to every deployment what its environment leaves out', () => {
    const [left] = pipelineFrom({ dev: 'skip: [notebooks, wheel]' }).stages.slice(1);
    for (const { input } of left?.steps ?? []) expect(input).toMatchObject({ skip: ['notebooks', 'wheel'] });
  });

  test.each([[[]], [FIRST], [ALL], [['notebooks']], [['feature-flags', 'smoke-tests']]])(
    'is sound with the kinds %j, and has no step of another',
    (kinds) => {
      const pipeline = pipelineWith(kinds);
      expect(pipelineProblems(pipeline)).toEqual([]);
      const used = pipeline.stages.filter(({ name }) => name !== 'intake').flatMap(({ steps }) => steps);
      expect(used.filter(({ kind }) => !kinds.includes(kind))).toEqual([]);
    },
  );

  test('deploys in one order, wheel and notebooks side by side', () => {
    expect(stepsOf(ALL, 'dev').map(({ name, after }) => [name, ...after])).toEqual([
      ['infrastructure'],
      ['unity-catalog', 'infrastructure'],
      ['wheel', 'unity-catalog'],
      ['notebooks', 'unity-catalog'],
      ['databricks-config', 'wheel', 'notebooks'],
      ['feature-flags', 'databricks-config'],
      ['clean-up', 'databricks-config'],
    ]);
  });

  test('plans what it deploys, and applies unchanged steps whose output others need', () => {
    const steps = stepsOf(ALL, 'dev');
    expect(steps.every(({ plans, phase }) => plans && phase === 'apply')).toBe(true);
    expect(steps.filter(({ appliesUnchanged }) => appliesUnchanged).map(({ name }) => name)).toEqual([
      'infrastructure',
      'unity-catalog',
      'databricks-config',
    ]);
    expect(stepsOf(ALL, 'smoke-tests')).toMatchObject([{ phase: 'verify', plans: false, cancels: true }]);
  });

  test('holds no claim shorter than a function can live', () => {
    const [hours, minutes, seconds] = hostSettings.functionTimeout.split(':').map(Number);
    const limit = (((hours ?? 0) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)) * 1000;
    expect(FUNCTION_TIMEOUT_IN_MS).toBe(limit);
    const leases = pipelineWith(ALL).stages.flatMap(({ steps }) => steps.map(({ leaseInMs }) => leaseInMs));
    expect(Math.min(...leases)).toBeGreaterThan(limit);
  });

  test('takes gates, freezes, policy and rollback from the file', () => {
    const { stages, environments } = pipelineWith(ALL);
    const gates = stages.map(({ name, gate, rollsBack }) => [name, gate.approvals, rollsBack]);
    expect(gates).toEqual([
      ['intake', 0, false],
      ['dev', 0, false],
      ['staging', 1, false],
      ['integration-tests', 0, false],
      ['production', 2, true],
      ['smoke-tests', 0, true],
      ['rollout', 0, false],
    ]);
    expect(stages.find(({ name }) => name === 'production')?.gate).toEqual({
      approvals: 2,
      approvers: ['ada', 'bob'],
      requesterMayApprove: false,
      expiresInMs: 2 * 86_400_000,
    });
    expect(environments.at(-1)).toEqual({
      name: 'production',
      policy: 'sequential',
      freezeWindows: [{ from: 6780, to: 420, why: 'rest' }],
    });
  });

  test('tells the intake which build to take, of which pipeline and branches, and where values are', () => {
    const [artifacts, configuration] = stepsOf(FIRST, 'intake');
    expect(artifacts?.input).toEqual({
      organization: 'contoso',
      project: 'parking',
      definition: '138',
      branches: ['main'],
      build: '20001',
      requires: REQUIRED,
    });
    expect(configuration?.after).toEqual(['artifacts']);
    expect(configuration?.input).toMatchObject({
      environments: {
        dev: { key: 'dev', subscription: SUBSCRIPTION, keyVault: null },
        staging: { key: 'stg', keyVault: 'kv-parking-stg' },
        production: { key: 'prod', keyVault: null },
      },
    });
  });

  test.each([
    ['skip: [wheel]', ['infrastructure', 'databricks-notebooks', 'databricks-config']],
    ['skip: [databricks-config]', REQUIRED],
    ['skip: [unity-catalog, databricks-config, infrastructure, notebooks]', ['python-wheel']],
  ])('requires no artifact that no environment has a step for: %s', (skip, required) => {
    const everywhere = pipelineFrom({ dev: skip, staging: skip, production: skip });
    expect(everywhere.stages[0]?.steps[0]?.input.requires).toEqual(required);
    const somewhere = pipelineFrom({ dev: skip, staging: skip });
    expect(somewhere.stages[0]?.steps[0]?.input.requires).toEqual(REQUIRED);
  });

  test('names who deploys into an environment, where the file does', () => {
    const identity = 'b1d6a2c4-52f0-4d5e-8a39-6a1f4c1f7e02';
    const file = readProjectFile(YAML.replace('key: prod', `key: prod\n    identity: ${identity}`));
    const { environments } = pipelineOf(file, { id: '20001' }, new Set(ALL));
    expect(environments.map((each) => [each.name, each.identity])).toEqual([
      ['dev', undefined],
      ['staging', undefined],
      ['production', identity],
    ]);
  });
});
