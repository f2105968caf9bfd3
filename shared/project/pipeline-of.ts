import type { GateDefinition, Pipeline, StageDefinition, StepDefinition } from '../release/pipeline.ts';
import { NO_GATE } from '../release/pipeline.ts';
import { DEFAULT_RETRY } from '../release/retry.ts';
import type { EnvironmentFile, ProjectFile } from './project-file.ts';
import { readWeekly } from './weekly-freeze.ts';

/** `functionTimeout` of host.json, after which the host kills the worker. */
export const FUNCTION_TIMEOUT_IN_MS = 120_000;
/** A claim lasts longer than any function can: nobody runs a step that somebody else has taken over. */
const LEASE_IN_MS = FUNCTION_TIMEOUT_IN_MS + 30_000;

const INTAKE = 'intake';

/** How the steps of a kind behave. The order is the order of a stage. */
interface KindRow {
  readonly kind: string;
  readonly after: readonly string[];
  readonly phase: StepDefinition['phase'];
  readonly plans: boolean;
  readonly appliesUnchanged: boolean;
  readonly cancels: boolean;
}

const deploys = { phase: 'apply', plans: true, appliesUnchanged: false, cancels: false } as const;
const verifies = {
  phase: 'verify',
  plans: false,
  appliesUnchanged: false,
  cancels: true,
  after: [],
} as const;

/** The document's deployment of one environment. */
const DEPLOYMENT: readonly KindRow[] = [
  { ...deploys, kind: 'infrastructure', after: [], appliesUnchanged: true, cancels: true },
  // Applies always, since it sees the outputs of the infrastructure only then; without a difference it writes nothing.
  { ...deploys, kind: 'unity-catalog', after: ['infrastructure'], appliesUnchanged: true },
  { ...deploys, kind: 'wheel', after: ['unity-catalog'] },
  { ...deploys, kind: 'notebooks', after: ['unity-catalog'] },
  { ...deploys, kind: 'databricks-config', after: ['wheel', 'notebooks'] },
  { ...deploys, kind: 'feature-flags', after: ['databricks-config'] },
  { ...deploys, kind: 'clean-up', after: ['databricks-config'] },
];

/** The build of a release, as far as its intake must know it. */
export interface BuildReference {
  readonly id: string;
}

/**
 * The document's pipeline for a project: every environment in the order of the file, integration tests after
 * `staging`, smoke tests after `production`.
 * @param kinds names of the step kinds that this version of Slipway has; steps of others are left out.
 */
export function pipelineOf(file: ProjectFile, build: BuildReference, kinds: ReadonlySet<string>): Pipeline {
  const stages: StageDefinition[] = [intake(file, build, kinds)];
  const add = (stage: StageDefinition): void => {
    stages.push({ ...stage, after: [stages.at(-1)?.name ?? INTAKE] });
  };
  for (const [name, environment] of Object.entries(file.environments)) {
    add(deployment(name, environment, kinds));
    const tests = name === 'production' ? 'smoke-tests' : 'integration-tests';
    const wanted = name === 'production' || name === 'staging';
    const { organization, project } = file.azureDevOps;
    const input = { ...inputOf(name, environment), organization, project, build: build.id };
    if (wanted && kinds.has(tests)) add(verification(name, environment, { kind: tests, input }));
    if (name === 'production' && kinds.has('feature-rollout')) add(rollout(name));
  }
  return {
    environments: Object.entries(file.environments).map(([name, { policy, freezeWindows, identity }]) => {
      const windows = freezeWindows.map(({ when, why }) => ({ from: 0, to: 0, ...readWeekly(when), why }));
      return { name, policy, freezeWindows: windows, ...(identity === undefined ? {} : { identity }) };
    }),
    stages,
  };
}

const stageDefaults = {
  after: [],
  when: 'succeeded',
  skip: false,
  allowFailure: false,
  gate: NO_GATE,
  rollsBack: false,
} as const;

function intake(file: ProjectFile, build: BuildReference, kinds: ReadonlySet<string>): StageDefinition {
  const { azureDevOps, branches } = file;
  const { organization, project, artifactsPipeline } = azureDevOps;
  const source = { organization, project, definition: artifactsPipeline, branches, build: build.id };
  const row = { after: [], phase: 'apply', plans: false, appliesUnchanged: true, cancels: false } as const;
  const artifacts = step({ ...row, kind: 'artifacts' }, source);
  const configuration = step(
    { ...row, kind: 'configuration', after: ['artifacts'] },
    { organization, project, environments: placesOf(file) },
  );
  const preFlight = step({ ...row, kind: 'pre-flight', after: ['configuration'] }, {});
  const steps = [artifacts, configuration, ...(kinds.has('pre-flight') ? [preFlight] : [])];
  return { ...stageDefaults, name: INTAKE, environment: null, steps };
}

/** What the steps of an environment are configured with. Only production moves its flags step by step. */
function inputOf(name: string, { strategy, keepReleases }: EnvironmentFile): StepDefinition['input'] {
  return { strategy, keep: keepReleases, gradual: name === 'production' };
}

/** Of every environment what the step `configuration` needs to find its values. */
function placesOf({ environments }: ProjectFile) {
  const places = Object.entries(environments).map(([name, { key, subscription, keyVault = null }]) => [
    name,
    { key, subscription, keyVault },
  ]);
  return Object.fromEntries(places);
}

function deployment(name: string, environment: EnvironmentFile, kinds: ReadonlySet<string>): StageDefinition {
  const rows = DEPLOYMENT.filter(({ kind }) => kinds.has(kind));
  const known = new Set(rows.map(({ kind }) => kind));
  return {
    ...stageDefaults,
    name,
    environment: name,
    gate: gateOf(environment),
    rollsBack: environment.rollback === 'on-failed-verification',
    steps: rows.map((row) =>
      step({ ...row, after: row.after.filter((kind) => known.has(kind)) }, inputOf(name, environment)),
    ),
  };
}

/** Tests in an environment: a stage of one step, named as its kind. */
interface Tests {
  readonly kind: string;
  readonly input: StepDefinition['input'];
}

function verification(name: string, environment: EnvironmentFile, { kind, input }: Tests): StageDefinition {
  return {
    ...stageDefaults,
    name: kind,
    environment: name,
    rollsBack: environment.rollback === 'on-failed-verification',
    steps: [step({ ...verifies, kind }, input)],
  };
}

/** Flags move for hours or days; newer releases are not kept out meanwhile. */
function rollout(name: string): StageDefinition {
  const steps = [step({ ...verifies, kind: 'feature-rollout' }, {})];
  return { ...stageDefaults, name: 'rollout', environment: name, sharesEnvironment: true, steps };
}

function gateOf({
  approvals,
  approvers,
  requesterMayApprove,
  approvalExpires,
}: EnvironmentFile): GateDefinition {
  return { approvals, approvers, requesterMayApprove, expiresInMs: approvalExpires };
}

function step(row: KindRow, input: StepDefinition['input']): StepDefinition {
  return { ...row, name: row.kind, allowFailure: false, retry: DEFAULT_RETRY, leaseInMs: LEASE_IN_MS, input };
}
