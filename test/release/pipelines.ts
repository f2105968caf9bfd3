import type {
  GateDefinition,
  Pipeline,
  StageDefinition,
  StepDefinition,
} from '../../shared/release/pipeline.ts';
import { NO_GATE } from '../../shared/release/pipeline.ts';
import { DEFAULT_RETRY } from '../../shared/release/retry.ts';

/** A step with the defaults of a pipeline file. */
export function step(name: string, change: Partial<StepDefinition> = {}): StepDefinition {
  return {
    name,
    kind: 'put',
    after: [],
    phase: 'apply',
    plans: true,
    appliesUnchanged: false,
    allowFailure: false,
    cancels: false,
    retry: DEFAULT_RETRY,
    leaseInMs: 150_000,
    input: { targets: [`${name}-a`, `${name}-b`] },
    ...change,
  };
}

/** A step that starts a remote run and waits for it. */
export function remoteStep(name: string, change: Partial<StepDefinition> = {}): StepDefinition {
  return step(name, { kind: 'remote', plans: false, cancels: true, phase: 'verify', input: {}, ...change });
}

export function stage(name: string, change: Partial<StageDefinition> = {}): StageDefinition {
  return {
    name,
    environment: name,
    after: [],
    when: 'succeeded',
    skip: false,
    allowFailure: false,
    gate: NO_GATE,
    rollsBack: false,
    steps: [step('deploy')],
    ...change,
  };
}

/** Approval by one person who did not ask for the run. */
export const ONE_APPROVAL: GateDefinition = { ...NO_GATE, approvals: 1, expiresInMs: 24 * 60 * 60_000 };

export function pipeline(
  stages: readonly StageDefinition[],
  policy: 'latest' | 'sequential' = 'sequential',
): Pipeline {
  const names = new Set(stages.flatMap(({ environment }) => (environment === null ? [] : [environment])));
  return { environments: [...names].map((name) => ({ name, policy, freezeWindows: [] })), stages };
}

/** Two environments with approvals: infrastructure, then two steps side by side, then tests. */
export function twoEnvironments(): Pipeline {
  const steps = [
    step('infrastructure', { appliesUnchanged: true }),
    step('wheel', { after: ['infrastructure'] }),
    step('notebooks', { after: ['infrastructure'] }),
  ];
  return pipeline([
    stage('staging', { gate: ONE_APPROVAL, steps: [...steps, remoteStep('tests')] }),
    stage('production', {
      after: ['staging'],
      gate: ONE_APPROVAL,
      steps: [...steps, remoteStep('smoke')],
      rollsBack: true,
    }),
  ]);
}

/**
 * Six stages in three environments, with tests beside each other, gates before two of them, and a rollout at the end
 * that lets others deploy meanwhile.
 */
export function threeEnvironments(): Pipeline {
  const deploy = () => [
    step('infrastructure', { appliesUnchanged: true }),
    step('unity-catalog', { after: ['infrastructure'] }),
    step('wheel', { after: ['infrastructure'] }),
    step('notebooks', { after: ['infrastructure'], input: { targets: ['n1', 'n2', 'n3', 'n4'] } }),
    step('databricks-config', { after: ['wheel', 'notebooks', 'unity-catalog'] }),
  ];
  return pipeline([
    stage('dev', { steps: deploy() }),
    stage('staging', { after: ['dev'], gate: ONE_APPROVAL, steps: deploy() }),
    stage('integration-tests', {
      environment: 'staging',
      after: ['staging'],
      steps: [remoteStep('api-tests'), remoteStep('data-tests')],
    }),
    stage('production', {
      after: ['integration-tests'],
      gate: ONE_APPROVAL,
      steps: deploy(),
    }),
    stage('smoke-tests', {
      environment: 'production',
      after: ['production'],
      steps: [remoteStep('smoke')],
      rollsBack: true,
    }),
    stage('rollout', {
      environment: 'production',
      after: ['smoke-tests'],
      sharesEnvironment: true,
      steps: [remoteStep('flags')],
    }),
  ]);
}
