import type { GateDefinition, Pipeline, StageDefinition, StepDefinition } from '../release/pipeline.ts';
import { NO_GATE } from '../release/pipeline.ts';
import { DEFAULT_RETRY } from '../release/retry.ts';
import type { AfterDeployment, Follower } from './after-deployment.ts';
import { afterDeployment, rollsOut } from './after-deployment.ts';
import { retryPolicy } from './conditions.ts';
import type { EnvironmentFile, ProjectFile } from './project-file.ts';
import { requiredArtifacts } from './required-artifacts.ts';
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
  /** Its failure never fails the stage. */
  readonly mayFail?: boolean;
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
  // These two apply always, since they see the outputs of the infrastructure only then. Without a difference they write nothing.
  { ...deploys, kind: 'unity-catalog', after: ['infrastructure'], appliesUnchanged: true },
  { ...deploys, kind: 'wheel', after: ['unity-catalog'] },
  { ...deploys, kind: 'notebooks', after: ['unity-catalog'] },
  { ...deploys, kind: 'databricks-config', after: ['wheel', 'notebooks'], appliesUnchanged: true },
  { ...deploys, kind: 'feature-flags', after: ['databricks-config'] },
  // What is live is live, whatever could not be taken away.
  { ...deploys, kind: 'clean-up', after: ['databricks-config'], mayFail: true },
];

/** The build of a release, as far as its intake must know it. */
export interface BuildReference {
  readonly id: string;
}

/**
 * The document's pipeline for a project: every environment in the order of the file, integration tests after
 * `staging`, smoke tests and the rollout of flags after `production`, unless the file says otherwise.
 * @param kinds names of the step kinds that this version of Slipway has; steps of others are left out.
 */
export function pipelineOf(file: ProjectFile, build: BuildReference, kinds: ReadonlySet<string>): Pipeline {
  const stages: StageDefinition[] = [intake(file, build, kinds)];
  /** Of every environment the stage with which its turn is over. */
  const lastOf = new Map<string, string>();
  for (const [name, environment] of Object.entries(file.environments)) {
    const before = [...lastOf.keys()].slice(-1);
    const after = (environment.after ?? before).map((each) => lastOf.get(each) ?? each);
    const turn = turnOf({ name, environment, file, build, kinds });
    for (const [index, stage] of turn.entries())
      stages.push({ ...stage, after: index === 0 ? afterOr(after) : [turn[index - 1]?.name ?? INTAKE] });
    lastOf.set(name, turn.findLast(({ sharesEnvironment }) => !sharesEnvironment)?.name ?? name);
  }
  return {
    environments: Object.entries(file.environments).map(environmentDefinition),
    stages: stages.map(withRetries(file)),
  };
}

function afterOr(names: readonly string[]): readonly string[] {
  return names.length === 0 ? [INTAKE] : names;
}

function environmentDefinition([name, { policy, freezeWindows, identity }]: [string, EnvironmentFile]) {
  const windows = freezeWindows.map(({ when, why }) => ({ from: 0, to: 0, ...readWeekly(when), why }));
  return { name, policy, freezeWindows: windows, ...(identity === undefined ? {} : { identity }) };
}

function withRetries({ retries }: ProjectFile) {
  const retry = retryPolicy(retries);
  return (stage: StageDefinition): StageDefinition => ({
    ...stage,
    steps: stage.steps.map((each) => ({ ...each, retry })),
  });
}

/** What the stages of an environment are made from. */
interface TurnParts {
  readonly name: string;
  readonly environment: EnvironmentFile;
  readonly file: ProjectFile;
  readonly build: BuildReference;
  readonly kinds: ReadonlySet<string>;
}

