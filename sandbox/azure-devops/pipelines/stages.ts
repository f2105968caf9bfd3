import { openApprovals } from '../approvals/open-approvals.ts';
import type { Approval, Environment } from '../approvals/rows.ts';
import type { Build, Stage } from '../builds/rows.ts';
import type { Context } from '../context.ts';
import { raise } from '../hooks/raise.ts';

type StageResult = NonNullable<Stage['result']>;

/** Takes a run as far as it goes: stages start one after the other, and what depends on a bad stage is skipped. */
export function continueRun(context: Context, build: Build): void {
  for (const stage of build.stages) {
    if (stage.state === 'notStarted') startStage(context, build, stage);
    if (stage.state !== 'completed') return;
    if (stage.result !== 'succeeded' && !stage.isLeftOut) skipTheRest(context, build);
  }
  if (build.status !== 'completed') endRun(context, build);
}

/** A stage without checks runs at once; with checks it waits, first for permission, then for its approvals. */
function startStage(context: Context, build: Build, stage: Stage): void {
  if (stage.environmentId === undefined) return runStage(context, build, stage);
  stage.checkpointId = context.chance.uuid();
  const environment = context.state.environments.get(stage.environmentId);
  if (environment && !isPermitted(environment, build)) {
    stage.authorization = { id: context.chance.uuid(), isGiven: false };
    return setStage(context, build, { stage, state: 'waiting' });
  }
  meetApprovals(context, build, stage);
}

function meetApprovals(context: Context, build: Build, stage: Stage): void {
  const approvals = openApprovals(context, build, stage);
  if (approvals.length === 0) return runStage(context, build, stage);
  setStage(context, build, { stage, state: 'waiting' });
}

/** Lets stages go on that waited for permission to use the environment. */
export function environmentPermitted(context: Context, environment: Environment): void {
  for (const build of context.state.builds.values()) {
    const stage = build.stages.find(({ state }) => state === 'waiting');
    const isFree = stage?.environmentId === environment.id && isPermitted(environment, build);
    if (!stage?.authorization || stage.authorization.isGiven || !isFree) continue;
    stage.authorization.isGiven = true;
    meetApprovals(context, build, stage);
    continueRun(context, build);
  }
}

function isPermitted({ open, permittedPipelines }: Environment, { definitionId }: Build): boolean {
  return open || permittedPipelines.has(definitionId);
}

/** Called when an approval is over: the stage runs when all of its approvals are given, and ends when one is not. */
export function approvalsDecided(context: Context, approval: Approval): void {
  const build = context.state.builds.get(approval.buildId);
  const stage = build?.stages.find(({ name }) => name === approval.stageName);
  if (!build || stage?.state !== 'waiting' || stage.attempt !== approval.attempt) return;
  const { status } = approval;
  if (status === 'approved') {
    const isOpen = [...context.state.approvals.values()].some(
      (its) => isOfAttempt(its, build, stage) && its.status === 'pending',
    );
    if (isOpen) return;
    runStage(context, build, stage);
    return continueRun(context, build);
  }
  const result = status === 'rejected' ? 'rejected' : status === 'timedOut' ? 'skipped' : 'canceled';
  endStage(context, build, { stage, result });
}

/** Whether an approval belongs to the present attempt of a stage. */
export function isOfAttempt(approval: Approval, build: Build, stage: Stage): boolean {
  return (
    approval.buildId === build.id && approval.stageName === stage.name && approval.attempt === stage.attempt
  );
}

/** Ends a stage; the run goes on from there. */
export function endStage(
  context: Context,
  build: Build,
  { stage, result }: { stage: Stage; result: StageResult },
): void {
  setStage(context, build, { stage, state: 'completed', result });
  continueRun(context, build);
}

function runStage(context: Context, build: Build, stage: Stage): void {
  setStage(context, build, { stage, state: 'running' });
  if (!stage.holds) setStage(context, build, { stage, state: 'completed', result: 'succeeded' });
}

function skipTheRest(context: Context, build: Build): void {
  for (const stage of build.stages) {
    if (stage.state === 'notStarted')
      setStage(context, build, { stage, state: 'completed', result: 'skipped' });
  }
}

function setStage(
  context: Context,
  build: Build,
  { stage, state, result }: { stage: Stage; state: Stage['state']; result?: StageResult },
): void {
  const now = context.clock.now();
  stage.state = state;
  if (result) stage.result = result;
  if (state === 'running') stage.startedAt = now;
  if (state === 'completed') stage.finishedAt = now;
  build.changedAt = now;
  raise(context, {
    eventType: 'ms.vss-pipelines.stage-state-changed-event',
    subject: { kind: 'stage', buildId: build.id, stageName: stage.name },
  });
}

/** The run has the worst of its stages' results; a stage that timed out while waiting leaves it canceled. */
function endRun(context: Context, build: Build): void {
  const results = build.stages.filter(({ isLeftOut }) => !isLeftOut).map(({ result }) => result);
  const isBad = results.includes('failed') || results.includes('rejected');
  const isCut = results.includes('canceled') || results.includes('skipped');
  build.result = isBad ? 'failed' : isCut ? 'canceled' : 'succeeded';
  build.status = 'completed';
  build.finishedAt = context.clock.now();
  build.changedAt = build.finishedAt;
  const subject = { kind: 'build', buildId: build.id } as const;
  raise(context, { eventType: 'ms.vss-pipelines.run-state-changed-event', subject });
  raise(context, { eventType: 'build.complete', subject });
}
