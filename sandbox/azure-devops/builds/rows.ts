/** A pipeline; its id is the definition id of its builds and the pipeline id of its runs. */
export interface Definition {
  id: number;
  projectId: string;
  name: string;
  folder: string;
  revision: number;
  repositoryId: string;
  /** What a run of it goes through; a run of a pipeline without stages waits until it is completed by hand. */
  stages: StagePlan[];
}

/** A stage as the pipeline declares it. */
export interface StagePlan {
  name: string;
  /** Name of the environment whose checks gate the stage. */
  environment?: string;
  /** The stage stays running until it is completed by hand (default: it succeeds at once). */
  holds?: boolean;
}

export type BuildResult = 'succeeded' | 'partiallySucceeded' | 'failed' | 'canceled';

/** A build and, under the same id, a pipeline run. */
export interface Build {
  id: number;
  projectId: string;
  definitionId: number;
  buildNumber: string;
  status: 'inProgress' | 'cancelling' | 'completed';
  result?: BuildResult;
  reason: string;
  branch: string;
  commit: string;
  queuedAt: number;
  startedAt: number;
  finishedAt?: number;
  changedAt: number;
  requestedForId: string;
  changedById: string;
  tags: string[];
  planId: string;
  triggerInfo: Record<string, string>;
  templateParameters: Record<string, unknown>;
  variables: Record<string, { value?: string | null | undefined; isSecret?: boolean | undefined }>;
  /** Pipeline resources: alias, and the build that it resolved to. */
  pipelineResources: Record<string, { definitionId: number; version: string }>;
  stages: Stage[];
}

/** A stage of one run. Its id is new with every attempt, as are the ids of its approvals. */
export interface Stage {
  id: string;
  name: string;
  attempt: number;
  state: 'notStarted' | 'waiting' | 'running' | 'completed';
  result?: 'succeeded' | 'failed' | 'canceled' | 'skipped' | 'rejected';
  environmentId?: number;
  holds: boolean;
  startedAt?: number;
  finishedAt?: number;
  /** Id of the Checkpoint record; absent until the stage has met its checks. */
  checkpointId?: string;
  /** The Checkpoint.Authorization record, where the pipeline was not permitted to use the environment. */
  authorization?: { id: string; isGiven: boolean };
  /** The caller of the run left it out; stages behind it run all the same. */
  isLeftOut: boolean;
  previousAttempts: { attempt: number; id: string }[];
}

export type ArtifactKind = 'Container' | 'PipelineArtifact';

/** A published artifact; entries by path with forward slashes, without the artifact's own name. */
export interface Artifact {
  id: number;
  buildId: number;
  name: string;
  kind: ArtifactKind;
  source: string;
  entries: Map<string, Uint8Array>;
}