/** The stages of an environment: the deployment, then tests and rollout where there are some. */
function turnOf(parts: TurnParts): StageDefinition[] {
  const { name, environment, file, kinds } = parts;
  const next = afterDeployment(file.environments, name);
  const turn = [deployment(name, environment, kinds)];
  if (next.tests !== null && kinds.has(next.tests)) turn.push(verification(parts, next, next.tests));
  if (next.rollout && kinds.has('feature-rollout')) turn.push(rollout(parts, next));
  return turn;
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
  const requires = requiredArtifacts(file, kinds);
  const row = { after: [], phase: 'apply', plans: false, appliesUnchanged: true, cancels: false } as const;
  const artifacts = step({ ...row, kind: 'artifacts' }, { ...source, requires });
  const configuration = step(
    { ...row, kind: 'configuration', after: ['artifacts'] },
    { organization, project, environments: placesOf(file) },
  );
  const preFlight = step({ ...row, kind: 'pre-flight', after: ['configuration'] }, {});
  const steps = [artifacts, configuration, ...(kinds.has('pre-flight') ? [preFlight] : [])];
  return { ...stageDefaults, name: INTAKE, environment: null, steps };
}

/** What the steps of an environment are configured with. */
function inputOf(name: string, environment: EnvironmentFile): StepDefinition['input'] {
  const { strategy, keepReleases: keep, skip, verifyNotebooks, allowPersonalFolders } = environment;
  return {
    ...{ strategy, keep, gradual: rollsOut(name, environment) },
    ...(skip.length === 0 ? {} : { skip }),
    ...(verifyNotebooks ? { verifyNotebooks } : {}),
    ...(allowPersonalFolders ? { allowPersonalFolders } : {}),
  };
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
  const { when, skip, allowFailure } = environment;
  const left = new Set([...kinds].filter((kind) => !skip.some((skipped) => skipped === kind)));
  return {
    ...stageDefaults,
    name,
    environment: name,
    when,
    gate: gateOf(environment),
    rollsBack: environment.rollback === 'on-failed-verification',
    steps: DEPLOYMENT.filter(({ kind }) => left.has(kind)).map((row) => {
      const mayFail = row.mayFail === true || allowFailure.some((each) => each === row.kind);
      return step({ ...row, mayFail, after: [...new Set(waitedFor(row, left))] }, inputOf(name, environment));
    }),
  };
}

/** What comes after a step that is left out waits for what that one would have waited for. */
function waitedFor({ after }: KindRow, left: ReadonlySet<string>): string[] {
  return after.flatMap((kind) => {
    const row = DEPLOYMENT.find((each) => each.kind === kind);
    return left.has(kind) || row === undefined ? [kind] : waitedFor(row, left);
  });
}

/** Whether such a stage is wanted at all, and whether the release may go on without its success. */
function conditionsOf(follower: Follower, { skip, allowFailure, rollback }: EnvironmentFile) {
  const mayFail = allowFailure.includes(follower);
  const rollsBack = rollback === 'on-failed-verification' && !mayFail;
  return { skip: skip.includes(follower), allowFailure: mayFail, rollsBack };
}

/** Tests in an environment: a stage of one step. */
function verification(
  { name, environment, file, build }: TurnParts,
  { nameOf }: AfterDeployment,
  kind: Exclude<Follower, 'rollout'>,
): StageDefinition {
  const { organization, project } = file.azureDevOps;
  const input = { ...inputOf(name, environment), organization, project, build: build.id };
  return {
    ...stageDefaults,
    ...conditionsOf(kind, environment),
    name: nameOf(kind),
    environment: name,
    steps: [step({ ...verifies, kind }, input)],
  };
}

/** Flags move for hours or days; newer releases are not kept out meanwhile. */
function rollout({ name, environment }: TurnParts, { nameOf }: AfterDeployment): StageDefinition {
  return {
    ...stageDefaults,
    ...conditionsOf('rollout', environment),
    rollsBack: false,
    name: nameOf('rollout'),
    environment: name,
    sharesEnvironment: true,
    steps: [step({ ...verifies, kind: 'feature-rollout' }, {})],
  };
}

function gateOf({
  approvals,
  approvers,
  requesterMayApprove,
  approvalExpires,
}: EnvironmentFile): GateDefinition {
  return { approvals, approvers, requesterMayApprove, expiresInMs: approvalExpires };
}

function step({ mayFail = false, ...row }: KindRow, input: StepDefinition['input']): StepDefinition {
  const name = row.kind;
  return { ...row, name, allowFailure: mayFail, retry: DEFAULT_RETRY, leaseInMs: LEASE_IN_MS, input };
}
