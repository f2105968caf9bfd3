import { describe, expect, test } from '@jest/globals';
import { conditions } from '../../shared/project/conditions.ts';
import { pipelineOf } from '../../shared/project/pipeline-of.ts';
import { readProjectFile } from '../../shared/project/project-file.ts';
import type { Pipeline } from '../../shared/release/pipeline.ts';
import { pipelineProblems } from '../../shared/release/pipeline.ts';
import { DEFAULT_RETRY } from '../../shared/release/retry.ts';
import { environmentPipeline } from '../../shared/release/rollback.ts';

const SUBSCRIPTION = '10000000-0000-4000-8000-000000000001';
const KINDS = new Set([
  ...[
    'infrastructure',
    'unity-catalog',
    'wheel',
    'notebooks',
    'databricks-config',
    'feature-flags',
    'clean-up',
  ],
  ...['integration-tests', 'smoke-tests', 'feature-rollout', 'pre-flight'],
]);

/** The pipeline of dev, qa, staging and production, each with more keys. */
function pipelineWith(more: Readonly<Record<string, string>>, top = ''): Pipeline {
  const environments = ['dev', 'qa', 'staging', 'production'].map(
    (name) => `  ${name}: { key: ${name.slice(0, 4)}, subscription: ${SUBSCRIPTION}, ${more[name] ?? ''} }`,
  );
  const file = readProjectFile(
    `project: parking
azureDevOps: { organization: contoso, project: parking, artifactsPipeline: 138 }
${top}
environments:
${environments.join('\n')}
`,
  );
  const pipeline = pipelineOf(file, { id: '20001' }, KINDS);
  expect(pipelineProblems(pipeline)).toEqual([]);
  return pipeline;
}
const orderOf = ({ stages }: Pipeline) => Object.fromEntries(stages.map(({ name, after }) => [name, after]));
const stageOf = ({ stages }: Pipeline, name: string) => stages.find((stage) => stage.name === name);
const stepsOf = (pipeline: Pipeline, name: string) =>
  (stageOf(pipeline, name)?.steps ?? []).map((step) => [step.name, ...step.after]);

describe('the order of environments', () => {
  test('is that of the file; the turn of one is over with its tests, and the rollout of flags holds up nobody', () => {
    expect(orderOf(pipelineWith({}))).toEqual({
      intake: [],
      dev: ['intake'],
      qa: ['dev'],
      staging: ['qa'],
      'integration-tests': ['staging'],
      production: ['integration-tests'],
      'smoke-tests': ['production'],
      rollout: ['smoke-tests'],
    });
  });

  test('lets environments run side by side, and one wait for several', () => {
    expect(orderOf(pipelineWith({ qa: 'after: []', staging: 'after: [dev, qa]' }))).toMatchObject({
      dev: ['intake'],
      qa: ['intake'],
      staging: ['dev', 'qa'],
    });
    expect(orderOf(pipelineWith({ production: 'after: [staging, dev]' })).production).toEqual([
      'integration-tests',
      'dev',
    ]);
  });

  test('waits for tests, but not for a rollout that may last days', () => {
    const file = readProjectFile(`
project: parking
azureDevOps: { organization: contoso, project: parking, artifactsPipeline: 138 }
environments:
  production: { key: prod, subscription: ${SUBSCRIPTION} }
  archive: { key: arch, subscription: ${SUBSCRIPTION} }
`);
    expect(orderOf(pipelineOf(file, { id: '1' }, KINDS)).archive).toEqual(['smoke-tests']);
  });
});

describe('a turn that depends on how the ones before it ended', () => {
  test('may come also after a failure; its tests still want its own success', () => {
    const pipeline = pipelineWith({ staging: 'when: always' });
    expect(stageOf(pipeline, 'staging')?.when).toBe('always');
    expect(stageOf(pipeline, 'integration-tests')?.when).toBe('succeeded');
  });

  test('only after a failure has no tests, since most often nothing was deployed', () => {
    const pipeline = pipelineWith({ staging: 'when: failed' });
    expect(stageOf(pipeline, 'staging')?.when).toBe('failed');
    expect(stageOf(pipeline, 'integration-tests')).toBeUndefined();
  });

  test('does so in a release only: a rollback and a redeployment of the environment always come', () => {
    for (const when of ['failed', 'always'])
      expect(
        environmentPipeline(pipelineWith({ qa: `when: ${when}` }), 'qa', { gated: true }).stages.map(
          (stage) => stage.when,
        ),
      ).toEqual(['succeeded', 'succeeded']);
  });
});

