import { pipelineOfApproval, renderApprovalInEvent } from '../approvals/render-approval.ts';
import { renderBuild } from '../builds/render-build.ts';
import type { Build } from '../builds/rows.ts';
import { type Context, dateOf } from '../context.ts';
import { renderPullRequestEvent } from '../git/render-pull-request-event.ts';
import { identityOf } from '../people.ts';
import { renderRunInEvent, renderStage, webUrl } from '../pipelines/render-run.ts';
import { buildOfEvent } from './event-facts.ts';
import { renderFirstBuildVersion } from './render-first-build-version.ts';
import type { HookEvent, Rendering } from './rows.ts';

/** Renders what the event is about as it is now, which may be newer than the event. */
export function renderSubject(context: Context, event: HookEvent, version: string): Rendering {
  const { subject, eventType } = event;
  if (subject.kind === 'pull-request') return renderPullRequestEvent(context, subject);
  if (subject.kind === 'approval') return renderApprovalEvent(context, subject.approvalId, eventType);
  const build = buildOfEvent(context, subject.buildId);
  if (subject.kind === 'stage') return renderStageEvent(context, build, subject.stageName);
  return eventType === 'build.complete'
    ? renderBuildEvent(context, build, version)
    : renderRunEvent(context, build);
}

function renderBuildEvent(context: Context, build: Build, version: string): Rendering {
  const text = `Build ${build.buildNumber} ${wordOf(build.result)}`;
  if (version.startsWith('1.')) return { resource: renderFirstBuildVersion(context, build), text };
  return { resource: renderBuild(context, build), text };
}

/** `partially succeeded` is two words in a message. */
function wordOf(result: string | undefined): string {
  return result === 'partiallySucceeded' ? 'partially succeeded' : (result ?? 'in progress');
}

function renderRunEvent(context: Context, build: Build): Rendering {
  const run = renderRunInEvent(context, build);
  const requestedFor = identityOf(context, build.requestedForId);
  const resource = {
    run,
    pipeline: run.pipeline,
    stages: [],
    runId: build.id,
    runUrl: webUrl(context, build),
    projectId: build.projectId,
    requestedBy: requestedFor,
    requestedFor,
  };
  return { resource, text: `Run ${build.buildNumber} ${wordOf(run.result)}.` };
}

function renderStageEvent(context: Context, build: Build, stageName: string): Rendering {
  const stage = build.stages.find(({ name }) => name === stageName);
  if (!stage) throw new Error(`run ${build.id} has no stage ${stageName}`);
  const run = renderRunInEvent(context, build);
  const resource = {
    stage: renderStage(context, build, stage),
    run,
    pipeline: run.pipeline,
    runId: build.id,
    stageName,
    projectId: build.projectId,
  };
  return { resource, text: `Run ${build.buildNumber} stage ${stageName} ${stage.result ?? stage.state}.` };
}

/** An approval's event names the run twice, as a number and as text; a completed one forgets who asked for it. */
function renderApprovalEvent(context: Context, approvalId: string, eventType: string): Rendering {
  const approval = context.state.approvals.get(approvalId);
  if (!approval) throw new Error(`there is no approval ${approvalId}`);
  const build = buildOfEvent(context, approval.buildId);
  const environment = context.state.environments.get(approval.environmentId);
  const { id, name } = pipelineOfApproval(context, approval);
  const isPending = eventType.endsWith('approval-pending');
  const asked = {
    queuedOn: dateOf(build.queuedAt),
    requestedFor: identityOf(context, build.requestedForId).displayName,
    runReason: build.reason,
  };
  const { stageName, attempt: attemptId, projectId } = approval;
  const resource = {
    approval: renderApprovalInEvent(context, approval),
    projectId,
    pipeline: { id, name },
    stage: { id: stageIdOf(build, stageName, attemptId), name: stageName },
    run: {
      id: String(build.id),
      name: build.buildNumber,
      ...(isPending ? asked : { queuedOn: null, requestedFor: null, runReason: null }),
    },
    resource: {
      id: String(approval.environmentId),
      name: environment?.name ?? '',
      resourceType: 'environment',
    },
    approvalId,
    runId: build.id,
    stageName,
    attemptId,
  };
  const what = isPending ? 'pending' : 'completed';
  const text = `Approval ${what} for deployment of pipeline ${name} to environment ${environment?.name}.`;
  return { resource, text };
}

/** The stage may be in another attempt by now. */
function stageIdOf(build: Build, stageName: string, attempt: number): string {
  const stage = build.stages.find(({ name }) => name === stageName);
  if (!stage || stage.attempt === attempt) return stage?.id ?? '';
  return stage.previousAttempts.find((its) => its.attempt === attempt)?.id ?? '';
}
