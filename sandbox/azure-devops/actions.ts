import { approvalOf, closeApproval, vote } from './approvals/decide-approval.ts';
import { addEnvironment, type NewEnvironment } from './approvals/environments.ts';
import type { Approval, Environment } from './approvals/rows.ts';
import { definitionNamed, type NewBuild, publishBuild } from './builds/publish-build.ts';
import type { Build, Definition, StagePlan } from './builds/rows.ts';
import type { Context } from './context.ts';
import { addCommit, type NewCommit } from './git/commits.ts';
import {
  closePullRequest,
  type NewPullRequest,
  openPullRequest,
  type Push,
  pushToPullRequest,
} from './git/pull-request-actions.ts';
import type { PullRequest } from './git/rows.ts';
import { type Disturbing, disturb, redeliver } from './hooks/disturb.ts';
import { addPerson, type NewPerson, personNamed } from './people.ts';
import { cancelRun, completeStage } from './pipelines/end-run.ts';
import { type NewRun, startRun } from './pipelines/start-run.ts';
import { addProject, projectNamed } from './projects.ts';
import type { Person, Project, VariableGroup } from './state.ts';
import { addVariableGroup, type NewVariableGroup } from './variable-groups.ts';

/** Which approval is meant: by its id, or as the open one of a run, and of one of its stages. */
export interface ApprovalChoice {
  approvalId?: string;
  runId?: number;
  stage?: string;
}

/** What somebody says to an approval. */
export interface Decision extends ApprovalChoice {
  /** Name of the person. */
  person: string;
  status: 'approved' | 'rejected';
  comment?: string;
}

/**
 * What people and pipelines do in the organisation. Each throws an error in plain words when it cannot be done,
 * and raises the events that the service would raise.
 */
export interface Actions {
  addPerson(person: NewPerson): Person;
  addProject(name: string, description?: string): Project;
  addPipeline(pipeline: { project: string; name: string; stages: readonly StagePlan[] }): Definition;
  addEnvironment(environment: NewEnvironment): Environment;
  addVariableGroup(group: NewVariableGroup): VariableGroup;
  publishBuild(build: NewBuild): Build;
  startRun(run: NewRun): Build;
  completeStage(stage: { runId: number; stage: string; result: 'succeeded' | 'failed' }): Build;
  cancelRun(run: { runId: number; person: string }): Build;
  decideApproval(decision: Decision): Approval;
  timeOutApproval(choice: ApprovalChoice): Approval;
  /** Stores the content of a commit, so that it can be downloaded. */
  addCommit(commit: NewCommit): void;
  openPullRequest(pullRequest: NewPullRequest): PullRequest;
  pushToPullRequest(push: Push): PullRequest;
  closePullRequest(close: Parameters<typeof closePullRequest>[1]): PullRequest;
  /** Orders trouble for the next deliveries: duplicates, lateness, loss. */
  disturb(disturbing: Disturbing): void;
  /** Sends a notification again, as the button of the history does. */
  redeliver(notification: { subscriptionId: string; notificationId: number }): void;
}

export function createActions(context: Context): Actions {
  return {
    addPerson: (person) => addPerson(context, person),
    addProject: (name, description) => addProject(context, name, description),
    addPipeline: ({ project, name, stages }) =>
      definitionNamed(context, projectNamed(context, project), { name, stages }),
    addEnvironment: (environment) => addEnvironment(context, environment),
    addVariableGroup: (group) => addVariableGroup(context, group),
    publishBuild: (build) => publishBuild(context, build),
    startRun: (run) => startRun(context, run),
    ...runActions(context),
    addCommit: (commit) => addCommit(context, commit),
    openPullRequest: (pullRequest) => openPullRequest(context, pullRequest),
    pushToPullRequest: (push) => pushToPullRequest(context, push),
    closePullRequest: (close) => closePullRequest(context, close),
    disturb: (disturbing) => disturb(context, disturbing),
    redeliver: (notification) => redeliver(context, notification),
  };
}

type RunActions = Pick<Actions, 'completeStage' | 'cancelRun' | 'decideApproval' | 'timeOutApproval'>;

function runActions(context: Context): RunActions {
  return {
    completeStage: ({ runId, stage, result }) => {
      const build = runWithId(context, runId);
      completeStage(context, build, { stage, result });
      return build;
    },
    cancelRun: ({ runId, person }) => {
      const build = runWithId(context, runId);
      cancelRun(context, build, personNamed(context, person).id);
      return build;
    },
    decideApproval: ({ person, status, comment, ...choice }) => {
      const approval = chosenApproval(context, choice);
      vote(context, approval, { personId: personNamed(context, person).id, status, comment });
      return approval;
    },
    timeOutApproval: (choice) => {
      const approval = chosenApproval(context, choice);
      closeApproval(context, approval, 'timedOut');
      return approval;
    },
  };
}

function runWithId({ state }: Context, id: number): Build {
  const build = state.builds.get(id);
  if (!build) throw new Error(`there is no run ${id}`);
  return build;
}

function chosenApproval(context: Context, { approvalId, runId, stage }: ApprovalChoice): Approval {
  const all = [...context.state.approvals.values()];
  const known = all.find(({ id }) => id === approvalId);
  if (known) return approvalOf(context, known.projectId, known.id);
  const open = all.find(
    (its) =>
      approvalId === undefined &&
      its.status === 'pending' &&
      its.buildId === runId &&
      (stage === undefined || its.stageName === stage),
  );
  if (!open) throw new Error('there is no such approval');
  return open;
}