describe('what is skipped', () => {
  test('is no step of the environment, and what comes after it waits for what it would have waited for', () => {
    const pipeline = pipelineWith({ qa: 'skip: [unity-catalog, databricks-config]' });
    expect(stepsOf(pipeline, 'qa')).toEqual([
      ['infrastructure'],
      ['wheel', 'infrastructure'],
      ['notebooks', 'infrastructure'],
      ['feature-flags', 'wheel', 'notebooks'],
      ['clean-up', 'wheel', 'notebooks'],
    ]);
    expect(stepsOf(pipeline, 'dev')).toHaveLength(7);
  });

  test('stands in the run as skipped where it is a stage of its own, and the release goes on', () => {
    const pipeline = pipelineWith({ staging: 'skip: [integration-tests]', production: 'skip: [rollout]' });
    const skipped = pipeline.stages.filter(({ skip }) => skip).map(({ name }) => name);
    expect(skipped).toEqual(['integration-tests', 'rollout']);
    expect(orderOf(pipeline).production).toEqual(['integration-tests']);
  });
});

describe('what may fail', () => {
  test('is a stage or a step that nothing is built on', () => {
    const pipeline = pipelineWith({ staging: 'allowFailure: [integration-tests, feature-flags]' });
    expect(stageOf(pipeline, 'integration-tests')?.allowFailure).toBe(true);
    const mayFail = stageOf(pipeline, 'staging')?.steps.filter(({ allowFailure }) => allowFailure);
    expect(mayFail?.map(({ name }) => name)).toEqual(['feature-flags', 'clean-up']);
    const others = pipeline.stages.filter(({ name }) => name !== 'integration-tests');
    const cleaning = others.flatMap(({ steps }) => steps).filter(({ name }) => name === 'clean-up');
    expect(cleaning.every(({ allowFailure }) => allowFailure)).toBe(true);
    expect(others.some(({ allowFailure }) => allowFailure)).toBe(false);
  });

  test('rolls nothing back', () => {
    const rollsBack = (more: string) =>
      stageOf(pipelineWith({ production: `rollback: on-failed-verification${more}` }), 'smoke-tests')
        ?.rollsBack;
    expect(rollsBack('')).toBe(true);
    expect(rollsBack(', allowFailure: [smoke-tests]')).toBe(false);
  });
});

test('every name that a file may skip is one of the pipeline', () => {
  const skip = conditions.skip.unwrap().element.options;
  const { stages } = pipelineWith({});
  const names = stages
    .filter(({ environment }) => environment !== null)
    .flatMap((stage) => [stage.name, ...stage.steps.map(({ name }) => name)]);
  expect(skip.filter((name) => !names.includes(name))).toEqual([]);
  expect(stepsOf(pipelineWith({}), 'dev').filter(([name]) => !skip.some((each) => each === name))).toEqual(
    [],
  );
});

describe('retries', () => {
  const policies = (top: string) =>
    new Set(
      pipelineWith({}, top).stages.flatMap(({ steps }) => steps.map(({ retry }) => JSON.stringify(retry))),
    );

  test('are the usual ones unless the file says otherwise', () => {
    expect(policies('')).toEqual(new Set([JSON.stringify(DEFAULT_RETRY)]));
  });

  test('are those of the file for every step', () => {
    expect(
      [...policies('retries: { attempts: 2, firstPause: 10 minutes }')].map((each) => JSON.parse(each)),
    ).toEqual([{ ...DEFAULT_RETRY, attempts: 2, firstDelayInMs: 600_000, maxDelayInMs: 600_000 }]);
    expect(JSON.parse([...policies('retries: { attempts: 1 }')][0] ?? '')).toEqual({
      ...DEFAULT_RETRY,
      attempts: 1,
    });
  });
});
