import type { Draft, StageTurn } from './draft.ts';
import { changeEnvironment, environmentOf, stageTurns } from './draft.ts';
import { leaveEverything, leaveQueue, releaseAfterStage, retireOlder } from './environment-lock.ts';
import type { StageEnd } from './model.ts';
import { isEnded } from './model.ts';
import { deploys, lockedBy } from './pipeline.ts';
import { totalOf } from './plan.ts';
import { historyWith, startRollback } from './rollback.ts';

/** Ends a stage: the environment's live release, its lock, the completion record, and by policy a rollback. */
export function endStage(
  draft: Draft,
  turn: StageTurn,
  { end, note }: { readonly end: StageEnd; readonly note: string | null },
): void {
  const { stage, definition } = turn;
  stage.status = end;
  stage.endedAt = draft.at;
  stage.note = note;
  stage.ok = endsWell(turn);
  if (definition.environment !== null) leaveEnvironment(draft, turn, definition.environment);
  if (end !== 'skipped' && stage.startedAt !== null) trackStage(draft, turn);
}

function endsWell({ stage, definition }: StageTurn): boolean {
  if (stage.status === 'succeeded') return true;
  if (stage.status === 'skipped') return definition.skip || definition.when === 'failed';
  return stage.status === 'failed' && definition.allowFailure;
}

function leaveEnvironment(draft: Draft, turn: StageTurn, name: string): void {
  if (turn.stage.status === 'succeeded' && deploys(turn.definition)) moveLive(draft, name);
  if (turn.stage.status === 'failed') startRollback(draft, turn, name);
  if (lockedBy(turn.definition) === null) return;
  leaveQueue(draft, name);
  releaseAfterStage(draft, turn, name);
}

/** The run's release is the live one from now on; releases older than it that still wait there are retired. */
function moveLive(draft: Draft, name: string): void {
  const { run } = draft;
  const environment = environmentOf(draft, name);
  const live = { release: run.release.name, order: run.release.order, run: run.id, at: draft.at, bad: false };
  const history = historyWith(environment, live, run.kind);
  changeEnvironment(draft, name, { live, history, toUndo: live.release });
  retireOlder(draft, name, 'approval');
}

/** One completion record a stage attempt; its id tells a second delivery from a second attempt. */
function trackStage(draft: Draft, { stage, definition }: StageTurn): void {
  const { run } = draft;
  const since = stage.startedAt ?? draft.at;
  draft.effects.push({
    type: 'track-record',
    id: `${run.project}/${run.id}/${stage.name}/${stage.round}`,
    name: 'deployment_stage_completed',
    at: draft.at,
    properties: {
      stage: stage.name,
      success: String(stage.status === 'succeeded'),
      environment: definition.environment ?? '',
      project: run.project,
      run: run.id,
      kind: run.kind,
      release: run.release.name,
      result: stage.status,
      round: String(stage.round),
    },
    measurements: {
      duration_seconds: (draft.at - since) / 1000,
      changes: stage.plan === null ? 0 : totalOf(stage.plan.changes),
    },
  });
}

/** Ends the run once all its stages have ended: the first bad end is the run's. */
export function endRun(draft: Draft): void {
  const { run } = draft;
  const turns = stageTurns(run);
  if (run.status !== 'running' || !turns.every(({ stage }) => isEnded(stage.status))) return;
  leaveEverything(draft);
  const bad = turns.find(({ stage }) => stage.ok === false && stage.status !== 'skipped')?.stage.status;
  if (run.cancelled !== null) run.status = 'cancelled';
  else run.status = bad === undefined || bad === 'skipped' || !isEnded(bad) ? 'succeeded' : bad;
  run.endedAt = draft.at;
  run.wakeAt = null;
  draft.effects.push({
    type: 'track-record',
    id: `${run.project}/${run.id}/${run.version + 1}`,
    name: 'run_completed',
    at: draft.at,
    properties: {
      project: run.project,
      run: run.id,
      kind: run.kind,
      release: run.release.name,
      result: run.status,
    },
    measurements: { duration_seconds: (draft.at - run.createdAt) / 1000 },
  });
}
