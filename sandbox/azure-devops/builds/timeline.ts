import { type Context, dateOf } from '../context.ts';
import { projectUrl } from './render-build.ts';
import type { Build, Stage } from './rows.ts';

/** A record before it is put on the wire. */
interface Line {
  id: string;
  parentId: string | null;
  type: string;
  name: string;
  state: 'pending' | 'inProgress' | 'completed';
  result: string | null;
  startedAt?: number | undefined;
  finishedAt?: number | undefined;
}

/**
 * The timeline of a run: Stage ← Checkpoint ← Checkpoint.Approval, whose id is the id of the approval.
 * A rejected stage shows as failed, since records know no other word for it.
 */
export function renderTimeline(context: Context, build: Build) {
  const base = projectUrl(context, build.projectId);
  const records = build.stages.flatMap((stage, index) => renderStage(context, build, { stage, index }));
  return {
    records,
    lastChangedBy: build.changedById,
    lastChangedOn: dateOf(build.changedAt),
    id: build.planId,
    changeId: records.length,
    url: `${base}/_apis/build/Builds/${build.id}/Timeline/${build.planId}`,
  };
}

function renderStage(context: Context, build: Build, { stage, index }: { stage: Stage; index: number }) {
  const { id, name, startedAt, finishedAt, attempt } = stage;
  const state = stateOf(stage);
  const result = resultOf(stage);
  const whole: Line = { id, parentId: null, type: 'Stage', name, state, result, startedAt, finishedAt };
  const previousAttempts = stage.previousAttempts.map((its) => ({
    attempt: its.attempt,
    timelineId: build.planId,
    recordId: its.id,
  }));
  return [
    { ...record(whole, { attempt, order: index + 1, identifier: name }), previousAttempts },
    ...checkpointOf(context, build, stage).map((line, order) => ({
      ...record(line, { attempt, order: order + 1, identifier: line.type }),
      previousAttempts: [],
    })),
  ];
}

function record(line: Line, place: { attempt: number; order: number; identifier: string }) {
  const { startedAt, finishedAt, ...rest } = line;
  return {
    ...rest,
    startTime: startedAt === undefined ? null : dateOf(startedAt),
    finishTime: finishedAt === undefined ? null : dateOf(finishedAt),
    ...place,
  };
}

function stateOf({ state }: Stage): Line['state'] {
  if (state === 'completed') return 'completed';
  return state === 'running' ? 'inProgress' : 'pending';
}

function resultOf({ result }: Stage): string | null {
  return result === 'rejected' ? 'failed' : (result ?? null);
}

/** The Checkpoint of a stage with all that hangs on it; none before the stage has met its checks. */
function checkpointOf(context: Context, build: Build, stage: Stage): Line[] {
  if (stage.checkpointId === undefined) return [];
  const parentId = stage.checkpointId;
  const parts = [...authorizationOf(stage, parentId), ...approvalsOf(context, build, { stage, parentId })];
  const isOpen = stage.state === 'waiting';
  const isPassed = parts.every(({ result }) => result === 'succeeded');
  const whole: Line = {
    id: parentId,
    parentId: stage.id,
    type: 'Checkpoint',
    name: 'Checkpoint',
    state: isOpen ? 'inProgress' : 'completed',
    result: isOpen ? null : isPassed ? 'succeeded' : 'failed',
  };
  return [whole, ...parts];
}

function authorizationOf({ authorization, state }: Stage, parentId: string): Line[] {
  if (!authorization) return [];
  const name = 'Checkpoint.Authorization';
  const isOpen = !authorization.isGiven && state === 'waiting';
  const result = isOpen ? null : authorization.isGiven ? 'succeeded' : 'failed';
  return [
    { id: authorization.id, parentId, type: name, name, state: isOpen ? 'inProgress' : 'completed', result },
  ];
}

const RESULTS = new Map([
  ['approved', 'succeeded'],
  ['rejected', 'failed'],
  ['timedOut', 'skipped'],
  ['skipped', 'skipped'],
  ['canceled', 'canceled'],
]);

function approvalsOf(
  { state }: Context,
  build: Build,
  { stage, parentId }: { stage: Stage; parentId: string },
): Line[] {
  return [...state.approvals.values()]
    .filter(
      (its) => its.buildId === build.id && its.stageName === stage.name && its.attempt === stage.attempt,
    )
    .map(({ id, status, createdAt, changedAt }) => {
      const result = RESULTS.get(status) ?? null;
      const name = 'Checkpoint.Approval';
      const finishedAt = result ? changedAt : undefined;
      const open = result ? 'completed' : 'inProgress';
      return { id, parentId, type: name, name, state: open, result, startedAt: createdAt, finishedAt };
    });
}
