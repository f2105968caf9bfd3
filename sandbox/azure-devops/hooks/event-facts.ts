import { definitionOf } from '../builds/render-build.ts';
import type { Build } from '../builds/rows.ts';
import type { Context } from '../context.ts';
import { missing } from '../refusals.ts';
import type { HookEvent, Subject } from './rows.ts';

/** What the filters of a subscription are compared with, by the filter's name. Case does not count. */
export function factsOf(context: Context, event: HookEvent): ReadonlyMap<string, string[]> {
  const own = Object.entries(ownFacts(context, event));
  return new Map([...own, ['projectId', [event.projectId]]]);
}

function ownFacts(context: Context, { subject, eventType, detail }: HookEvent): Record<string, string[]> {
  switch (subject.kind) {
    case 'build':
      return factsOfBuild(context, buildOfEvent(context, subject.buildId), eventType);
    case 'stage': {
      const build = buildOfEvent(context, subject.buildId);
      const stage = build.stages.find(({ name }) => name === subject.stageName);
      return {
        pipelineId: [String(build.definitionId)],
        stageNameId: [subject.stageName],
        stageStateId: [stage?.state ?? ''],
        stageResultId: [stage?.result ?? ''],
      };
    }
    case 'approval':
      return factsOfApproval(context, subject.approvalId);
    case 'pull-request':
      return factsOfPullRequest(context, subject.pullRequestId, detail);
  }
}

function factsOfBuild(context: Context, build: Build, eventType: string): Record<string, string[]> {
  if (eventType !== 'build.complete')
    return {
      pipelineId: [String(build.definitionId)],
      runStateId: [build.status === 'cancelling' ? 'canceling' : build.status],
      runResultId: [build.result ?? ''],
    };
  const status = build.result === 'canceled' ? 'stopped' : (build.result ?? '');
  return { definitionName: [definitionOf(context, build.definitionId).name], buildStatus: [status] };
}

function factsOfApproval({ state }: Context, approvalId: string): Record<string, string[]> {
  const approval = state.approvals.get(approvalId);
  const build = state.builds.get(approval?.buildId ?? 0);
  return {
    pipelineId: [String(build?.definitionId)],
    stageName: [approval?.stageName ?? ''],
    environmentName: [state.environments.get(approval?.environmentId ?? 0)?.name ?? ''],
  };
}

/** A branch may be given by its full or its short name. */
function factsOfPullRequest({ state }: Context, id: number, detail = ''): Record<string, string[]> {
  const pullRequest = state.pullRequests.get(id);
  const branch = pullRequest?.targetBranch ?? '';
  return {
    repository: [pullRequest?.repositoryId ?? ''],
    branch: [branch, branch.replace(/^refs\/heads\//, '')],
    notificationType: [detail],
    mergeResult: [detail],
    pullrequestCreatedBy: [pullRequest?.createdById ?? ''],
    pullrequestReviewersContains: (pullRequest?.reviewers ?? []).map(({ personId }) => personId),
  };
}

export function projectIdOf(context: Context, subject: Subject): string {
  const { state } = context;
  if (subject.kind === 'approval') return state.approvals.get(subject.approvalId)?.projectId ?? '';
  if (subject.kind !== 'pull-request') return buildOfEvent(context, subject.buildId).projectId;
  const repositoryId = state.pullRequests.get(subject.pullRequestId)?.repositoryId ?? '';
  return state.repositories.get(repositoryId)?.projectId ?? '';
}

/** The build that an event is about. */
export function buildOfEvent({ state }: Context, id: number): Build {
  const build = state.builds.get(id);
  if (build) return build;
  throw missing('BuildNotFoundException', `The requested build ${id} could not be found.`);
}
