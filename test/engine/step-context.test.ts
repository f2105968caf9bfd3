import { describe, expect, test } from '@jest/globals';
import type { Clients } from '../../shared/engine/clients.ts';
import { stepContext } from '../../shared/engine/step-context.ts';
import type { Run } from '../../shared/release/model.ts';
import type { Pipeline } from '../../shared/release/pipeline.ts';
import { Driver } from '../release/driver.ts';
import { pipeline, stage, step } from '../release/pipelines.ts';
import { NO_CLIENTS } from './simulator/no-clients.ts';
import { World } from './simulator/world.ts';

const IDENTITY = 'b1d6a2c4-52f0-4d5e-8a39-6a1f4c1f7e02';

/** Intake, dev without an identity, production with one, and tests there. */
function table(): Pipeline {
  const { stages, environments } = pipeline([
    stage('intake', { environment: null, steps: [step('look-ahead')] }),
    stage('dev', { after: ['intake'] }),
    stage('production', { after: ['dev'] }),
    stage('smoke-tests', { environment: 'production', after: ['production'] }),
  ]);
  return {
    stages,
    environments: environments.map((each) =>
      each.name === 'production' ? { ...each, identity: IDENTITY } : each,
    ),
  };
}

function runOf(definition: Pipeline): Run {
  const driver = new Driver();
  driver.request(definition);
  return driver.run();
}

/** The context of the first step of a stage, and whose clients the engine gave to whom. */
function contextIn(run: Run, stageName: string) {
  const given = new Map<Clients, string | null>();
  const clientsFor = (identity: string | null): Clients => {
    const clients = { ...NO_CLIENTS };
    given.set(clients, identity);
    return clients;
  };
  const world = new World({ faults: [], seed: 1 });
  const invocation = { id: 'test', alive: true };
  const ports = { ...world.portsOf(invocation, new Map()), clientsFor };
  const stageState = run.stages.find(({ name }) => name === stageName);
  const stepState = stageState?.steps[0];
  if (stageState === undefined || stepState === undefined) throw new Error(`no stage ${stageName}`);
  const claimed = { run, stage: stageState, step: stepState, environments: new Map() };
  const context = stepContext(ports, claimed, new AbortController().signal);
  return { context, identityOf: ({ clients }: { clients: Clients }) => given.get(clients) };
}

describe('a step works as', () => {
  test.each([
    ['intake', null],
    ['dev', null],
    ['production', IDENTITY],
    ['smoke-tests', IDENTITY],
  ])('the identity of its environment: in %s %s', (name, identity) => {
    const { context, identityOf } = contextIn(runOf(table()), name);
    expect(identityOf(context)).toBe(identity);
  });

  test('the service itself in a run that was stored before environments had identities', () => {
    const stored = runOf(pipeline([stage('production')]));
    const { context, identityOf } = contextIn(stored, 'production');
    expect(identityOf(context)).toBeNull();
  });
});

describe('what is still to come', () => {
  test('is told to a step with the identity of each environment', () => {
    const { context, identityOf } = contextIn(runOf(table()), 'intake');
    const upcoming = context.upcoming().map((next) => [next.context.stage, identityOf(next.context)]);
    expect(upcoming).toEqual([
      ['dev', null],
      ['production', IDENTITY],
      ['smoke-tests', IDENTITY],
    ]);
  });

  test('says what may fail: allowed failures, and what is for a run that has failed', () => {
    const { stages, environments } = table();
    const tolerant = stages.map((each) => {
      if (each.name === 'dev') return { ...each, allowFailure: true };
      if (each.name === 'production')
        return { ...each, steps: [step('a'), step('b', { allowFailure: true })] };
      return each.name === 'smoke-tests' ? { ...each, when: 'failed' as const } : each;
    });
    const { context } = contextIn(runOf({ environments, stages: tolerant }), 'intake');
    const upcoming = context.upcoming().map((next) => [next.context.step, next.mayFail]);
    expect(upcoming).toEqual([
      ['deploy', true],
      ['a', false],
      ['b', true],
      ['deploy', true],
    ]);
  });

  test('does not include stages that were skipped from the start', () => {
    const { stages, environments } = table();
    const skipped = stages.map((each) => (each.name === 'dev' ? { ...each, skip: true } : each));
    const { context } = contextIn(runOf({ environments, stages: skipped }), 'intake');
    expect(context.upcoming().map((next) => next.context.stage)).toEqual(['production', 'smoke-tests']);
  });
});
