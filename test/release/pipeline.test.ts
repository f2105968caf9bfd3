import { describe, expect, test } from '@jest/globals';
import { pipelineProblems } from '../../shared/release/pipeline.ts';
import { pipeline, remoteStep, stage, step, threeEnvironments, twoEnvironments } from './pipelines.ts';

describe('a pipeline has a problem', () => {
  test.each([
    ['no stage', pipeline([]), 'the pipeline has no stage'],
    ['a stage twice', pipeline([stage('dev'), stage('dev')]), 'pipeline: "dev" stands twice'],
    [
      'a stage after none',
      pipeline([stage('dev', { after: ['moon'] })]),
      'pipeline: "dev" is after "moon", which does not stand before it',
    ],
    [
      'a stage after a later one',
      pipeline([stage('dev', { after: ['staging'] }), stage('staging')]),
      'pipeline: "dev" is after "staging", which does not stand before it',
    ],
    [
      'a stage after itself',
      pipeline([stage('dev', { after: ['dev'] })]),
      'pipeline: "dev" is after "dev", which does not stand before it',
    ],
    [
      'steps that wait for each other',
      pipeline([stage('dev', { steps: [step('a', { after: ['b'] }), step('b', { after: ['a'] })] })]),
      'stage dev: "a" is after "b", which does not stand before it',
    ],
    [
      'a step twice',
      pipeline([stage('dev', { steps: [step('a'), step('a')] })]),
      'stage dev: "a" stands twice',
    ],
    ['an odd name', pipeline([stage('Dev One')]), 'pipeline: "Dev One" is not a kebab-case name'],
    [
      'an environment that is not there',
      { ...pipeline([stage('dev')]), environments: [] },
      'stage dev: there is no environment "dev"',
    ],
  ])('with %s', (_what, table, problem) => {
    expect(pipelineProblems(table)).toContain(problem);
  });

  test.each([
    ['a row of stages', twoEnvironments()],
    ['stages and tests in one environment', threeEnvironments()],
    [
      'a stage without an environment',
      pipeline([stage('intake', { environment: null, steps: [remoteStep('qa')] })]),
    ],
  ])('but not with %s', (_what, table) => {
    expect(pipelineProblems(table)).toEqual([]);
  });
});
