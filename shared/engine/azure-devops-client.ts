import type { Instant, Person } from '../release/model.ts';
import type { TestRuns } from './azure-devops-tests-client.ts';

/** A build as Azure DevOps has it now. Ids are text. */
export interface Build {
  readonly id: string;
  readonly number: string;
  /** `completed`, `inProgress`, … */
  readonly status: string;
  /** `succeeded`, `partiallySucceeded`, `failed`, `canceled`; null while it goes on. */
  readonly result: string | null;
  /** Id of its pipeline. */
  readonly definition: string;
  /** Full name, e.g. `refs/heads/main`. */
  readonly branch: string;
  readonly commit: string;
  /** GUID of the project of Azure DevOps that it is in; null where the answer does not say. */
  readonly projectId: string | null;
}

/** An artifact of a build. */
export interface PublishedArtifact {
  readonly name: string;
  /** `PipelineArtifact`, `Container`, … */
  readonly kind: string;
  /** Size of its files as the build says; null where it does not say. */
  readonly size: number | null;
}

/** A file of an artifact: its path in the artifact, with forward slashes. */
export interface ArtifactFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface GroupVariable {
  /** Null for secrets: Azure DevOps never tells them. */
  readonly value: string | null;
  readonly isSecret: boolean;
}

export interface VariableGroup {
  /** The key vault that the group takes its secrets from; null for a group of its own. */
  readonly vault: string | null;
  readonly variables: ReadonlyMap<string, GroupVariable>;
}

/** What one approver was asked, and what came of it. */
export interface ApprovalStep {
  readonly status: string;
  /** The person who decided, also where a group was asked; null before. */
  readonly actualApprover: Person | null;
  readonly comment: string;
  /** When it was decided; null before. */
  readonly decidedAt: Instant | null;
}

/** An approval of a pipeline's stage: one attempt of one stage. */
export interface PipelineApproval {
  readonly id: string;
  /** `pending`, `approved`, `rejected`, `skipped`, `canceled`, `timedOut`, … */
  readonly status: string;
  readonly createdAt: Instant;
  readonly steps: readonly ApprovalStep[];
}

/** Where an approval stands in its run: known from the run's timeline. */
export interface ApprovalPlace {
  readonly stage: string;
  readonly attempt: number;
}

/** A run of a pipeline. */
export interface PipelineRun {
  readonly id: string;
  readonly pipeline: string;
  readonly name: string;
  /** `inProgress`, `canceling`, `completed`. */
  readonly state: string;
  readonly result: string | null;
  readonly createdAt: Instant;
  /** Template parameters it was started with; those that are no text are left out. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Runs of other pipelines that it uses: pipeline id and the version (build number) of the run. */
  readonly resources: readonly { readonly pipeline: string; readonly version: string }[];
}

/** Names a run of a pipeline. */
export interface RunReference {
  readonly pipeline: string;
  readonly run: string;
}

/** Azure DevOps, as far as a release needs it. `project` is always a name or an id. Null: there is no such thing. */
export interface AzureDevOpsClient {
  readonly organization: string;
  readonly tests: TestRuns;
  build(project: string, id: string): Promise<Build | null>;
  artifacts(project: string, build: string): Promise<readonly PublishedArtifact[]>;
  /**
   * Downloads an artifact of a build and unpacks it.
   * @throws Refusal when the archive is not one that a build would make: see `archive.ts`.
   */
  downloadArtifact(
    project: string,
    build: Pick<Build, 'id' | 'definition'>,
    artifact: PublishedArtifact,
  ): Promise<readonly ArtifactFile[]>;
  variableGroup(project: string, name: string): Promise<VariableGroup | null>;
  approval(project: string, id: string): Promise<PipelineApproval | null>;
  /** The stage and attempt that an approval stands in; null when it is not one of this run. */
  placeOfApproval(project: string, run: string, approval: string): Promise<ApprovalPlace | null>;
  run(project: string, reference: RunReference): Promise<PipelineRun | null>;
  /**
   * Starts a run. Azure DevOps knows no token against doing it twice: look for one first (`runs`).
   * @throws Refusal when there is no such pipeline, or it does not take the parameters.
   */
  startRun(
    project: string,
    pipeline: string,
    parameters: Readonly<Record<string, string>>,
  ): Promise<PipelineRun>;
  /** Runs of a pipeline, newest first, without parameters and resources. */
  runs(
    project: string,
    pipeline: string,
  ): Promise<readonly Pick<PipelineRun, 'id' | 'name' | 'state' | 'createdAt'>[]>;
  /** Id of an environment by its name. */
  environment(project: string, name: string): Promise<string | null>;
}
