import type { RetryPolicy } from './retry.ts';

/** A step of a stage, as the run's snapshot of its pipeline holds it. */
export interface StepDefinition {
  readonly name: string;
  /** Name in the registry of step kinds. */
  readonly kind: string;
  /** Steps of the same stage that must have ended well before this one applies. */
  readonly after: readonly string[];
  /** `verify` steps start when every `apply` step of the stage has ended well. */
  readonly phase: 'apply' | 'verify';
  /** Whether the kind can say beforehand what it would change. One that cannot always applies. */
  readonly plans: boolean;
  /** Apply also when the plan has no change, since later steps need its output. */
  readonly appliesUnchanged: boolean;
  /** A failure of this step does not fail its stage. */
  readonly allowFailure: boolean;
  /** What it started outside can be stopped: when its run is cancelled, it is asked to. */
  readonly cancels: boolean;
  readonly retry: RetryPolicy;
  /** How long one claim of the step lasts: function timeout plus margin. */
  readonly leaseInMs: number;
  /** What the kind reads besides the run's snapshot, e.g. file names. Opaque to the core. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** What must hold before a stage applies. */
export interface GateDefinition {
  /** How many different people must approve; 0 means no approval is needed. */
  readonly approvals: number;
  /** Ids of those who may approve; empty: everybody whom the edge authenticates. */
  readonly approvers: readonly string[];
  readonly requesterMayApprove: boolean;
  /** Time from the opening of the gate until the stage ends `timed-out`. */
  readonly expiresInMs: number;
}

/** One row of the pipeline's table: an environment's turn, or a verification turn in it. */
export interface StageDefinition {
  readonly name: string;
  /** Null for a stage that touches no environment, such as the intake of a build. */
  readonly environment: string | null;
  /**
   * Works in its environment beside other runs, without its lock: for what may last days and would keep everybody
   * else out, such as the rollout of a flag. Its steps must cope with deployments meanwhile. Absent: false.
   */
  readonly sharesEnvironment?: boolean;
  /** Stages that must have ended before this one is considered. */
  readonly after: readonly string[];
  /** Which ends of the stages in `after` start this one; otherwise it is skipped. */
  readonly when: 'succeeded' | 'failed' | 'always';
  /** Skipped from the start, e.g. by the request of the run. */
  readonly skip: boolean;
  /** A failure of this stage does not fail the run. */
  readonly allowFailure: boolean;
  readonly gate: GateDefinition;
  /** Start a rollback of the environment when a verification of this stage fails for good. */
  readonly rollsBack: boolean;
  readonly steps: readonly StepDefinition[];
}

/** A stretch of every week, in minutes since Monday 00:00 UTC; `to` may be smaller than `from` (over Sunday night). */
export interface WeeklyFreeze {
  readonly from: number;
  readonly to: number;
  readonly why: string;
}

export interface EnvironmentDefinition {
  readonly name: string;
  /** `latest`: a newer release retires older ones that wait. `sequential`: each has its turn. */
  readonly policy: 'latest' | 'sequential';
  /** Client id of the managed identity that deploys here; the service's own when absent. */
  readonly identity?: string;
  readonly freezeWindows: readonly WeeklyFreeze[];
}

/** The table of stages that a run goes through. A run keeps its own copy, so a change never reaches runs under way. */
export interface Pipeline {
  readonly environments: readonly EnvironmentDefinition[];
  readonly stages: readonly StageDefinition[];
}

/** The environment that a stage must have for itself while it works; null when it needs none. */
export function lockedBy({ environment, sharesEnvironment = false }: StageDefinition): string | null {
  return sharesEnvironment ? null : environment;
}

/** Whether the stage changes its environment; another one only looks at it. */
export function deploys({ steps }: StageDefinition): boolean {
  return steps.some(({ phase }) => phase === 'apply');
}

/** Approval by nobody. */
export const NO_GATE: GateDefinition = {
  approvals: 0,
  approvers: [],
  requesterMayApprove: false,
  expiresInMs: 30 * 24 * 60 * 60 * 1000,
};

/**
 * Says what is wrong with a pipeline: repeated names, references to nothing, cycles.
 * @returns one sentence a problem; empty when the pipeline can run.
 */
export function pipelineProblems(pipeline: Pipeline): string[] {
  const stageNames = pipeline.stages.map((stage) => stage.name);
  const problems = orderProblems('pipeline', pipeline.stages);
  if (stageNames.length === 0) problems.push('the pipeline has no stage');
  const environments = new Set(pipeline.environments.map((environment) => environment.name));
  for (const stage of pipeline.stages) {
    problems.push(...orderProblems(`stage ${stage.name}`, stage.steps));
    if (stage.sharesEnvironment && stage.steps.some(({ phase }) => phase === 'apply'))
      problems.push(`stage ${stage.name}: it shares its environment, so it cannot deploy there`);
    if (stage.environment !== null && !environments.has(stage.environment)) {
      problems.push(`stage ${stage.name}: there is no environment "${stage.environment}"`);
    }
  }
  return problems;
}

interface Ordered {
  readonly name: string;
  readonly after: readonly string[];
}

/** References may only point backwards in the table: that alone rules out cycles. */
function orderProblems(where: string, rows: readonly Ordered[]): string[] {
  const seen = new Set<string>();
  const problems: string[] = [];
  for (const row of rows) {
    if (!/^[a-z][a-z0-9-]{0,62}$/.test(row.name))
      problems.push(`${where}: "${row.name}" is not a kebab-case name`);
    if (seen.has(row.name)) problems.push(`${where}: "${row.name}" stands twice`);
    for (const before of row.after) {
      if (!seen.has(before))
        problems.push(`${where}: "${row.name}" is after "${before}", which does not stand before it`);
    }
    seen.add(row.name);
  }
  return problems;
}
