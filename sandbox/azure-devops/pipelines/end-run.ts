import { closeApproval } from '../approvals/decide-approval.ts';
import type { Build, Stage } from '../builds/rows.ts';
import type { Context } from '../context.ts';
import { invalid, missing } from '../refusals.ts';
import { continueRun, endStage, isOfAttempt } from './stages.ts';

/** Cancels a run: open approvals are canceled, the present stage too, and the rest is skipped. */
export function cancelRun(context: Context, build: Build, personId: string): void {
  if (build.status === 'completed')
    throw invalid(`build ${build.id} is completed`, 'BuildCompletedException');
  build.changedById = personId;
  const present = build.stages.find(({ state }) => state !== 'completed');
  if (present) cancelStage(context, build, present.name);
}

/** Cancels one stage that has not ended. */
export function cancelStage(context: Context, build: Build, stageName: string): void {
  const stage = stageOf(build, stageName);
  if (stage.state === 'completed') throw invalid(`stage ${stageName} is completed`);
  const open = [...context.state.approvals.values()].filter(
    (approval) => isOfAttempt(approval, build, stage) && approval.status === 'pending',
  );
  for (const approval of open) closeApproval(context, approval, 'canceled');
  if (open.length === 0) endStage(context, build, { stage, result: 'canceled' });
}

/** Ends a stage that holds. Throws when it does not run. */
export function completeStage(
  context: Context,
  build: Build,
  { stage: stageName, result }: { stage: string; result: 'succeeded' | 'failed' },
): void {
  const stage = stageOf(build, stageName);
  if (stage.state !== 'running') throw invalid(`stage ${stageName} is ${stage.state}`);
  endStage(context, build, { stage, result });
}

/** Starts another attempt of a stage that ended badly, and of what follows it; approvals are asked for anew. */
export function retryStage(context: Context, build: Build, stageName: string): void {
  const first = build.stages.indexOf(stageOf(build, stageName));
  const stage = build.stages[first];
  if (stage?.state !== 'completed' || stage.result === 'succeeded')
    throw invalid(`stage ${stageName} cannot be retried`);
  build.stages = build.stages.map((its, index) => (index < first ? its : nextAttempt(context, its)));
  Object.assign(build, { status: 'inProgress', changedAt: context.clock.now() });
  delete build.result;
  delete build.finishedAt;
  continueRun(context, build);
}

function nextAttempt({ chance }: Context, stage: Stage): Stage {
  const { name, attempt, holds, isLeftOut, environmentId, id } = stage;
  return {
    id: chance.uuid(),
    name,
    attempt: attempt + 1,
    state: 'notStarted',
    holds,
    isLeftOut,
    ...(environmentId === undefined ? {} : { environmentId }),
    previousAttempts: [...stage.previousAttempts, { attempt, id }],
  };
}

function stageOf(build: Build, name: string): Stage {
  const stage = build.stages.find((its) => its.name === name);
  if (stage) return stage;
  throw missing('StageNotFoundException', `run ${build.id} has no stage ${name}`);
}
